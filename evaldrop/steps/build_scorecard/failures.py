"""What judges say of responses that failed: kept while records stream by, and grouped at the end."""

import heapq
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, Self
from zlib import crc32

import numpy as np

from evaldrop.run.definition import RunDefinition
from evaldrop.run.records import PreparedRecord
from evaldrop.scorecard.failures.causes import Cause, causes_of
from evaldrop.scorecard.failures.words import CHARACTERS
from evaldrop.scorecard.model.failures import FailureGroup, FailureGroups
from evaldrop.scorecard.results import CandidateResult, RecordResults
from evaldrop.steps.build_scorecard.tally import Merging

MOST_READ: Final = 2_000
MOST_IDS: Final = 20


class FailedResponse(NamedTuple):
    """A response that failed a criterion; `key` is the record's, whatever the order of the run."""

    key: int
    ordinal: int
    candidate: int
    record_id: str
    text: str


class Members(NamedTuple):
    """Which responses a group holds: places in `records.jsonl` and of candidates, in the run's order."""

    places: tuple[tuple[int, int], ...]


class FailedOn(NamedTuple):
    """A criterion's failures: what the scorecard says, and the members of each of its groups."""

    part: FailureGroups
    members: tuple[Members, ...]


class FailureTally(Merging):
    """Gathers the failed responses of each criterion; of very many some, spread over the run."""

    def __init__(self, run: RunDefinition, most: int = MOST_READ) -> None:
        self._names = tuple(candidate.name for candidate in run.candidates)
        self._kept = {name: _Kept(most) for name in run.criteria}

    def add(self, record: PreparedRecord, results: RecordResults) -> None:
        """Add the responses to a record; perturbed copies are no failures of the run."""
        if record.perturbed is not None:
            return
        key = -1
        for place, result in enumerate(results.candidates):
            for name, score in result.scores.items():
                if score.passed is None or score.passed >= 0.5 or score.reason is not None:
                    continue
                if key < 0:
                    key = crc32(record.record_id.encode())
                kept = self._kept[name]
                kept.failed += 1
                if key <= kept.highest:
                    kept.keep(
                        FailedResponse(key, results.ordinal, place, record.record_id, _reason(result, name))
                    )

    def merge(self, other: Self) -> None:
        """Take up another one's failures."""
        for name, kept in self._kept.items():
            kept.merge(other._kept[name])

    def result(self) -> dict[str, FailedOn]:
        """Return the groups of every criterion that some response failed."""
        return {
            name: _failed_on(kept.failed, kept.failures(), self._names)
            for name, kept in self._kept.items()
            if kept.failed
        }


class _Kept(Merging):
    """The failures with the lowest keys: of any order of the records the same."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._heap: list[tuple[int, int, int, FailedResponse]] = []
        self.failed = 0
        self.highest = 1 << 32

    def keep(self, failure: FailedResponse) -> None:
        # The heap's first is the one to go: the highest key, and of one record the last candidate.
        one = (-failure.key, -failure.ordinal, -failure.candidate, failure)
        if len(self._heap) < self._most:
            heapq.heappush(self._heap, one)
        else:
            heapq.heappushpop(self._heap, one)
        if len(self._heap) == self._most:
            self.highest = -self._heap[0][0]

    def merge(self, other: Self) -> None:
        self.failed += other.failed
        for *_, failure in other._heap:
            self.keep(failure)

    def failures(self) -> list[FailedResponse]:
        """Return them in the run's order."""
        return sorted((failure for *_, failure in self._heap), key=lambda one: (one.ordinal, one.candidate))


def _reason(result: CandidateResult, criterion: str) -> str:
    """Return what the first judge who failed a response wrote of it; empty where none wrote a word."""
    said = [row for row in result.verdicts if row.criterion == criterion and (row.rationale or "").strip()]
    # A panel's score may fail where no judge's verdict does.
    row = next((row for row in said if row.passed is False), said[0] if said else None)
    return (row.rationale or "").strip()[:CHARACTERS] if row else ""


def _failed_on(failed: int, failures: Sequence[FailedResponse], names: Sequence[str]) -> FailedOn:
    causes = causes_of([failure.text for failure in failures])
    return FailedOn(
        FailureGroups(
            failed=failed,
            read=len(failures),
            groups=tuple(
                _group(cause, [failures[place] for place in cause.members], names) for cause in causes
            ),
        ),
        tuple(
            Members(tuple((failures[place].ordinal, failures[place].candidate) for place in cause.members))
            for cause in causes
        ),
    )


def _group(cause: Cause, failures: Sequence[FailedResponse], names: Sequence[str]) -> FailureGroup:
    by_candidate = Counter(failure.candidate for failure in failures)
    ids = list(dict.fromkeys(failure.record_id for failure in failures))
    some = np.unique(np.linspace(0, len(ids) - 1, min(MOST_IDS, len(ids))).astype(int)).tolist()
    return FailureGroup(
        kind=cause.kind,
        label=cause.label,
        terms=cause.terms,
        n=len(failures),
        records=len(ids),
        candidates={name: by_candidate[place] for place, name in enumerate(names) if by_candidate[place]},
        record_ids=tuple(ids[place] for place in some),
    )


def parts_of_scorecard(found: Mapping[str, FailedOn]) -> dict[str, FailureGroups]:
    """Return what the scorecard says of the failures on each criterion."""
    return {name: failed.part for name, failed in found.items()}


def members_of(found: Mapping[str, FailedOn]) -> dict[str, list[list[int]]]:
    """
    Return for each criterion's groups which responses they hold, as a page carries it.

    A group is one list: a record's place in `records.jsonl`, that of a candidate, the next record's …
    """
    return {
        name: [[number for place in members.places for number in place] for members in failed.members]
        for name, failed in found.items()
    }
