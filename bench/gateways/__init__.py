"""What each of several gateways over one agent costs, by gRPC and by a bus."""
