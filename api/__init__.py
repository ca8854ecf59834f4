"""The front door: transports, access, health, the explorer page, assembly, the command line."""
