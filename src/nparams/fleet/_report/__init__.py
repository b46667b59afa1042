"""What the report is made of: the table as DuckDB holds it, and the questions that it is asked."""
