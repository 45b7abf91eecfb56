"""What people's labels make of a scorecard: corrected means, and alarms about judges."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from evaldrop.scorecard.calibration import Calibration
from evaldrop.scorecard.figures import by_whom, size
from evaldrop.scorecard.model.calibration import Favour
from evaldrop.scorecard.model.paired import RestsOn
from evaldrop.scorecard.model.part import OVERALL
from evaldrop.scorecard.model.scorecard import (
    CandidateScorecard,
    Scorecard,
)


def with_calibrated_means(
    candidates: Mapping[str, CandidateScorecard], calibration: Calibration | None
) -> dict[str, CandidateScorecard]:
    """Return candidates with means and pass rates corrected by people's labels beside the judges' own."""
    if calibration is None:
        return dict(candidates)
    return {name: _with_means(name, card, calibration) for name, card in candidates.items()}


def _with_means(name: str, card: CandidateScorecard, calibration: Calibration) -> CandidateScorecard:
    means, overall = calibration.means[name], card.overall
    criteria = {
        criterion: estimate.model_copy(update={"calibrated": means.get(criterion)})
        for criterion, estimate in card.criteria.items()
    }
    if overall is not None:
        overall = overall.model_copy(update={"calibrated": calibration.overall.get(name)})
    return card.model_copy(update={"criteria": criteria, "overall": overall})


def with_people(scorecard: Scorecard, calibration: Calibration) -> Scorecard:
    """Return a scorecard with what labels say of the judges and of means; what it decides stays as it is."""
    return scorecard.model_copy(
        update={
            "candidates": with_calibrated_means(scorecard.candidates, calibration),
            "calibration": dict(calibration.criteria),
            "preferences_by_people": calibration.preferences,
        }
    )


class ByPeople(NamedTuple):
    """A difference as `evaldrop calibrate` shows it: by the judge, and corrected."""

    a: str
    b: str
    n_labelled: int
    judge: float | None
    difference: float | None
    interval: tuple[float, float] | None
    rests_on: RestsOn
    reason: str | None


def differences_by_people(scorecard: Scorecard, calibration: Calibration) -> dict[str, tuple[ByPeople, ...]]:
    """Return every two candidates' differences on what people labelled, and overall; by criterion."""
    found: dict[str, list[ByPeople]] = {}
    for pair in scorecard.comparisons:
        people = calibration.difference(pair.a, pair.b, pair.criterion)
        if people is not None:
            # With --apply the scorecard's own difference is the corrected one.
            judge = pair.judge_only.difference if pair.judge_only else pair.difference
            tested = people.pairing
            found.setdefault(pair.criterion, []).append(
                ByPeople(
                    pair.a,
                    pair.b,
                    people.n_labelled,
                    judge,
                    tested and tested.difference,
                    tested and tested.interval,
                    people.rests_on,
                    people.reason,
                )
            )
    return {criterion: tuple(pairs) for criterion, pairs in found.items()}


def people_in_words(scorecard: Scorecard) -> str:
    """Return on whose verdicts the headline rests; nothing where people labelled nothing of it."""
    if not scorecard.comparisons:
        return ""
    # The headline is about overall quality where there is one, which comes last, else the first criterion.
    last, first = scorecard.comparisons[-1].criterion, scorecard.comparisons[0].criterion
    pairs = [
        pair for pair in scorecard.comparisons if pair.criterion == (OVERALL if last == OVERALL else first)
    ]
    left_out = next((pair.left_out for pair in pairs if pair.left_out), None)
    said = dict.fromkeys(
        by_whom(pair.rests_on, pair.n_labelled) for pair in pairs if pair.rests_on != "judge"
    )
    if not said:
        return f" Scored by the judge alone: {left_out.rstrip('.')}." if left_out else ""
    some = "" if all(pair.rests_on != "judge" for pair in pairs) else "; other pairs by the judge alone"
    return f" Scored {'; '.join(said)}{some}."


def favour_alarms(scorecard: Scorecard) -> Iterator[str]:
    """Yield where labels show that the judge prefers a candidate beyond what people say."""
    for criterion, calibration in scorecard.calibration.items():
        for favour in calibration.favours:
            # Where it is the judge's own maker that is favoured, the alarm of that says so, and why.
            if favour.favours is not None and not _is_kinship(scorecard, criterion, favour):
                yield favour_in_words(criterion, favour)


def _is_kinship(scorecard: Scorecard, criterion: str, favour: Favour) -> bool:
    """Tell whether an alarm of self-preference, by people's labels, is about the same two candidates."""
    other = favour.b if favour.favours == favour.a else favour.a
    for bias in scorecard.biases.self_preference:
        sides = (bias.own, bias.others) if (bias.size or 0.0) > 0 else (bias.others, bias.own)
        is_told = bias.decisive and bias.against == "people" and bias.criterion == criterion
        if is_told and favour.favours in sides[0] and other in sides[1]:
            return True
    return False


def favour_in_words(criterion: str, favour: Favour) -> str:
    """Return whom the judge favours, by how much, and what becomes of it."""
    other = favour.b if favour.favours == favour.a else favour.a
    low, high = sorted(abs(bound) for bound in favour.interval or (0.0, 0.0))
    consequence = (
        "the comparison is corrected for it"
        if favour.corrected
        else "the comparison is not corrected for it and rests on the judge alone"
    )
    return (
        f"On {criterion} the judge prefers {favour.favours} to {other} by "
        f"{size(abs(favour.difference or 0.0))} ({size(low)} to {size(high)}) more than people do, on "
        f"{favour.n} labelled records; {consequence}."
    )
