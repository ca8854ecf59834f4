"""A simulated terminal: generated market data and a matching loop."""
