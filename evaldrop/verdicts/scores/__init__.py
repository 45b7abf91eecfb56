"""Scores: what of a reply is a verdict on one criterion, what is none, and which of several counts."""
