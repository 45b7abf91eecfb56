"""Distributed Map: read items as a stream, run children, write result files."""
