"""A test of the instrument: faults planted on purpose, and whether judges, checks and gate notice."""
