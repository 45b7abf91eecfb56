"""
Answers with a known truth, over all records: fields of JSON, and labels.

Of a record nothing is kept but a few numbers: of a field's path its hash, because a response may make up as
many paths as it likes. Only what references have is named.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from evaldrop.checks import CHECKED_BY, Check, Subject
from evaldrop.checks.field_checks import compared
from evaldrop.checks.labels import read_both
from evaldrop.run.definition import RunDefinition
from evaldrop.run.records import PreparedRecord
from evaldrop.scorecard.results import CandidateResult, RecordResults
from evaldrop.statistics.vectors import Ordinals
from evaldrop.steps.build_scorecard.checking import checks_of
from evaldrop.steps.build_scorecard.counts import text_hash
from evaldrop.steps.build_scorecard.tally import ByKey, Columns, Merging

AnswersOf = tuple[str, str]
"""A check and a candidate."""

FIELDS: Final = "fields"
LABEL: Final = "label"
_NO_LABEL: Final = -1


class FieldRows(NamedTuple):
    """
    Of each field of each compared response, in the order of records; all but the last of shape (rows,).

    `counts` has the columns matched, missing, extra and wrong; shape (rows, 4).
    """

    ordinals: Ordinals
    paths: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]


class LabelRows(NamedTuple):
    """Which label was wanted and which was said, as places in the check's choices; -1 for none."""

    ordinals: Ordinals
    wanted: Ordinals
    said: Ordinals


class _Compared(Merging):
    def __init__(self) -> None:
        self.n = self.no_json = 0
        self.rows = Columns("qiiii")


class FieldAnswers(NamedTuple):
    """A candidate's fields: how many responses were compared, how many hold no JSON, and each field."""

    n: int
    no_json: int
    rows: FieldRows


class KnownAnswers(NamedTuple):
    """
    All answers with a known truth.

    Attributes:
        paths: Of each check of fields, the paths that references have, by their hash.
    """

    fields: Mapping[AnswersOf, FieldAnswers]
    paths: Mapping[str, Mapping[int, str]]
    labels: Mapping[AnswersOf, LabelRows]


class AnswerTally(Merging):
    """Gathers `KnownAnswers`."""

    def __init__(self, run: RunDefinition) -> None:
        kinds = {FIELDS, LABEL}
        self._checks = tuple(
            each.check
            for each in run.criteria.values()
            if each.check is not None and each.check.kind.name in kinds
        )
        self._paths: dict[str, dict[int, str]] = {
            check.name: {} for check in self._checks if check.kind.name == FIELDS
        }
        self._fields: ByKey[AnswersOf, _Compared] = ByKey(_Compared)
        self._labels: ByKey[AnswersOf, Columns] = ByKey(partial(Columns, "hh"))

    def add(self, record: PreparedRecord, results: RecordResults) -> None:
        """Add the responses to a record that its checks gave a verdict on."""
        # Copies are in no estimate but the one of robustness, and anchors in none.
        if not self._checks or record.perturbed is not None or results.anchor is not None:
            return
        for check, options in _asked(self._checks, record):
            for result in results.candidates:
                if not _is_scored(result, check.name):
                    continue
                subject = Subject(response=result.response.response or "", references=record.reference)
                key = check.name, result.response.candidate
                if check.kind.name == FIELDS:
                    self._add_fields(key, results.ordinal, options, subject)
                else:
                    self._add_label(key, results.ordinal, check, options, subject)

    def result(self) -> KnownAnswers:
        """Return what was gathered."""
        fields = {}
        for key, found in self._fields.in_order().items():
            ordinals, paths, *counts = found.rows.in_order()
            table = np.stack(counts, axis=1).astype(np.int64)
            fields[key] = FieldAnswers(found.n, found.no_json, FieldRows(ordinals, paths, table))
        labels = {key: LabelRows(*rows.in_order()) for key, rows in self._labels.in_order().items()}
        return KnownAnswers(fields, self._paths, labels)

    def _add_fields(self, key: AnswersOf, ordinal: int, options: Any, subject: Subject) -> None:
        found = compared(options, subject)
        if found is None:
            return
        tally, named = self._fields.at(key, ordinal), self._paths[key[0]]
        tally.n += 1
        tally.no_json += not found.is_json
        for result in found.results:
            path, *counts = result
            hashed = text_hash(path)
            tally.rows.append(ordinal, hashed, *counts)
            if result.matched or result.missing or result.wrong:
                named[hashed] = path

    def _add_label(self, key: AnswersOf, ordinal: int, check: Check, options: Any, subject: Subject) -> None:
        read = read_both(options, subject)
        if read is None:
            return
        # A reference may allow several: a right answer is of the label that it says.
        wanted = read.said if read.said in read.wanted else read.wanted[0]
        places = {label: place for place, label in enumerate(check.parameters.labels)}
        if wanted in places:
            said = places.get(read.said, _NO_LABEL) if read.said is not None else _NO_LABEL
            self._labels.at(key, ordinal).append(ordinal, places[wanted], said)


def _asked(checks: tuple[Check, ...], record: PreparedRecord) -> Iterator[tuple[Check, Any]]:
    """Yield checks with their parameters for a record, which may bring its own."""
    brought = checks_of(record)
    for check in checks:
        mine = brought.get(check.name, [])
        if not mine:
            yield check, check.parameters
        elif len(mine) == 1 and mine[0].kind is check.kind:
            yield check, mine[0].parameters


def _is_scored(result: CandidateResult, name: str) -> bool:
    return any(
        verdict.criterion == name and verdict.judge == CHECKED_BY and verdict.score is not None
        for verdict in result.verdicts
    )
