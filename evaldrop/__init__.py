"""Batch evaluation of language models: a dataset in, a scorecard and a report out."""

__version__ = "0.1.0"
