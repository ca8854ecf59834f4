"""What the rooms above may ask for. Backends implement these; services wrap them and are them.

All methods are coroutines or async generators and never block the event loop; who takes a
generator closes it (`contextlib.aclosing`), and closing it frees what it holds. Failures are
`GatewayError`s; a batch answers per item and puts the error in that item's place, so that one
bad symbol never costs the others their answer.
"""
