"""PrepareScores: what scorers of one's own are asked of a run's responses."""
