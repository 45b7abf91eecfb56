"""What others learn of a run's course: the store of runs, and whoever listens to EventBridge."""
