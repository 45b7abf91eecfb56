"""Whether what a scorecard prints is as often true as it says: worlds whose truth is known, many times over."""
