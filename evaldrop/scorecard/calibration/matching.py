"""
Which labels are about a run, and which of them may correct its means.

A label is about a run when the response it was given for is that run's, word for word, and the question is
the same. It may correct a mean only when it belongs to a random sample of that very run (docs/judging.md).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from evaldrop.evaluation.criteria import Criterion
from evaldrop.scorecard.calibration.agreement import Response
from evaldrop.scorecard.calibration.label import SKIPPED, Label

# When people pass on more than this share, what is left is their choice and no random sample.
MOST_SKIPPED = 0.1


class CriterionLabels(NamedTuple):
    """
    The labels of one criterion: every person's last score per response.

    `random`: responses whose labels may correct the run's means; `reason` says why others may not.
    """

    by_rater: Mapping[str, Mapping[Response, float]]
    random: frozenset[Response]
    n_skipped: int
    reason: str | None

    def of_people(self, criterion: Criterion) -> dict[Response, float]:
        """Return people's score per response: by majority on a yes/no scale, by the mean on others."""
        scores: dict[Response, list[float]] = {}
        for labels in self.by_rater.values():
            for response, score in labels.items():
                scores.setdefault(response, []).append(score)
        join = _majority if criterion.scale.kind == "binary" else _mean
        return {response: join(given) for response, given in scores.items()}


class _Places(NamedTuple):
    """Places in a review's random order: with a label, passed on by everybody, not reached by anybody."""

    done: set[int]
    skipped: set[int]
    left: set[int]

    @property
    def n(self) -> int:
        return len(self.done | self.skipped | self.left)


class _Drawn(NamedTuple):
    """A review's labelled responses, and why they are no random sample of the run."""

    answered: frozenset[Response]
    n_skipped: int
    reason: str | None


def match_labels(
    labels: Iterable[Label], criteria: Mapping[str, Criterion], digests: Mapping[Response, str], run_id: str
) -> dict[str, CriterionLabels]:
    """
    Sort labels by criterion, in the order of the run's criteria; one without a score is left out.

    Args:
        labels: All labels of the evaluation, the oldest import first.
        criteria: The run's.
        digests: The digest of the run's response, for every response that a label names.
        run_id: The run.
    """
    about: dict[str, list[Label]] = {name: [] for name in criteria}
    for label in labels:
        criterion = criteria.get(label.criterion)
        if criterion is None or label.question != criterion.question:
            continue
        if digests.get((label.record_id, label.candidate)) != label.response_sha256:
            continue
        if label.score is None or criterion.scale.holds(label.score):
            about[label.criterion].append(label)
    return {name: found for name, rows in about.items() if (found := _sort(rows, run_id)).by_rater}


def _sort(rows: Sequence[Label], run_id: str) -> CriterionLabels:
    by_rater: dict[str, dict[Response, float]] = {}
    for label in rows:
        if label.score is not None:
            by_rater.setdefault(label.rater, {})[label.record_id, label.candidate] = label.score
    random: set[Response] = set()
    reasons, n_skipped = [], 0
    for review, drawn in _reviews(rows).items():
        found = _judge_review(drawn, review, run_id)
        n_skipped += found.n_skipped
        if found.reason is None:
            random |= found.answered
        elif found.answered:
            reasons.append(found.reason)
    return CriterionLabels(by_rater, frozenset(random), n_skipped, " ".join(reasons) or None)


def _reviews(rows: Sequence[Label]) -> dict[tuple[str, str | None], list[Label]]:
    reviews: dict[tuple[str, str | None], list[Label]] = {}
    for label in rows:
        reviews.setdefault((label.run_id, label.review_id), []).append(label)
    return reviews


def _judge_review(drawn: Sequence[Label], review: tuple[str, str | None], run_id: str) -> _Drawn:
    places = _places(drawn)
    skipped = len(places.skipped)
    answered = frozenset((label.record_id, label.candidate) for label in drawn if label.score is not None)
    return _Drawn(answered, skipped, _why_not_random(len(answered), places, review, run_id))


def _why_not_random(n: int, places: _Places, review: tuple[str, str | None], run_id: str) -> str | None:
    run, review_id = review
    if review_id is None:
        return f"{n} labelled responses were not drawn by evaldrop: nobody knows how they were chosen."
    if run != run_id:
        return f"{n} labelled responses are a sample of run {run}, not of this one."
    if places.left and places.done and min(places.left) < max(places.done):
        return (
            f"{n} of {places.n} drawn responses are labelled, and not the first ones of the random order: "
            "people chose them. Label those left out before."
        )
    if len(places.skipped) > MOST_SKIPPED * len(places.done | places.skipped):
        return (
            f"people passed on {len(places.skipped)} of {len(places.done | places.skipped)} responses: "
            "what is left is no random sample."
        )
    return None


def _places(drawn: Sequence[Label]) -> _Places:
    done = {label.position or 0 for label in drawn if label.score is not None}
    skipped = {label.position or 0 for label in drawn if label.reason in SKIPPED} - done
    return _Places(done, skipped, {label.position or 0 for label in drawn} - done - skipped)


def _mean(scores: Sequence[float]) -> float:
    return round(sum(scores) / len(scores), 12)


def _majority(votes: Sequence[float]) -> float:
    share = sum(votes) / len(votes)
    return 0.5 if share == 0.5 else float(share > 0.5)
