"""A deployed stack from this machine: datasets go up, runs are followed, listed and fetched."""
