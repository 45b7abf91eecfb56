"""What all records say, for the checks of proposals: no prompt may quote one that measures it."""
