"""The workflow's steps in Python, a folder for each state that calls a function."""
