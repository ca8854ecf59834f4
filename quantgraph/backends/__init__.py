"""Terminals turned into the ports."""
