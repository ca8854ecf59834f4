"""The matching core: whole numbers, events in, events out; no clock, no chance, no files."""
