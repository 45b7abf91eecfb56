"""A run's folder: its request, its definition, prepared records, results and tables."""
