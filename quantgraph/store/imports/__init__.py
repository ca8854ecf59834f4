"""Turns files of market data into rows of the store."""
