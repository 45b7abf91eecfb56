"""PrepareRecords: every prompt rendered, so that the workflow only selects."""
