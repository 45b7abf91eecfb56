"""Reads a run's verdicts back from its tables: the scores that labels are held against."""

from array import array
from collections.abc import Iterator, Mapping, Set
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np

from evaldrop.run.definition import RunDefinition
from evaldrop.run.tables import VerdictRow, read_rows
from evaldrop.scorecard.calibration.agreement import Response
from evaldrop.scorecard.calibration.correction import Judged
from evaldrop.scorecard.calibration.labels import response_digest
from evaldrop.scorecard.scores import record_scores

_COLUMNS = ("record_id", "candidate", "criterion", "judge", "score", "passed", "unscored_reason", "repeat")


class ResponseFacts(NamedTuple):
    """
    Of a run's responses: the digests of the wanted ones, and every record's cluster.

    `clusters` is empty in a run without groups.
    """

    digests: Mapping[Response, str]
    clusters: Mapping[str, int]


class JudgedColumn:
    """Grows a `Judged`: one candidate's records on one criterion."""

    def __init__(self) -> None:
        # Arrays, which take 8 bytes a score: lists of Python floats take four times that.
        self._judge, self._human, self._clusters = array("d"), array("d"), array("q")

    def add(self, judge: float, human: float | None, cluster: int | None) -> None:
        """Add a record; without a cluster it is one of its own."""
        # Below zero there are no groups' numbers.
        self._clusters.append(-1 - len(self._judge) if cluster is None else cluster)
        self._judge.append(judge)
        self._human.append(np.nan if human is None else human)

    def column(self, *, are_clusters_shared: bool) -> Judged:
        """Return what was added."""
        return Judged(
            np.array(self._judge),
            np.array(self._human),
            np.array(self._clusters, np.intp),
            are_clusters_shared,
        )


class JudgedResponse(NamedTuple):
    """A response's scores by criterion: joined, as the scorecard counts it, and of each judge."""

    response: Response
    joined: Mapping[str, float]
    judges: Mapping[str, Mapping[str, float]]


def response_facts(run: RunDefinition, wanted: Set[Response]) -> ResponseFacts:
    """Return the digests of the wanted responses, and the clusters of all records."""
    digests: dict[Response, str] = {}
    names: dict[str, int] = {}
    clusters: dict[str, int] = {}
    columns = ("record_id", "candidate", "group", "response")
    for record_id, candidate, group, text in read_rows(run.file("responses.parquet"), columns):
        if group is not None:
            clusters[record_id] = names.setdefault(group, len(names))
        if text is not None and (record_id, candidate) in wanted:
            digests[record_id, candidate] = response_digest(text)
    return ResponseFacts(digests, clusters)


def judged_responses(run: RunDefinition) -> Iterator[JudgedResponse]:
    """Yield every response with a verdict, in the tables' order; a criterion without a score is left out."""
    rows = read_rows(run.file("verdicts.parquet"), _COLUMNS)
    # BuildScorecard writes a response's verdicts together.
    for response, its_rows in groupby(rows, key=itemgetter(0, 1)):
        verdicts = [_verdict(row) for row in its_rows]
        # The scorecard's own joining: labels must be held against the very score that is shown.
        scores = record_scores(verdicts, run.criteria, run.evaluation.unscored)
        by_judge: dict[str, dict[str, list[float]]] = {}
        for verdict in verdicts:
            if verdict.score is not None:
                judges = by_judge.setdefault(verdict.criterion, {})
                judges.setdefault(verdict.judge, []).append(verdict.score)
        yield JudgedResponse(
            response,
            {name: score.score for name, score in scores.items() if score.score is not None},
            {
                name: {judge: sum(given) / len(given) for judge, given in judges.items()}
                for name, judges in by_judge.items()
            },
        )


def _verdict(row: tuple[Any, ...]) -> VerdictRow:
    record_id, candidate, criterion, judge, score, passed, reason, repeat = row
    return VerdictRow(
        record_id, candidate, criterion, judge, score, passed, reason, None, None, None, None, None, repeat
    )
