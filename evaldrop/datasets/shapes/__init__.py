"""Shapes: rows of other tools, by their keys, as their authors mean them."""
