"""What a run's scorecard says: its types, the gate, the baseline, the trend and the calibration; no rendering."""
