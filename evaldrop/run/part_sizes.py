"""
From which size on a dataset is worked on in parts, and how large they are.

Apart from the parts themselves: who starts a run's processes need not import what reads datasets.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

PARTS: Final = "parts"
"""The folder of a run with what was found of its dataset's parts."""

PARTS_ABOVE: Final = "EVALDROP_PARTS_ABOVE"
EACH_PART: Final = "EVALDROP_PART_BYTES"
"""Of a function's environment, in bytes."""

PARTS_ABOVE_BYTES: Final = 256 << 20
PART_BYTES: Final = 64 << 20

LOCAL_PARTS_ABOVE_BYTES: Final = 32 << 20
LOCAL_PART_BYTES: Final = 8 << 20
"""On one machine with several processors: parts are sooner worth their while, for none starts a function."""


class PartSizes(NamedTuple):
    """From how many bytes on a dataset is worked on in parts, and how many each has."""

    above_bytes: int = PARTS_ABOVE_BYTES
    part_bytes: int = PART_BYTES

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "PartSizes":
        """Return the sizes that a function's environment gives; else the usual ones."""
        above = int(environment.get(PARTS_ABOVE, PARTS_ABOVE_BYTES))
        return cls(above, int(environment.get(EACH_PART, PART_BYTES)))
