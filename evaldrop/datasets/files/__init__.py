"""Files: rows out of JSON, tables, Parquet and what is packed, with their places."""
