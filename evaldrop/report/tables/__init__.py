"""
The tables of a scorecard that are shown in several places, each described once.

What only one medium shows is made where it is shown.
"""
