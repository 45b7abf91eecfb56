"""Whether several judges of one evaluation agree, criterion by criterion."""

from array import array
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from evaldrop.errors import NotEnoughData
from evaldrop.evaluation.criteria import Criterion
from evaldrop.run.tables import VerdictRow
from evaldrop.scorecard.model.scorecard import Agreement
from evaldrop.scorecard.results import CandidateResult
from evaldrop.statistics.agreement import krippendorff_alpha
from evaldrop.statistics.vectors import Floats

_NOTHING = float("nan")


class PanelTally:
    """Keeps every judge's score of every response: 8 bytes each, and nothing where there is one judge."""

    def __init__(self, judges: Sequence[str]) -> None:
        self._judges = {judge: place for place, judge in enumerate(judges)}
        self._scores: dict[str, tuple[array[int], array[float]]] = {}

    def add(self, ordinal: int, results: Sequence[CandidateResult]) -> None:
        """Add a record's verdicts; a judge's repeats are averaged."""
        if len(self._judges) < 2:
            return
        for result in results:
            by_criterion: dict[str, list[VerdictRow]] = {}
            for verdict in result.verdicts:
                if verdict.score is not None:
                    by_criterion.setdefault(verdict.criterion, []).append(verdict)
            for criterion, rows in by_criterion.items():
                ordinals, scores = self._scores.setdefault(criterion, (array("i"), array("d")))
                ordinals.append(ordinal)
                scores.extend(self._of_judges(rows))

    def tables(self) -> dict[str, tuple[Floats, Floats]]:
        """Return, by criterion, each response's record and the judges' scores of it, (judges, responses)."""
        return {
            criterion: (
                np.frombuffer(ordinals, np.int32).astype(np.float64),
                np.frombuffer(scores, np.float64).reshape(-1, len(self._judges)).T,
            )
            for criterion, (ordinals, scores) in self._scores.items()
        }

    def _of_judges(self, rows: Sequence[VerdictRow]) -> list[float]:
        given: list[list[float]] = [[] for _ in self._judges]
        for row in rows:
            if row.score is not None:
                given[self._judges[row.judge]].append(row.score)
        return [sum(scores) / len(scores) if scores else _NOTHING for scores in given]


def agreements(tally: PanelTally, criteria: Mapping[str, Criterion]) -> dict[str, Agreement]:
    """Return how far the judges agree on every criterion that any of them scored; empty for one judge."""
    tables = tally.tables()
    return {
        name: _agreement(*tables[name], criterion) for name, criterion in criteria.items() if name in tables
    }


def _agreement(ordinals: Floats, scores: Floats, criterion: Criterion) -> Agreement:
    shared = (~np.isnan(scores)).sum(axis=0) >= 2
    kept, level = scores[:, shared], _level(scores, criterion)
    n_responses, n_records = int(shared.sum()), int(np.unique(ordinals[shared]).size)
    alpha, reason = None, None
    try:
        alpha = krippendorff_alpha(kept, level=level)
    except NotEnoughData as error:
        reason = str(error)
    return Agreement(
        alpha=alpha,
        level=level,
        n_records=n_records,
        n_responses=n_responses,
        raw_agreement=_raw_agreement(kept) if n_responses else None,
        spread=float((np.nanmax(kept, axis=0) - np.nanmin(kept, axis=0)).mean()) if n_responses else None,
        reason=reason,
    )


def _level(scores: Floats, criterion: Criterion) -> Literal["nominal", "ordinal", "interval"]:
    if criterion.scale.kind == "binary":
        # Repeats averaged are shares; on 0 and 1 alone both levels give the same alpha.
        whole = np.isin(scores[~np.isnan(scores)], (0.0, 1.0)).all()
        return "nominal" if whole else "interval"
    return "interval" if criterion.scale.kind == "range" else "ordinal"


def _raw_agreement(scores: Floats) -> float:
    same = asked = 0
    for place, one in enumerate(scores):
        for other in scores[place + 1 :]:
            both = ~np.isnan(one) & ~np.isnan(other)
            asked += int(both.sum())
            same += int((one[both] == other[both]).sum())
    return same / asked
