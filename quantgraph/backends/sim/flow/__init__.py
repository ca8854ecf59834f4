"""Where the other traders' orders come from: generated, replayed or scripted."""

from quantgraph.native import with_compiled

__path__ = with_compiled(__path__)
