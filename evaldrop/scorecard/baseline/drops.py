"""What the baseline's records scored, looked up while a run's own results stream by."""

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from typing import NamedTuple

import numpy as np

from evaldrop.errors import StorageError
from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.baseline.comparability import obstacles
from evaldrop.scorecard.baseline.earlier_responses import EarlierResponse, EarlierResponses
from evaldrop.scorecard.baseline.scores_table import KeptScores, read_scores
from evaldrop.scorecard.results import CandidateResult


class Drop(NamedTuple):
    """A score that is worse than the baseline's, both on the criterion's own scale."""

    criterion: str
    was: float
    now: float


class Then(NamedTuple):
    """What the baseline has of a record and a candidate; `scores` by criterion, without those it lacks."""

    answered: bool
    scores: Mapping[str, float]


class Before(NamedTuple):
    """
    What the baseline's candidate answered to a record, and scored.

    `response` is None where its table cannot be read any more. `scores` are by criterion, of those that both
    runs ask for.
    """

    response: EarlierResponse | None
    scores: Mapping[str, float]


class EarlierScores:
    """The baseline's scores by record. A record costs 16 bytes besides them."""

    def __init__(self, run: RunDefinition, kept: KeptScores, responses: EarlierResponses) -> None:
        self._criteria = run.criteria
        self._kept = kept
        self._responses = responses
        self._common = [name for name in run.criteria if name in kept.scores]
        self._columns = {name: place for place, name in enumerate(kept.candidates)}
        # Hashes in place of a dictionary of ids, which takes several times the memory at a million records.
        hashes = np.fromiter(map(hash, kept.record_ids.to_pylist()), np.int64, len(kept.record_ids))
        self._order = np.argsort(hashes, kind="stable")
        self._hashes = hashes[self._order]

    def drops(self, record_id: str, results: Sequence[CandidateResult]) -> list[list[Drop]]:
        """Return for each result the criteria on which it scores worse than the baseline's response."""
        row = self._row(record_id)
        return [[] if row is None else list(self._drops(row, result)) for result in results]

    def then(self, record_id: str, results: Sequence[CandidateResult]) -> list[Then | None]:
        """Return for each result what the baseline has; None for a record or a candidate it has not."""
        row = self._row(record_id)
        columns = [self._columns.get(result.response.candidate) for result in results]
        return [None if row is None or column is None else self._then(row, column) for column in columns]

    def before(self, record_id: str, candidate: str) -> Before | None:
        """Return what a candidate answered then; None where the baseline does not have both."""
        row, column = self._row(record_id), self._columns.get(candidate)
        if row is None or column is None:
            return None
        # Both tables have a row per record and candidate, in the same order.
        place = row * len(self._columns) + column
        return Before(self._responses.at(place, record_id, candidate), self._then(row, column).scores)

    def close(self) -> None:
        """Let go of the baseline's files."""
        self._responses.close()

    def _then(self, row: int, column: int) -> Then:
        scores = {name: float(self._kept.scores[name][row, column]) for name in self._common}
        known = {name: score for name, score in scores.items() if isfinite(score)}
        return Then(bool(self._kept.answered[row, column]), known)

    def _row(self, record_id: str) -> int | None:
        place = int(np.searchsorted(self._hashes, hash(record_id)))
        # Two ids may share a hash: only the id itself tells them apart.
        while place < self._hashes.size and self._hashes[place] == hash(record_id):
            row = int(self._order[place])
            if self._kept.record_ids[row].as_py() == record_id:
                return row
            place += 1
        return None

    def _drops(self, row: int, result: CandidateResult) -> Iterator[Drop]:
        column = self._columns.get(result.response.candidate)
        if column is None:
            return
        for name, score in result.scores.items():
            # A score with a reason is a lost verdict counted as the worst: nobody gave it, so nothing fell.
            if score.score is None or score.reason is not None or name not in self._kept.scores:
                continue
            was = float(self._kept.scores[name][row, column])
            fell = was - score.score if self._criteria[name].higher_is_better else score.score - was
            # Where the baseline had no score it is NaN, and nothing fell.
            if fell > 0:
                yield Drop(name, was, score.score)


def earlier_scores(run: RunDefinition) -> EarlierScores | None:
    """
    Return the scores of a run's baseline; None without one that it can be compared with.

    Why it cannot be compared is said by `against_baseline`.
    """
    uri = run.baseline
    if uri is None:
        return None
    try:
        then = RunDefinition.load(uri)
        # Another judge or question would turn every record into a drop.
        if obstacles(run, then):
            return None
        return EarlierScores(run, read_scores(uri), EarlierResponses(uri))
    except StorageError:
        return None
