"""Read a definition: check everything, refuse with every problem named, compile the rest."""
