"""The market store beside DuckDB: single series, panels, ingest, disk, and reads under a writer."""
