"""Incidents on demand: a terminal around the terminal that plays what real ones do to gateways."""
