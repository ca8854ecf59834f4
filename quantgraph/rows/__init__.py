"""Columns into the JSON text of flat objects, compiled where a compiler was at hand."""
