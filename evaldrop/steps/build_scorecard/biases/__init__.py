"""Biases of judges: gathered over a run, measured with a test, told with size and consequence."""
