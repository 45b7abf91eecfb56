"""
A run against an earlier one: what may be compared, and what became better or worse.

Nothing is imported here: `blessing` is needed before a run, and must not cost numpy and pyarrow.
"""
