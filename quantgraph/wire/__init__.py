"""Domain to protobuf and back, and the column codec."""
