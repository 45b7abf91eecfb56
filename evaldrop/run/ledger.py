"""
The ledger of a run's budget on one machine: a line for each record that reserves, and for what it cost.

Whatever ended the processes that wrote it, it says which records may have been called, and how much at most
nobody knows of. In whole micro-dollars.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from evaldrop.json_text import loads

JSON = dict[str, Any]

LEDGER = "budget.jsonl"


@dataclass(slots=True)
class Ledger:
    """
    What the lines of a ledger come to.

    Attributes:
        settled: Records that came to an end: what they cost.
        open: Records that reserved in the latest process and did not come to their end: what they reserved.
        held: The same of earlier processes that ended with every call answered: nothing of it is unknown but
            what is left of the record, which goes on with its own reservation.
        lost: What records had reserved when their process was killed, or a call under way was given up: it
            may have been spent, and no later line tells.
        stages: Stages of batch jobs that are settled: what they cost.
        jobs: Jobs of which no stage is settled since they reserved: what they reserved.
        created: All jobs that ever reserved.
        called: Records that ever reserved: others were surely not called but by a batch job.
    """

    settled: dict[str, int] = field(default_factory=dict)
    open: dict[str, int] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=dict)
    lost: int = 0
    stages: dict[str, int] = field(default_factory=dict)
    jobs: dict[str, int] = field(default_factory=dict)
    created: set[str] = field(default_factory=set)
    called: set[str] = field(default_factory=set)

    @property
    def spent(self) -> int:
        """What is known to be spent."""
        return sum(self.settled.values()) + sum(self.stages.values())

    @property
    def unknown(self) -> int:
        """What may have been spent, or still is: reservations at their high."""
        return sum(sum(each.values()) for each in (self.open, self.held, self.jobs)) + self.lost

    def reserved_by(self, stage: str) -> int:
        """Return what jobs of a stage hold."""
        return sum(micros for place, micros in self.jobs.items() if _stage_of(place) == stage)

    def take(self, line: Mapping[str, Any]) -> None:
        """
        Take a line.

        Raises:
            KeyError, TypeError, ValueError: It is none of ours.
        """
        # Both first: a line that lacks one changes nothing.
        micros = int(line["micros"])
        what = next(iter(line))
        name = str(line[what])
        match what:
            case "reserves":
                self.held.pop(name, None)
                self.open[name] = micros
                self.called.add(name)
            case "record_id":
                self.open.pop(name, None)
                self.held.pop(name, None)
                self.settled[name] = micros
                self.called.add(name)
            case "job":
                self.jobs[name] = micros
                self.created.add(name)
            case "stage":
                self.stages[name] = micros
                self.jobs = {place: each for place, each in self.jobs.items() if _stage_of(place) != name}
            case "ended":
                self._end(name)
            case _:
                raise ValueError(what)

    def _end(self, how: str) -> None:
        if how == "quietly":
            self.held |= self.open
        else:
            self.lost += sum(self.open.values())
        self.open = {}


def ending(ledger: Ledger, *, quietly: bool) -> JSON:
    """Return the line for the end of a process; `quietly`: every call that was sent had been answered."""
    return {"ended": "quietly" if quietly else "somehow", "micros": sum(ledger.open.values())}


def read_ledger(path: Path) -> Ledger:
    """Return what a ledger says; one that is not there says nothing, nor does a line that is spoilt."""
    found = Ledger()
    if path.exists():
        with path.open("rb") as lines:
            for line in lines:
                try:
                    found.take(loads(line))
                # Such as by a power cut.
                except (ValueError, TypeError, KeyError, StopIteration, AttributeError):
                    continue
    return found


def as_line(noted: JSON) -> bytes:
    """Return a line as it is written."""
    return orjson.dumps(noted) + b"\n"


def _stage_of(place: str) -> str:
    return place.partition("/")[0]
