"""How a gateway says whose act it passes on."""

# Metadata of an rpc that changes something: the id of the key that asked for it there.
BEHALF = "quantgraph-for"
