"""BuildScorecard: raw replies in; tables, scorecard, reports and the gate's decision out."""
