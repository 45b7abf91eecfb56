"""Reads a run's verdicts back from its tables: the scores that labels are held against."""

import sys
from collections.abc import Iterator, Mapping, Set
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from evaldrop.evaluation.criteria import Criterion
from evaldrop.run.definition import RunDefinition
from evaldrop.run.tables import VerdictRow, read_rows
from evaldrop.scorecard.calibration.agreement import Response
from evaldrop.scorecard.calibration.labels import response_digest
from evaldrop.scorecard.scores import RecordScore, majority, record_scores

_COLUMNS = ("record_id", "candidate", "criterion", "judge", "score", "passed", "unscored_reason", "repeat")


class ResponseFacts(NamedTuple):
    """
    Of a run's responses: the digests of the wanted ones; every record's cluster and category, where it has
    one.
    """

    digests: Mapping[Response, str]
    clusters: Mapping[str, int]
    categories: Mapping[str, str]


class JudgedResponse(NamedTuple):
    """
    A response's scores by criterion: joined, as the scorecard counts it, and of each judge.

    Of `drawn` criteria, menus of names, the joined score is nobody's answer: votes were level.
    """

    response: Response
    joined: Mapping[str, RecordScore]
    drawn: Set[str]
    judges: Mapping[str, Mapping[str, float]]


def response_facts(run: RunDefinition, wanted: Set[Response]) -> ResponseFacts:
    """Return the digests of the wanted responses, and the clusters and categories of all records."""
    digests: dict[Response, str] = {}
    names: dict[str, int] = {}
    clusters: dict[str, int] = {}
    categories: dict[str, str] = {}
    columns = ("record_id", "candidate", "group", "category", "response")
    for record_id, candidate, group, category, text in read_rows(run.file("responses.parquet"), columns):
        if group is not None:
            clusters[record_id] = names.setdefault(group, len(names))
        if category is not None:
            categories[record_id] = sys.intern(category)
        if text is not None and (record_id, candidate) in wanted:
            digests[record_id, candidate] = response_digest(text)
    return ResponseFacts(digests, clusters, categories)


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
            {name: score for name, score in scores.items() if score.score is not None},
            {
                name
                for name, judges in by_judge.items()
                if _is_menu(run.criteria[name]) and majority(judges.values()).is_drawn
            },
            {name: _own_scores(judges, run.criteria[name]) for name, judges in by_judge.items()},
        )


def _own_scores(judges: Mapping[str, list[float]], criterion: Criterion) -> dict[str, float]:
    """Return each judge's answer over its repeats; of names, none where they are level."""
    if not _is_menu(criterion):
        return {judge: sum(given) / len(given) for judge, given in judges.items()}
    votes = {judge: majority([given]) for judge, given in judges.items()}
    return {judge: vote.worth for judge, vote in votes.items() if not vote.is_drawn}


def _is_menu(criterion: Criterion) -> bool:
    return criterion.scale.kind == "choices" and criterion.scale.is_nominal


def _verdict(row: tuple[Any, ...]) -> VerdictRow:
    record_id, candidate, criterion, judge, score, passed, reason, repeat = row
    return VerdictRow(
        record_id, candidate, criterion, judge, score, passed, reason, None, None, None, None, None, repeat
    )
