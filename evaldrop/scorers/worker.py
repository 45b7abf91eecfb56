"""
The process that a scorer runs in: `python -m evaldrop.scorers.worker REFERENCE LIMIT_S FOLDER…`.

A line of JSON in, a line of JSON out. The first line out says that the scorer is there, or why it is not.
Whatever the scorer prints goes to standard error, which is the run's log.
"""

import json
import os
import resource
import sys
from typing import IO, Any

from evaldrop.scorers.batches import read_response
from evaldrop.scorers.finding import find_scorer
from evaldrop.scorers.scoring import result_of

MAX_DATA_BYTES = 4 << 30
"""What a scorer may have in memory: beyond that it gets a MemoryError, and the machine goes on."""


def main() -> None:
    """Import the scorer, then answer until there are no more lines."""
    reference, limit_s, *folders = sys.argv[1:]
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as out:
        os.dup2(2, 1)
        _limit_memory()
        try:
            scorer = find_scorer(reference, folders)
        except Exception as error:  # noqa: BLE001 - a module may raise anything
            kind = "" if isinstance(error, LookupError) else f"{type(error).__name__}: "
            _tell(out, {"problem": f"{kind}{error}".strip("'\"")})
            return
        _tell(out, {"ready": True})
        for line in sys.stdin:
            _tell(out, result_of(scorer, *read_response(json.loads(line)), limit_s=float(limit_s)))


def _limit_memory() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = MAX_DATA_BYTES if most == resource.RLIM_INFINITY else min(MAX_DATA_BYTES, most)
    resource.setrlimit(resource.RLIMIT_DATA, (wanted, most))


def _tell(out: IO[str], content: dict[str, Any]) -> None:
    out.write(json.dumps(content) + "\n")
    out.flush()


if __name__ == "__main__":
    main()
