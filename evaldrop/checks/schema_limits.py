"""What a JSON Schema is held to, apart from the library that reads it, which is slow to load."""

from typing import Any, Final

TIMEOUT_S: Final = 0.3
MOST_BYTES: Final = 256 * 1024
"""Of a schema, as JSON."""

Schema = Any


class SchemaTooSlowError(Exception):
    """A schema took longer than `TIMEOUT_S` seconds on a value."""


class SchemaUnusableError(Exception):
    """A schema refers to what it does not hold, or to itself without end."""
