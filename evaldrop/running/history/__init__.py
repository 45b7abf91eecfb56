"""The store of runs as commands use it: what folders say, what runs here note in it, and lists made of it."""
