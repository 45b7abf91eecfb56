"""Read a definition: check everything, refuse with every problem named, compile the rest."""

from evaldrop.engine.definition.load import load

__all__ = ["load"]
