"""Win rates as people's preferences have them: of pairs of which people compared all, or a random sample."""

from collections.abc import Iterator, Mapping, Sequence

from evaldrop.scorecard.figures import percent, percent_interval
from evaldrop.scorecard.model.calibration import PeoplesPreferences
from evaldrop.scorecard.model.pairwise import CandidatePairwise, PairwiseEstimate, pairs_of
from evaldrop.scorecard.model.part import Interval
from evaldrop.scorecard.model.scorecard import Scorecard
from evaldrop.statistics.intervals import normal_quantile
from evaldrop.statistics.multiplicity import holm

Pair = tuple[str, str]
_EVEN = 0.5


def with_peoples_preferences(
    pairwise: Mapping[str, CandidatePairwise | None],
    preferences: Sequence[PeoplesPreferences],
    confidence: float,
) -> dict[str, CandidatePairwise | None]:
    """
    Return win rates that rest on people where their preferences correct the judges'.

    Pairs stay one family: Holm's method over people's p values and the judges' of the other pairs. A rate
    over several opponents stays the judges'.
    """
    people = {
        (one.candidate, one.baseline): one
        for one in preferences
        if one.corrected_win_rate is not None and one.interval is not None and one.p_value is not None
    }
    found = dict(pairs_of(pairwise))
    if not any(pair in found or pair[::-1] in found for pair in people):
        return dict(pairwise)
    for pair, estimate in found.items():
        if pair in people:
            found[pair] = _by_people(estimate, people[pair], confidence)
        elif pair[::-1] in people:
            found[pair] = _turned(_by_people(_turned(estimate), people[pair[::-1]], confidence))
    tested = {pair: one.p_value for pair, one in found.items() if one.p_value is not None}
    adjusted = dict(zip(tested, holm(list(tested.values())).tolist(), strict=True))
    decided = {pair: _decided(one, adjusted.get(pair), confidence) for pair, one in found.items()}
    return {name: known and _with_pairs(name, known, decided) for name, known in pairwise.items()}


def lean_alarms(scorecard: Scorecard) -> Iterator[str]:
    """Yield where judges prefer a candidate more often than people do, on pairs that both compared."""
    found = [one for one in scorecard.preferences_by_people if one.judge_lean_p_value is not None]
    adjusted = holm([one.judge_lean_p_value or 0.0 for one in found]).tolist()
    for one, p_value in zip(found, adjusted, strict=True):
        if p_value >= 1 - scorecard.confidence:
            continue
        rested = "the comparison rests on the judges alone"
        if one.corrected_win_rate is not None:
            people = f"{percent(one.corrected_win_rate)} ({percent_interval(one.interval)})"
            rested = f"by people it is {people}, and that decides"
        yield (
            f"Judges do not prefer as people do: on the pairs that both compared they give {one.candidate} a "
            f"win rate over {one.baseline} that is {100 * abs(one.judge_lean or 0.0):.0f} points "
            f"{'higher' if (one.judge_lean or 0.0) > 0 else 'lower'}; {rested}."
        )


def _by_people(estimate: PairwiseEstimate, people: PeoplesPreferences, confidence: float) -> PairwiseEstimate:
    rate, interval = people.corrected_win_rate or 0.0, people.interval or (0.0, 1.0)
    level = estimate.family.confidence if estimate.family else confidence
    times = normal_quantile(level) / normal_quantile(confidence)
    wider = (max(0.0, rate - times * (rate - interval[0])), min(1.0, rate + times * (interval[1] - rate)))
    lost = estimate.n_lost / (estimate.n + estimate.n_unscored)
    return estimate.model_copy(
        update={
            "win_rate": rate,
            "standard_error": None,
            "interval": interval,
            "bounds": _whatever(lost, (rate, rate)),
            "bounds_interval": _whatever(lost, interval) if lost else None,
            "p_value": people.p_value,
            "family_interval": _whatever(lost, wider),
            "open": "missing" if not wider[0] <= _EVEN <= wider[1] else "chance",
            "rests_on": people.rests_on,
            "n_labelled": people.n_labelled,
        }
    )


def _whatever(lost: float, bounds: Interval) -> Interval:
    """Return what bounds may reach, whatever a share of pairs that was lost would have been."""
    return (1 - lost) * bounds[0], (1 - lost) * bounds[1] + lost


def _decided(estimate: PairwiseEstimate, p_adjusted: float | None, confidence: float) -> PairwiseEstimate:
    low, high = estimate.family_interval or (0.0, 1.0)
    is_sure = p_adjusted is not None and p_adjusted < 1 - confidence
    decisive = is_sure and not low <= _EVEN <= high
    open_by = None if decisive else "chance" if not is_sure else estimate.open or "chance"
    return estimate.model_copy(update={"p_adjusted": p_adjusted, "decisive": decisive, "open": open_by})


def _turned(estimate: PairwiseEstimate) -> PairwiseEstimate:
    """Return what the other side of a pair has of an estimate that is to be overwritten, or was."""

    def turn(bounds: Interval | None) -> Interval | None:
        return bounds and (1 - bounds[1], 1 - bounds[0])

    names = ("interval", "bounds", "bounds_interval", "family_interval")
    rate = estimate.win_rate
    return estimate.model_copy(
        update={
            "win_rate": rate if rate is None else 1 - rate,
            "wins": estimate.losses,
            "losses": estimate.wins,
            **{name: turn(getattr(estimate, name)) for name in names},
        }
    )


def _with_pairs(
    name: str, known: CandidatePairwise, decided: Mapping[Pair, PairwiseEstimate]
) -> CandidatePairwise:
    by_baseline = {}
    for other, was in known.by_baseline.items():
        one = decided[name, other] if (name, other) in decided else _turned(decided[other, name])
        by_baseline[other] = one.model_copy(update={"scores": was.scores})
    found = known.model_copy(update={"by_baseline": by_baseline})
    if len(by_baseline) > 1:
        return found
    (only,) = by_baseline.values()
    return found.model_copy(update={field: getattr(only, field) for field in _SHARED})


_SHARED = (
    "win_rate",
    "standard_error",
    "interval",
    "bounds",
    "bounds_interval",
    "p_value",
    "p_adjusted",
    "family_interval",
    "decisive",
    "open",
    "rests_on",
    "n_labelled",
)
