"""The servers written in Python that the gateway is measured against, one module each."""
