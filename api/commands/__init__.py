"""One module per command of `quantgraph`."""
