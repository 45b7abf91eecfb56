"""What a scorecard says: its types, gate, baseline, trend and calibration. It computes no page."""
