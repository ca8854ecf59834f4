"""The core that both wires share."""

__version__ = "0.1.0"
