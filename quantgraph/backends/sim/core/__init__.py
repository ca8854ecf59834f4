"""The matching core: whole numbers, events in, events out; no clock, no chance, no files."""

from quantgraph.native import with_compiled

__path__ = with_compiled(__path__)
