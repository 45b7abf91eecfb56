"""Pairs: which of two responses a reply prefers, how it ranks them, and what scores it gives both."""
