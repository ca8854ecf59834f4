"""Whether a terminal behaves as the gateway takes for granted: one table of checks for all."""
