"""The steps of the workflow that are Lambdas: one folder each, named as its state."""
