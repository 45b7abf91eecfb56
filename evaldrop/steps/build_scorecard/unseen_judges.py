"""What each judge says of an improved prompt by itself: some were never asked by the search for it."""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from evaldrop.evaluation.originals import improved_candidates, original_of
from evaldrop.run.definition import RunDefinition
from evaldrop.run.records import PreparedRecord
from evaldrop.run.tables import VerdictRow
from evaldrop.scorecard.model.part import OVERALL
from evaldrop.scorecard.model.prompts import JudgeDifference
from evaldrop.scorecard.results import RecordResults
from evaldrop.statistics.paired_test import Groups, paired_test
from evaldrop.steps.build_scorecard.counts import ScoreColumn
from evaldrop.steps.build_scorecard.pairing import paired_overall, paired_scores
from evaldrop.steps.build_scorecard.tally import ByKey, Columns, Merging

JudgedColumns = Mapping[tuple[str, str], Mapping[str, ScoreColumn]]
"""By candidate and judge: the judge's own scores, by criterion."""

_NO_ORDINALS, _NO_REASONS = np.zeros(0, np.int32), np.zeros(0, np.uint8)


class JudgesApartTally(Merging):
    """Gathers each judge's scores of improved candidates and their originals; nothing of other runs."""

    def __init__(self, run: RunDefinition) -> None:
        pairs = [(each, original_of(run.evaluation, each)) for each, _ in improved_candidates(run.evaluation)]
        self._candidates = frozenset(each.name for pair in pairs for each in pair if each is not None)
        self._scores: ByKey[tuple[str, str, str], Columns] = ByKey(partial(Columns, "d"))

    def add(self, record: PreparedRecord, results: RecordResults) -> None:
        """Add a record's verdicts; a judge's repeats are averaged."""
        # Copies are in no estimate but the one of robustness.
        if not self._candidates or record.perturbed is not None:
            return
        for result in results.candidates:
            candidate = result.response.candidate
            if candidate not in self._candidates:
                continue
            for (judge, criterion), scores in _given(result.verdicts).items():
                column = self._scores.at((candidate, judge, criterion), results.ordinal)
                column.append(results.ordinal, sum(scores) / len(scores))

    def result(self) -> JudgedColumns:
        """Return each judge's scores of each candidate, by criterion."""
        found: dict[tuple[str, str], dict[str, ScoreColumn]] = {}
        for (candidate, judge, criterion), columns in self._scores.in_order().items():
            ordinals, scores = columns.in_order()
            # Whether they pass, and why there is none, is in no difference.
            column = ScoreColumn(ordinals, scores, np.zeros(scores.size), _NO_ORDINALS, _NO_REASONS, ())
            found.setdefault((candidate, judge), {})[criterion] = column
        return found


def _given(verdicts: Sequence[VerdictRow]) -> dict[tuple[str, str], list[float]]:
    given: dict[tuple[str, str], list[float]] = {}
    for verdict in verdicts:
        if verdict.score is not None:
            given.setdefault((verdict.judge, verdict.criterion), []).append(verdict.score)
    return given


def unseen_differences(
    run: RunDefinition,
    judged: JudgedColumns,
    asked: str | None,
    pair: tuple[str, str],
    main: str,
    groups: Groups,
    size: int,
) -> tuple[JudgeDifference, ...]:
    """
    Return the difference of two candidates as each judge that the search never asked sees it.

    Args:
        run: The run.
        judged: All judges' scores.
        asked: The judge that the search asked.
        pair: The improved candidate, and its original.
        main: A criterion, or `overall`.
        groups: The cluster of each record by its ordinal; None where they are independent.
        size: What ordinals are below.
    """
    return tuple(
        _difference(run, judge, [judged.get((name, judge), {}) for name in pair], main, groups, size)
        for judge in (each.name for each in run.judges if each.name != asked)
    )


def _difference(
    run: RunDefinition,
    judge: str,
    sides: Sequence[Mapping[str, ScoreColumn]],
    main: str,
    groups: Groups,
    size: int,
) -> JudgeDifference:
    tuned, original = sides
    if main == OVERALL and OVERALL not in run.criteria:
        scores, sign = paired_overall(tuned, original, run.criteria, size), 1
    elif main in tuned and main in original:
        criterion = run.criteria[main]
        scores = paired_scores(tuned[main], original[main], criterion, size)
        sign = 1 if criterion.higher_is_better else -1
    else:
        return JudgeDifference(judge=judge, n=0)
    found = paired_test(scores, groups, confidence=run.evaluation.confidence)
    return JudgeDifference(
        judge=judge,
        n=found.n,
        difference=None if found.difference is None else sign * found.difference,
        interval=turned(found.interval, sign),
    )


def turned(interval: tuple[float, float] | None, sign: int) -> tuple[float, float] | None:
    """Return an interval of a difference as that of the other side's, where `sign` is below 0."""
    if interval is None or sign > 0:
        return interval
    return -interval[1], -interval[0]
