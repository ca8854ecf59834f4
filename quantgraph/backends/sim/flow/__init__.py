"""Where the other traders' orders come from: generated, replayed or scripted."""
