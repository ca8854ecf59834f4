"""A simulated terminal: generated market data and a matching loop."""

from quantgraph.native import with_compiled

__path__ = with_compiled(__path__)
