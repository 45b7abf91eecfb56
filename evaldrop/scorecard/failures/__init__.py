"""Why responses failed: what judges wrote of them, in groups."""
