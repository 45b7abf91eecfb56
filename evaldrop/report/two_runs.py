"""
Two runs side by side: what each candidate answered to the records that both have, and how its scores moved.

What is decided about the runs is `evaldrop.scorecard.baseline`'s; here are the responses behind it. All of a
run's texts are looked at once, and kept are those that are shown.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal, NamedTuple

import numpy as np

from evaldrop import storage
from evaldrop.errors import InputError, StorageError
from evaldrop.run.definition import RunDefinition
from evaldrop.run.records import prepared_records
from evaldrop.run.request import has_begun
from evaldrop.run.tables import has_table, read_rows
from evaldrop.scorecard import figures
from evaldrop.scorecard.baseline.compare import compare_or_say_why
from evaldrop.scorecard.baseline.scores_table import SCORES_FILE, KeptScores, read_scores
from evaldrop.scorecard.model.baseline import Baseline
from evaldrop.scorecard.model.scorecard import Scorecard
from evaldrop.scorecard.read import read_scorecard

Only = Literal["changed", "worse", "better"]
_MOVED: Final[tuple[tuple[Only, str], ...]] = (
    ("changed", "have another text"),
    ("worse", "score worse"),
    ("better", "score better"),
)
_RESPONSES, _VERDICTS = "responses.parquet", "verdicts.parquet"


class AnswerPlace(NamedTuple):
    """
    A candidate on a record, in both runs.

    `loss` and `gain`: the shares of their scales that its scores lost and gained, summed over criteria.
    """

    record_id: str
    candidate: str
    changed: bool
    loss: float
    gain: float

    def is_among(self, only: Only | None) -> bool:
        """Tell whether its response was changed, or scores worse or better than then."""
        return {None: True, "changed": self.changed, "worse": self.loss > 0, "better": self.gain > 0}[only]


class MovedScore(NamedTuple):
    """A criterion's score then and now, None where there is none, and why the judges said so."""

    criterion: str
    was: float | None
    now: float | None
    why_then: str | None
    why_now: str | None
    change: Literal["worse", "better", "same"]


class Answer(NamedTuple):
    """What a candidate returned; an error where it returned nothing."""

    response: str | None
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerPair:
    """A candidate's answers to a record in both runs, with what was asked."""

    place: AnswerPlace
    category: str | None
    prompt: str
    references: Sequence[str]
    then: Answer
    now: Answer
    scores: Sequence[MovedScore]


class _Scores:
    """A run's scores by record and candidate."""

    def __init__(self, kept: KeptScores) -> None:
        self._kept = kept
        self._rows = {name: row for row, name in enumerate(kept.record_ids.to_pylist())}
        self._columns = {name: column for column, name in enumerate(kept.candidates)}

    def of(self, record_id: str, candidate: str, criterion: str) -> float | None:
        row, column = self._rows.get(record_id), self._columns.get(candidate)
        scores = self._kept.scores.get(criterion)
        if row is None or column is None or scores is None or np.isnan(scores[row, column]):
            return None
        return float(scores[row, column])


