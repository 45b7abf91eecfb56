"""Reviews: responses drawn at random, scored blind by people, kept as labels with the evaluation."""
