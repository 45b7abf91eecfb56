"""
What can be asked of all runs at once: who started which, how they ended, what they cost, and whose key may
do what.

A run's folder stays the truth. The store is made of it (`evaldrop history rebuild`), but for what no folder
holds: keys, and what they have used up.
"""
