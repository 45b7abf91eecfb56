"""Preferences between two responses: win rates, what they decide, strengths, and their words."""
