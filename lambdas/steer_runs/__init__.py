"""SteerRuns: from a tick of each minute to the pace of running runs."""
