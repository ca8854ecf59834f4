"""Several terminals as one: market data of the first that stands, accounts by their terminal."""
