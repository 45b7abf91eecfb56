"""What judges and checks said of hidden copies: read from the run that judged them, by what each copy is."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from evaldrop import storage
from evaldrop.evaluation.criteria import Criterion
from evaldrop.proving.copies import AGAIN, AS_IT_IS
from evaldrop.proving.judged_copies import CriterionCopies, JudgeCopies, JudgedCopies
from evaldrop.run.definition import RunDefinition
from evaldrop.run.records import prepared_records
from evaldrop.run.tables import VerdictRow, read_rows
from evaldrop.scorecard.scores import record_scores
from evaldrop.statistics.paired_test import Groups
from evaldrop.statistics.vectors import Floats

_COLUMNS = ("record_id", "candidate", "criterion", "judge", "score", "passed")

Verdicts = Mapping[str, Mapping[str, Sequence[VerdictRow]]]
"""Verdicts by what the copy is, and by record."""


def judged_copies(
    proof: RunDefinition, key: Mapping[str, str], *, candidate: str, run_records: int, comparisons: int
) -> JudgedCopies:
    """
    Return the scores of a run of hidden copies.

    Args:
        proof: The run that judged the copies; it has ended.
        key: Column to what it holds.
        candidate: Whose responses were copied.
        run_records: Records of the whole run that is tested.
        comparisons: Decided together by that run's gate.

    Raises:
        StorageError: A file of the run cannot be read.
    """
    records = [each for each in prepared_records(proof.folder) if each.anchor is None]
    verdicts = _verdicts(proof.folder, key)
    ids = [each.record_id for each in records]
    return JudgedCopies(
        candidate=candidate,
        criteria={
            name: _of_criterion(criterion, verdicts, ids, set(key.values()))
            for name, criterion in proof.criteria.items()
        },
        groups=_groups([each.group for each in records]),
        run_records=run_records,
        comparisons=comparisons,
    )


def _verdicts(folder: str, key: Mapping[str, str]) -> Verdicts:
    found: dict[str, dict[str, list[VerdictRow]]] = defaultdict(lambda: defaultdict(list))
    for record, column, criterion, judge, score, passed in read_rows(
        storage.join(folder, "verdicts.parquet"), _COLUMNS
    ):
        row = VerdictRow(record, column, criterion, judge, score, passed, None, None, None, None, None, None)
        found[key[column]][record].append(row)
    return found


def _of_criterion(
    criterion: Criterion, verdicts: Verdicts, ids: Sequence[str], contents: set[str]
) -> CriterionCopies:
    every = _scores(criterion, verdicts, ids, contents, judge=None)
    judges = sorted(_judges(criterion, verdicts[AS_IT_IS].values()))
    apart = judges if len(judges) > 1 else []
    return CriterionCopies(
        criterion=criterion,
        first=every.first,
        again=every.again,
        faulty=every.faulty,
        by_judge={judge: _scores(criterion, verdicts, ids, contents, judge=judge) for judge in apart},
    )


def _judges(criterion: Criterion, records: Iterable[Sequence[VerdictRow]]) -> set[str]:
    return {row.judge for rows in records for row in rows if row.criterion == criterion.name}


def _scores(
    criterion: Criterion, verdicts: Verdicts, ids: Sequence[str], contents: set[str], *, judge: str | None
) -> JudgeCopies:
    columns = {
        content: _column(criterion, verdicts[content], ids, judge)
        for content in contents
        if content in verdicts
    }
    return JudgeCopies(
        first=columns.pop(AS_IT_IS), again=columns.pop(AGAIN), faulty=dict(sorted(columns.items()))
    )


def _column(
    criterion: Criterion, verdicts: Mapping[str, Sequence[VerdictRow]], ids: Sequence[str], judge: str | None
) -> Floats:
    """Return a score a record; NaN where nobody gave one."""
    scores = np.full(len(ids), np.nan)
    for place, record in enumerate(ids):
        rows = [
            row
            for row in verdicts.get(record, ())
            if row.criterion == criterion.name and judge in (None, row.judge)
        ]
        # An unscored verdict is none here, whatever the evaluation counts it as: a reply that was lost says
        # nothing of a fault.
        found = record_scores(rows, {criterion.name: criterion}, "drop").get(criterion.name)
        if found is not None and found.score is not None:
            scores[place] = found.score
    return scores


def _groups(names: Sequence[str | None]) -> Groups:
    if not any(names):
        return None
    # A record without a group is one of its own.
    keys = [f"group {name}" if name else f"record {place}" for place, name in enumerate(names)]
    return np.unique(keys, return_inverse=True)[1].astype(np.int32)
