"""What people's labels make of a scorecard: corrected means, and alarms about judges."""

from collections.abc import Iterator, Mapping

from evaldrop.scorecard.calibration import Calibration
from evaldrop.scorecard.figures import size
from evaldrop.scorecard.model.calibration import Favour
from evaldrop.scorecard.model.scorecard import CandidateScorecard, Scorecard


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
        }
    )


def favour_alarms(scorecard: Scorecard) -> Iterator[str]:
    """Yield where labels show that the judge prefers a candidate beyond what people say."""
    for criterion, calibration in scorecard.calibration.items():
        for favour in calibration.favours:
            if favour.favours is not None:
                yield _favour_in_words(criterion, favour)


def _favour_in_words(criterion: str, favour: Favour) -> str:
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