class TwoRuns:
    """
    A run and the one it is held against.

    Attributes:
        now: The run.
        then: What it is held against.
        comparison: What is decided about them, or what keeps them from being compared.
        candidates: Those in both.
        places: Every candidate on every record of both: what lost most first, then what gained most, then
            what was changed, then the rest in the dataset's order.
        records: How many both have.
        only_now: How many records this run alone has.
        only_then: How many the other alone has.
    """

    def __init__(self, now: RunDefinition, then: RunDefinition, *, force: bool = False) -> None:
        self.now, self.then = now, then
        self.comparison: Baseline = compare_or_say_why(now, then, force=force)
        theirs = {candidate.name for candidate in then.candidates}
        self.candidates = [candidate.name for candidate in now.candidates if candidate.name in theirs]
        self._now, self._then = _Scores(read_scores(now.folder)), _Scores(read_scores(then.folder))
        answered_then = dict(_digests(then))
        found = list(self._places(answered_then))
        self.places = sorted(found, key=lambda place: (-place.loss, -place.gain, not place.changed))

    def _places(self, answered_then: Mapping[tuple[str, str], int]) -> Iterable[AnswerPlace]:
        now_ids, then_ids = set(), {record_id for record_id, _ in answered_then}
        for (record_id, candidate), digest in _digests(self.now):
            now_ids.add(record_id)
            if candidate in self.candidates and (record_id, candidate) in answered_then:
                moves = [self._move(record_id, candidate, name) for name in self.criteria]
                yield AnswerPlace(
                    record_id,
                    candidate,
                    changed=digest != answered_then[record_id, candidate],
                    loss=-sum(move for move in moves if move < 0),
                    gain=sum(move for move in moves if move > 0),
                )
        self.records = len(now_ids & then_ids)
        self.only_now, self.only_then = len(now_ids - then_ids), len(then_ids - now_ids)

    @cached_property
    def criteria(self) -> list[str]:
        """The criteria whose scores can be told apart: of the same scale in both runs."""
        theirs = self.then.criteria
        return [
            name
            for name, criterion in self.now.criteria.items()
            if name in theirs
            and (criterion.scale, criterion.higher_is_better)
            == (theirs[name].scale, theirs[name].higher_is_better)
        ]

    @cached_property
    def scorecards(self) -> tuple[Scorecard, Scorecard]:
        """Both scorecards: of the run, and of what it is held against."""
        return read_scorecard(self.now.folder), read_scorecard(self.then.folder)

    @property
    def in_common(self) -> str:
        """How many records and responses both runs have, and how many of them moved: a sentence."""
        alone = [
            f"{figures.count(n)} only in {run.run_id}"
            for n, run in ((self.only_now, self.now), (self.only_then, self.then))
            if n
        ]
        moved = [
            f"{figures.count(sum(place.is_among(only) for place in self.places))} {said}"
            for only, said in _MOVED
        ]
        records = f"{figures.count(self.records)} record{'s' if self.records != 1 else ''} in both"
        records += f" ({', '.join(alone)})" if alone else ""
        return f"{records}; of {figures.count(len(self.places))} responses {', '.join(moved)}."

    def chosen(
        self, only: Only | None = None, record_id: str | None = None, candidate: str | None = None
    ) -> list[AnswerPlace]:
        """
        Return the places that are asked for, in their order.

        Raises:
            InputError: No such record or candidate is in both runs.
        """
        if candidate is not None and candidate not in self.candidates:
            there = ", ".join(self.candidates) or "none"
            raise InputError(f"--candidate {candidate}: not in both runs. In both: {there}.")
        if record_id is not None and all(place.record_id != record_id for place in self.places):
            raise InputError(f"--record {record_id}: not in both runs.")
        return [
            place
            for place in self.places
            if place.is_among(only)
            and record_id in {None, place.record_id}
            and candidate in {None, place.candidate}
        ]

    def pairs(self, places: Sequence[AnswerPlace]) -> list[AnswerPair]:
        """Return what was asked and answered at some places, in their order."""
        records = {place.record_id for place in places}
        wanted = {(place.record_id, place.candidate) for place in places}
        asked = {
            record.record_id: record
            for record in prepared_records(self.now.folder)
            if record.record_id in records
        }
        now, then = (answers_of(run, wanted) for run in (self.now, self.then))
        why_now, why_then = (rationales_of(run, wanted) for run in (self.now, self.then))

        def pair(place: AnswerPlace) -> AnswerPair:
            key = place.record_id, place.candidate
            record = asked.get(place.record_id)
            return AnswerPair(
                place=place,
                category=record.category if record else None,
                prompt=record.prompt if record else "",
                references=record.reference or () if record else (),
                then=then[key],
                now=now[key],
                scores=[
                    score
                    for name in self.criteria
                    if (score := self._score(key, name, why_then, why_now)) is not None
                ],
            )

        return [pair(place) for place in places]

    def _score(
        self,
        key: tuple[str, str],
        criterion: str,
        why_then: Mapping[tuple[str, str, str], str],
        why_now: Mapping[tuple[str, str, str], str],
    ) -> MovedScore | None:
        was, now = self._then.of(*key, criterion), self._now.of(*key, criterion)
        if was is None and now is None:
            return None
        move = self._move(*key, criterion)
        return MovedScore(
            criterion,
            was,
            now,
            why_then.get((*key, criterion)),
            why_now.get((*key, criterion)),
            "worse" if move < 0 else "better" if move > 0 else "same",
        )

    def _move(self, record_id: str, candidate: str, name: str) -> float:
        """Return by which share of its scale a score is better than then; 0 where one is missing."""
        was, now = (scores.of(record_id, candidate, name) for scores in (self._then, self._now))
        if was is None or now is None:
            return 0.0
        criterion = self.now.criteria[name]
        share = (now - was) / (criterion.scale.high - criterion.scale.low)
        return share if criterion.higher_is_better else -share


