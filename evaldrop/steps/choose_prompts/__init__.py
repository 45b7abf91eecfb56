"""ChoosePrompts: searches for better prompts, turn by turn, before a run's records are prepared."""
