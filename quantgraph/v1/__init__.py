"""Generated protobuf stubs; do not edit, run `just proto`."""
