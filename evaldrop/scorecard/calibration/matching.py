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
from evaldrop.scorecard.scores import majority

# When people pass on more than this share, what is left is their choice and no random sample.
MOST_SKIPPED = 0.1


class PeoplesScore(NamedTuple):
    """What several people give a response together. A draw is worth the mean, and is no answer."""

    worth: float
    passed: float
    is_drawn: bool = False


class CriterionLabels(NamedTuple):
    """
    The labels of one criterion: every person's last score per response.

    `random`: responses whose labels may correct the run's numbers; `reason` says why others may not.
    `skipped`: those that people saw and nobody scored.
    """

    by_rater: Mapping[str, Mapping[Response, float]]
    random: frozenset[Response]
    skipped: frozenset[Response]
    n_skipped: int
    reason: str | None

    def of_people(self, criterion: Criterion) -> dict[Response, PeoplesScore]:
        """Return people's score per response: by majority where answers are names, by the mean elsewhere."""
        scores: dict[Response, list[float]] = {}
        for labels in self.by_rater.values():
            for response, score in labels.items():
                scores.setdefault(response, []).append(score)
        return {response: _joined(given, criterion) for response, given in scores.items()}


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
        # By its wording: under the same name another question may be asked by now.
        if criterion is None or label.question != criterion.question:
            continue
        # A candidate that answers anew gives another text, of which the label says nothing.
        if digests.get((label.record_id, label.candidate)) != label.response_sha256:
            continue
        if label.score is None or holds_mean(criterion, label.score):
            about[label.criterion].append(label)
    return {name: found for name, rows in about.items() if (found := _sort(rows, run_id)).by_rater}


def _sort(rows: Sequence[Label], run_id: str) -> CriterionLabels:
    by_rater: dict[str, dict[Response, float]] = {}
    reviews: dict[tuple[str, str | None, bool], list[Label]] = {}
    for label in rows:
        # Each review by itself: a half-done one must not spoil a complete one.
        reviews.setdefault((label.run_id, label.review_id, label.by_hand), []).append(label)
        if label.score is not None:
            by_rater.setdefault(label.rater, {})[label.record_id, label.candidate] = label.score
    random: set[Response] = set()
    reasons, n_skipped = [], 0
    for (drawn_in, review_id, by_hand), drawn in reviews.items():
        answered = {(label.record_id, label.candidate) for label in drawn if label.score is not None}
        places = _places(drawn)
        n_skipped += len(places.skipped)
        if by_hand:
            reason: str | None = (
                f"{len(answered)} labelled responses were picked by hand while the report was read: "
                "they are no random sample."
            )
        elif review_id is None:
            reason = (
                f"{len(answered)} labelled responses were not drawn by evaldrop: nobody knows how they were "
                "chosen."
            )
        elif drawn_in != run_id:
            reason = f"{len(answered)} labelled responses are a sample of run {drawn_in}, not of this one."
        else:
            reason = _why_chosen(len(answered), places)
        if reason is None:
            random |= answered
        elif answered:
            reasons.append(reason)
    scored = {response for given in by_rater.values() for response in given}
    passed_on = {(label.record_id, label.candidate) for label in rows if label.reason in SKIPPED}
    return CriterionLabels(
        by_rater, frozenset(random), frozenset(passed_on - scored), n_skipped, " ".join(reasons) or None
    )


class _Places(NamedTuple):
    """Places in a review's random order: with a label, passed on by everybody, not reached by anybody."""

    done: set[int]
    skipped: set[int]
    left: set[int]


def _places(drawn: Sequence[Label]) -> _Places:
    # By anybody: what one person left out another may have answered.
    done = {label.position or 0 for label in drawn if label.score is not None}
    skipped = {label.position or 0 for label in drawn if label.reason in SKIPPED} - done
    return _Places(done, skipped, {label.position or 0 for label in drawn} - done - skipped)


def _why_chosen(n: int, places: _Places) -> str | None:
    """Return why people chose what they labelled; None when it is what was drawn at random."""
    done, skipped, left = places
    # A gap in the random order means that somebody picked; stopping early keeps the rest random.
    if left and done and min(left) < max(done):
        return (
            f"{n} of {len(done | skipped | left)} drawn responses are labelled, and not the first ones of "
            "the random order: people chose them. Label those left out before."
        )
    if len(skipped) > MOST_SKIPPED * len(done | skipped):
        return (
            f"people passed on {len(skipped)} of {len(done | skipped)} responses: "
            "what is left is no random sample."
        )
    return None


def holds_mean(criterion: Criterion, score: float) -> bool:
    """Return whether a score is on the scale or, but for names on a menu, a mean of scores on it."""
    scale = criterion.scale
    return scale.holds(score) or (scale.kind != "choices" and scale.low <= score <= scale.high)


def _joined(scores: Sequence[float], criterion: Criterion) -> PeoplesScore:
    # Rounded: three people's 0.1 must not become 0.10000000000000002, which is no point of the scale.
    mean = round(sum(scores) / len(scores), 12)
    if criterion.scale.kind == "binary":
        # An even split is no answer; a side chosen for it would lean every rate that way.
        if mean == 0.5:
            return PeoplesScore(mean, 0.5, is_drawn=True)
        mean = float(mean > 0.5)
    elif criterion.scale.is_nominal:
        vote = majority([score] for score in scores)
        passed = sum(map(criterion.passes, vote.answers)) / len(vote.answers)
        return PeoplesScore(vote.worth, passed, vote.is_drawn)
    return PeoplesScore(mean, float(criterion.passes(mean)))
