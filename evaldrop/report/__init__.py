"""
Reports: siblings over one scorecard.

Nothing is imported here: the gate words its sentences with `figures` before a run, and must not cost pyarrow.
"""
