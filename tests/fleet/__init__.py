"""Fleets with what the extras bring: Parquet, DuckDB, clusters, object stores."""
