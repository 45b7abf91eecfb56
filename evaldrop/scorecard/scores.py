"""One score per record, candidate and criterion, from the verdicts of several judges and repeats."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal, NamedTuple

import numpy as np

from evaldrop.evaluation.criteria import Criterion
from evaldrop.run.results import SKIPPED_BY_BUDGET
from evaldrop.run.tables import VerdictRow
from evaldrop.scorecard.model.scorecard import MOST_CATEGORIES
from evaldrop.statistics.vectors import Floats, Ordinals

NOT_APPLICABLE = "not_applicable"
NO_RESPONSE = "no_response"
JUDGE_ERROR: Final = "judge_error"
NO_VERDICT = "no_verdict"


class RecordScore(NamedTuple):
    """
    What a record says of a candidate on a criterion.

    `passed` is a fraction in [0, 1]: repeats of a binary judge may disagree. `reason` is there when no
    verdict had a score; `score` is then null too, unless the evaluation counts unscored verdicts as the
    worst. On a menu of names where votes are level it is the mean worth of the answers that are.
    """

    score: float | None
    passed: float | None
    reason: str | None


class Vote(NamedTuple):
    """What most say where answers are names; of a draw all that are level, and their mean worth."""

    worth: float
    answers: tuple[float, ...]

    @property
    def is_drawn(self) -> bool:
        """Whether no answer has more votes than every other one."""
        return len(self.answers) > 1


def record_scores(
    verdicts: Iterable[VerdictRow], criteria: Mapping[str, Criterion], unscored: Literal["drop", "worst"]
) -> dict[str, RecordScore]:
    """Return a score per criterion from all verdicts on one response: repeats first, then judges."""
    by_criterion: dict[str, list[VerdictRow]] = {}
    for verdict in verdicts:
        by_criterion.setdefault(verdict.criterion, []).append(verdict)
    return {name: _combine(rows, criteria[name], unscored) for name, rows in by_criterion.items()}


def _combine(rows: list[VerdictRow], criterion: Criterion, unscored: Literal["drop", "worst"]) -> RecordScore:
    # Nearly every score of a large run is of one verdict: a million of them need no averaging.
    if len(rows) == 1 and rows[0].score is not None:
        return RecordScore(rows[0].score, float(bool(rows[0].passed)), None)
    by_judge: dict[str, list[float]] = {}
    for row in rows:
        if row.score is not None:
            by_judge.setdefault(row.judge, []).append(row.score)
    if by_judge and criterion.scale.kind == "choices" and criterion.scale.is_nominal:
        return _voted(list(by_judge.values()), criterion)
    if by_judge:
        # Repeats within a judge first: a judge with more readable repeats must not outvote another.
        means = [sum(scores) / len(scores) for scores in by_judge.values()]
        return _scored(means, criterion)
    # Of several reasons the one most judges had; a tie goes to the first, as Counter keeps order.
    reason = Counter(row.unscored_reason or NO_VERDICT for row in rows).most_common(1)[0][0]
    # Not where the criterion does not apply: that is an answer, and no verdict that was lost. Nor what nobody
    # was asked for.
    if unscored == "worst" and reason not in {NOT_APPLICABLE, SKIPPED_BY_BUDGET}:
        worst = criterion.scale.low if criterion.higher_is_better else criterion.scale.high
        return RecordScore(worst, float(criterion.passes(worst)), reason)
    return RecordScore(None, None, reason)


def _scored(means: list[float], criterion: Criterion) -> RecordScore:
    if criterion.scale.kind != "binary":
        # Rounded: three judges' 4 must not become 3.9999999999999996 and fail a pass mark of 4.
        score = round(sum(means) / len(means), 12)
        return RecordScore(score, float(criterion.passes(score)), None)
    # One judge's repeats keep their share; only judges vote.
    score = _majority(means) if len(means) > 1 else means[0]
    # Not passes(score): a share of 0.5 would pass or fail as a whole by where the mark is.
    passed = score * criterion.passes(1) + (1 - score) * criterion.passes(0)
    return RecordScore(score, passed, None)


def majority(judges: Iterable[Sequence[float]]) -> Vote:
    """
    Return the answer that most give, each with one vote, shared among the answers that are level in theirs.

    Args:
        judges: The answers of each judge or person, repeats together; at least one.
    """
    votes: dict[float, float] = {}
    for given in judges:
        mine = Counter(given)
        level = [answer for answer, times in mine.items() if times == max(mine.values())]
        for answer in level:
            votes[answer] = votes.get(answer, 0.0) + 1 / len(level)
    most = max(votes.values())
    # A third and two thirds of votes may add up to a little less than one.
    answers = tuple(sorted(answer for answer, share in votes.items() if share > most - 1e-9))
    return Vote(round(sum(answers) / len(answers), 12), answers)


def _voted(judges: list[list[float]], criterion: Criterion) -> RecordScore:
    # A mean of names would be another name, or none: of two people's "refund" and one's "none" no "exchange".
    vote = majority(judges)
    passed = sum(map(criterion.passes, vote.answers)) / len(vote.answers)
    return RecordScore(vote.worth, passed, None)


def _majority(votes: list[float]) -> float:
    yes = sum(1.0 if vote > 0.5 else 0.5 if vote == 0.5 else 0.0 for vote in votes)
    return 1.0 if yes > len(votes) / 2 else 0.5 if yes == len(votes) / 2 else 0.0


def good_shares(scores: Floats, criterion: Criterion) -> Floats:
    """Return `Criterion.normalise` of a whole column: fractions in [0, 1] in which 1 is good."""
    shares = (scores - criterion.scale.low) / (criterion.scale.high - criterion.scale.low)
    return shares if criterion.higher_is_better else 1 - shares


def largest_categories(codes: Ordinals) -> dict[int, int]:
    """
    Return how many records the largest categories have, in the order of their codes.

    Args:
        codes: Each record's category, below 0 for none; shape (records,).
    """
    # Records without a category have negative codes, which bincount refuses.
    sizes = np.bincount(codes[codes >= 0])
    # Of equally large ones the first: the sort is stable.
    largest = np.argsort(-sizes, kind="stable")[:MOST_CATEGORIES].tolist()
    return {code: int(sizes[code]) for code in sorted(largest) if sizes[code]}
