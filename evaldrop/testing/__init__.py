"""For pytest: a run's records and gate as tests, and cases of one's own program held to checks."""
