"""The records on which one candidate of a run did better than another, and worse, with what both answered."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from evaldrop.evaluation.criteria import Criterion
from evaldrop.report.two_runs import Answer, AnswerPair, AnswerPlace, MovedScore, answers_of, rationales_of
from evaldrop.run.definition import RunDefinition
from evaldrop.run.records import prepared_records
from evaldrop.scorecard.baseline.scores_table import Floats, KeptScores
from evaldrop.scorecard.scores import good_shares


class TurnedRecords(NamedTuple):
    """
    The records that turned better and worse, those that turned most first.

    Attributes:
        better: So many of them as were asked for.
        worse: Likewise.
        n_better: How many there are.
        n_worse: Likewise.
    """

    better: Sequence[AnswerPair]
    worse: Sequence[AnswerPair]
    n_better: int
    n_worse: int


class _Texts(NamedTuple):
    """What was asked on some records, and what came of it."""

    prompts: Mapping[str, tuple[str, Sequence[str], str | None]]
    answers: Mapping[tuple[str, str], Answer]
    rationales: Mapping[tuple[str, str, str], str]


def turned_records(
    run: RunDefinition, scores: KeptScores, pair: tuple[str, str], *, most: int
) -> TurnedRecords:
    """
    Return the records on which the first candidate is better and worse than the second, by all criteria.

    Args:
        run: The run.
        scores: Its scores.
        pair: The improved candidate, and its original.
        most: How many of either are returned.

    Raises:
        StorageError: A file of the run cannot be read.
    """
    columns = [list(scores.candidates).index(name) for name in pair]
    moves = _moves(run, scores, columns)
    order = np.argsort(-np.abs(moves), kind="stable")
    better, worse = ([int(row) for row in order if sign * moves[row] > 1e-12] for sign in (1, -1))
    shown = [*better[:most], *worse[:most]]
    names = {row: scores.record_ids[row].as_py() for row in shown}
    texts = _texts(run, {(name, candidate) for name in names.values() for candidate in pair})

    def pairs(rows: Iterable[int]) -> list[AnswerPair]:
        return [
            _pair(run, scores, row, names[row], (pair, columns), float(moves[row]), texts) for row in rows
        ]

    return TurnedRecords(pairs(better[:most]), pairs(worse[:most]), len(better), len(worse))


def _moves(run: RunDefinition, scores: KeptScores, columns: Sequence[int]) -> Floats:
    """Return by how much each record's first is better than its second, 0 without both; shape (records,)."""
    total, weights = np.zeros((2, len(scores.record_ids)))
    for name, criterion in _weighed(run, scores):
        shares = good_shares(scores.scores[name], criterion)
        differences = shares[:, columns[0]] - shares[:, columns[1]]
        both = np.isfinite(differences)
        total[both] += criterion.weight * differences[both]
        weights[both] += criterion.weight
    return np.divide(total, weights, out=np.zeros_like(total), where=weights > 0)


def _weighed(run: RunDefinition, scores: KeptScores) -> Iterable[tuple[str, Criterion]]:
    known = [(name, each) for name, each in run.criteria.items() if name in scores.scores]
    # The only criterion counts whatever its weight is.
    return [(name, each) for name, each in known if each.weight] or known


def _texts(run: RunDefinition, wanted: set[tuple[str, str]]) -> _Texts:
    records = {record_id for record_id, _ in wanted}
    prompts = {
        each.record_id: (each.prompt, each.reference or (), each.category)
        for each in prepared_records(run.folder)
        if each.record_id in records and each.perturbed is None
    }
    return _Texts(prompts, answers_of(run, wanted), rationales_of(run, wanted))


def _pair(
    run: RunDefinition,
    scores: KeptScores,
    row: int,
    record_id: str,
    sides: tuple[tuple[str, str], Sequence[int]],
    move: float,
    texts: _Texts,
) -> AnswerPair:
    (tuned, original), columns = sides
    prompt, references, category = texts.prompts.get(record_id, ("", (), None))
    nothing = Answer(None, None)
    then, now = (texts.answers.get((record_id, name), nothing) for name in (original, tuned))
    moved = []
    for name, criterion in run.criteria.items():
        if name not in scores.scores:
            continue
        is_now, was = (_known(scores.scores[name][row, column]) for column in columns)
        if is_now is None and was is None:
            continue
        rise = 0.0 if is_now is None or was is None else is_now - was
        rise *= 1 if criterion.higher_is_better else -1
        moved.append(
            MovedScore(
                name,
                was,
                is_now,
                texts.rationales.get((record_id, original, name)),
                texts.rationales.get((record_id, tuned, name)),
                "worse" if rise < 0 else "better" if rise > 0 else "same",
            )
        )
    return AnswerPair(
        place=AnswerPlace(record_id, tuned, changed=then != now, loss=max(0.0, -move), gain=max(0.0, move)),
        category=category,
        prompt=prompt,
        references=references,
        then=then,
        now=now,
        scores=moved,
    )


def _known(score: float) -> float | None:
    return None if np.isnan(score) else float(score)
