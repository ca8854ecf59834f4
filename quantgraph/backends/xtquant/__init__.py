"""The real terminal: the vendor's SDK turned into the ports."""
