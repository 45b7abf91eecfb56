"""SteerRuns: how many records running runs evaluate at a time, by how often their models are throttled."""
