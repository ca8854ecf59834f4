"""Another gateway, the agent, as this one's terminal: its gRPC contract turned into the ports."""
