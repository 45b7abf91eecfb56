"""
Reports: siblings over one scorecard.

Nothing is imported here: a command that prints one table must not wait for pyarrow.
"""
