"""ValidateDataset: what is wrong with a dataset or its evaluation is said before money is spent."""
