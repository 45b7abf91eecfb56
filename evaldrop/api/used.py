"""What a run's calls have used up that has no scorecard to say so: by one process, and by all of them."""

from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson

from evaldrop import storage
from evaldrop.json_text import loads

FILE: Final = "used.json"


class Used(NamedTuple):
    """Tokens, and dollars: None where a price is not known, or a process could not say any more."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = 0.0

    def plus(self, other: "Used") -> "Used":
        """Return both together."""
        is_known = self.cost_usd is not None and other.cost_usd is not None
        return Used(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            (self.cost_usd or 0) + (other.cost_usd or 0) if is_known else None,
        )

    def fields(self) -> dict[str, Any]:
        """Return it as an ending has it."""
        return self._asdict()


NOTHING: Final = Used()
UNKNOWN: Final = Used(cost_usd=None)


def used_before(folder: Path) -> Used:
    """Return what earlier processes of a run have used, by the file in its folder of datasets."""
    path = folder / FILE
    return Used(**loads(path.read_bytes())) if path.exists() else NOTHING


def note_used(folder: Path, used: Used) -> Used:
    """Add what another process has used; return all of it."""
    total = used_before(folder).plus(used)
    storage.write_bytes(str(folder / FILE), orjson.dumps(total.fields()))
    return total