def open_two_runs(now: str, then: str, *, force: bool = False) -> TwoRuns:
    """
    Return two finished runs side by side.

    Args:
        now: URI of the run's folder.
        then: URI of the folder of the run it is held against.
        force: Decide about their difference although the measure itself differs.

    Raises:
        InputError: There is no finished run.
        StorageError: A file of a run cannot be read.
    """
    for folder in (now, then):
        if not has_begun(folder):
            raise InputError(f"{folder}: no run is there (no run.json). Give a run's folder.")
        if not has_table(storage.join(folder, _RESPONSES)):
            raise InputError(
                f"{folder}: the run has not ended; `evaldrop run --resume {folder}` goes on with it."
            )
        if not has_table(storage.join(folder, SCORES_FILE)):
            raise InputError(f"{folder}: no {SCORES_FILE}. `evaldrop report {folder} --rebuild` makes it.")
    return TwoRuns(RunDefinition.load(now), RunDefinition.load(then), force=force)


def _digests(run: RunDefinition) -> Iterable[tuple[tuple[str, str], int]]:
    """Yield record, candidate and a digest of what was answered: texts of a large run have no room."""
    rows = read_rows(run.file(_RESPONSES), ("record_id", "candidate", "response", "error"))
    for record_id, candidate, *answer in rows:
        yield (record_id, candidate), hash(tuple(answer))


def answers_of(run: RunDefinition, wanted: Collection[tuple[str, str]]) -> dict[tuple[str, str], Answer]:
    """Return what was answered, by record and candidate."""
    rows = read_rows(run.file(_RESPONSES), ("record_id", "candidate", "response", "error"))
    return {
        (record_id, candidate): Answer(response, error)
        for record_id, candidate, response, error in rows
        if (record_id, candidate) in wanted
    }


def rationales_of(run: RunDefinition, wanted: Collection[tuple[str, str]]) -> dict[tuple[str, str, str], str]:
    """Return why judges said so, a line for each of several; nothing where there are no verdicts."""
    found: dict[tuple[str, str, str], list[str]] = {}
    try:
        rows = list(_verdicts(run, wanted))
    except StorageError:
        return {}
    for key, judge, rationale in rows:
        said = f"{judge}: {rationale}" if len(run.judges) > 1 else rationale
        if said not in found.setdefault(key, []):
            found[key].append(said)
    return {key: "\n".join(said) for key, said in found.items()}


def _verdicts(
    run: RunDefinition, wanted: Collection[tuple[str, str]]
) -> Iterable[tuple[tuple[str, str, str], str, str]]:
    columns = ("record_id", "candidate", "criterion", "judge", "rationale")
    for record_id, candidate, criterion, judge, rationale in read_rows(run.file(_VERDICTS), columns):
        if rationale and (record_id, candidate) in wanted:
            yield (record_id, candidate, criterion), judge, rationale
