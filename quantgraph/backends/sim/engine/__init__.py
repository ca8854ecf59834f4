"""Where the exchange runs: in the gateway's process, or in a child of it with a core of its own."""
