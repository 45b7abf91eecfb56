"""Whether what a scorecard prints is as often true as it says, in worlds whose truth is known."""
