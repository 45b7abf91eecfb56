"""The types of a scorecard, without arithmetic: what its file, the tables and the report are written from."""
