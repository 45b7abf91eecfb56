"""CheckFirstCalls: whether a candidate or judge refuses its first calls, before the run fans out."""
