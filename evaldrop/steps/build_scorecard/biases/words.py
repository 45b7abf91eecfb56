"""Biases in sentences: an alarm names the size, what it does to the ranking, and what to do; a hint asks."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from evaldrop.scorecard.figures import percent, percent_interval, size
from evaldrop.scorecard.model.biases import (
    AnchorDrift,
    BiasEstimate,
    IdenticalTexts,
    LengthBias,
    PositionBias,
    SelfPreferenceBias,
)
from evaldrop.scorecard.model.scorecard import Scorecard
from evaldrop.statistics.multiplicity import holm

# Hints are no alarms, but are not to come by chance either.
_SURE = 0.05
# As of biases: a smaller share of the scale is no reason to do anything.
_SMALLEST = 0.02

B = TypeVar("B", bound=BiasEstimate)


def bias_alarms(scorecard: Scorecard, *, orders: str) -> Iterator[str]:
    """
    Yield a sentence for each bias that is more than chance, those of one kind on several criteria as one.

    Args:
        scorecard: The scorecard, with its biases and comparisons.
        orders: The orders in which pairs were shown, as the evaluation says it.
    """
    biases = scorecard.biases
    for place in biases.position:
        if place.decisive:
            yield _position(place, orders)
    if biases.position and orders in _ALWAYS_FIRST:
        yield (
            f"Every pair was shown with {_ALWAYS_FIRST[orders]} first (pairwise.orders: {orders}): a judge "
            "that prefers a place looks as if it preferred a candidate. Show both orders before you act on "
            "preferences."
        )
    for length, also in _grouped(biases.verbosity, lambda each: str(each.against)):
        yield f"{_length(length)}{also} {_stakes(scorecard, length, _LENGTH_CURE)}"
    for own, also in _grouped(biases.self_preference, lambda each: f"{each.judge} {each.against}"):
        yield f"{_self_preference(own)}{also} {_stakes(scorecard, own, _SELF_CURE)}"
    for text, also in _grouped(biases.identical_texts, lambda each: f"{each.judge} {each.of}"):
        yield f"{_identical(text)}{also} {_IDENTICAL_CURE}"
    for drift, also in _grouped(biases.anchor_drift, lambda each: each.judge):
        yield f"{_drift(drift, scorecard)}{also} {_moved_with(drift, scorecard)} {_DRIFT_CURE}"


def bias_hints(scorecard: Scorecard) -> Iterator[str]:
    """Yield what may be a bias, and cannot be told: a preference for length, a judge among its own kin."""
    lengths = [
        each
        for each in scorecard.biases.verbosity
        if each.p_value is None and each.longer_gains_p_value is not None
    ]
    adjusted = holm([each.longer_gains_p_value or 0.0 for each in lengths]).tolist()
    sure = [
        each
        for each, p_value in zip(lengths, adjusted, strict=True)
        if p_value < _SURE and abs(each.longer_gains or 0.0) >= _SMALLEST * _range(scorecard, each.criterion)
    ]
    # Criteria on which longer ones gain are one sentence, and those on which they lose another.
    for way in ("longer", "shorter"):
        if gaining := [each for each in sure if _longer(each.longer_gains) == way]:
            yield _length_hint(gaining, way)
    seen: set[str] = set()
    for own in scorecard.biases.self_preference:
        if own.against is None and own.judge not in seen:
            seen.add(own.judge)
            yield (
                f"Judge {own.judge} shares its maker, {own.maker}, with {', '.join(own.own)}. Whether it "
                "favours its own is not known: people's labels or a judge of another maker would tell."
            )


_ALWAYS_FIRST = {"candidate_first": "the candidate", "baseline_first": "the baseline"}
_UNKNOWN = "people's labels would tell (evaldrop review export)"
_MIXED = "where one candidate nearly always writes more, that cannot be told from a taste for it"
_LENGTH_CURE = (
    "Label a random sample to correct differences (evaldrop review export), or say in the criterion that "
    "length does not count."
)
_SELF_CURE = (
    "Judge by a model of another maker, or label a random sample to correct differences (evaldrop review "
    "export)."
)
_IDENTICAL_CURE = "Give the judge more repeats, or temperature 0, before you act on small differences."
_DRIFT_CURE = "Judge the baseline's responses again (evaldrop rejudge) before you act on it."


def _stakes(scorecard: Scorecard, bias: LengthBias | SelfPreferenceBias, cure: str) -> str:
    """Return what a bias does to the order of candidates, and what to do unless labels correct it."""
    at_stake = _at_stake(scorecard, bias.criterion, bias.size)
    return at_stake if _is_corrected(scorecard, bias.criterion) else f"{at_stake} {cure}"


def _grouped(estimates: Sequence[B], kind: Callable[[B], str]) -> Iterator[tuple[B, str]]:
    """Yield the largest decided one of each kind, and in words the criteria of the others."""
    groups: dict[str, list[B]] = {}
    for each in estimates:
        if each.decisive:
            groups.setdefault(kind(each), []).append(each)
    for found in groups.values():
        found.sort(key=lambda each: -abs(each.size or 0.0))
        names = [str(getattr(each, "criterion", "")) for each in found[1:]]
        yield found[0], f" Likewise on {', '.join(names)}." if names else ""


def _length_hint(found: Sequence[LengthBias], way: str) -> str:
    first, names = found[0], ", ".join(each.criterion for each in found[1:])
    bounds = sorted(abs(bound) for bound in first.longer_gains_interval or (0.0, 0.0))
    gains = f"{size(bounds[0])} to {size(bounds[1])} better on average ({first.n_compared:,} pairs)"
    likewise = f", likewise on {names}" if names else ""
    return (
        f"On {first.criterion} the {way} of two responses to a record scores {gains}{likewise}. That may be "
        f"so, or the judge's taste: {_MIXED if first.against else _UNKNOWN}."
    )


def _position(bias: PositionBias, orders: str) -> str:
    share, between = percent(bias.size), percent_interval(bias.interval)
    said = f"Judge {bias.judge}: the response shown first got {share} of {bias.n:,} preferences ({between})"
    if orders == "both":
        changed = percent(bias.order_decides)
        return (
            f"{said}, where 50 % is fair. Both orders were shown, so nobody gains by it; but the order "
            f"decided {changed} of the pairs, which count as ties or as halves and hide who is better. Ask "
            "another judge, or criteria instead of pairs."
        )
    return (
        f"{said}, where 50 % is fair. The order was drawn for each record, so nobody gains by it on "
        "average; but it draws win rates towards one half and makes them less sure. Show both orders "
        "(pairwise.orders: both), or ask another judge."
    )


def _length(bias: LengthBias) -> str:
    people = bias.against == "people"
    whom = "people do" if people else f"{bias.against}, the metric against the reference, accounts for"
    pairs = "labelled pairs" if people else "pairs"
    return (
        f"On {bias.criterion} the judge gives the {_longer(bias.size)} of two responses {_amount(bias)} more "
        f"than {whom}, on {bias.n:,} {pairs}."
    )


def _self_preference(bias: SelfPreferenceBias) -> str:
    gives = "more" if (bias.size or 0.0) > 0 else "less"
    whom = "people do" if bias.against == "people" else f"{bias.against} does"
    return (
        f"Judge {bias.judge} gives {', '.join(bias.own)}, of its own maker {bias.maker}, {_amount(bias)} "
        f"{gives} on {bias.criterion} than {whom}, beside {', '.join(bias.others)}, on {bias.n:,} records."
        f"{_published(bias)}"
    )


def _published(bias: SelfPreferenceBias) -> str:
    """Return the published measures, those that are more than chance."""
    kinds = (
        ("good", bias.bias, bias.bias_interval),
        ("bad", bias.false_positive_gap, bias.false_positive_gap_interval),
    )
    said = [
        f"of responses that people call {kind} it passes {abs(share) * 100:.0f} in 100 "
        f"{'more' if share > 0 else 'fewer'} of its own"
        for kind, share, interval in kinds
        if share and interval and not interval[0] <= 0 <= interval[1]
    ]
    return f" {'; '.join(said)}.".replace(" of", " Of", 1) if said else ""


def _identical(bias: IdenticalTexts) -> str:
    twice = "records on which candidates answered with one and the same text"
    asked = "responses about which it was asked again"
    share, gap, noise = percent(bias.size), size(bias.mean_gap or 0.0), size(bias.noise or 0.0)
    return (
        f"Judge {bias.judge} gave the same text different scores on {bias.criterion}: on {share} "
        f"({percent_interval(bias.interval)}) of {bias.n:,} {twice if bias.of == 'candidates' else asked}, "
        f"{gap} apart on average. That alone can make two candidates' means differ by {noise}: smaller "
        "differences mean nothing."
    )


def _drift(bias: AnchorDrift, scorecard: Scorecard) -> str:
    way = "more" if (bias.size or 0.0) > 0 else "less"
    then = scorecard.baseline.run_id if scorecard.baseline else None
    return (
        f"Judge {bias.judge} moved since run {then}: it gives the same {bias.n} anchors {_amount(bias)} "
        f"{way} on {bias.criterion}."
    )


def _moved_with(bias: AnchorDrift, scorecard: Scorecard) -> str:
    """Return which decided changes since the baseline went the judge's way."""
    baseline = scorecard.baseline
    moved = []
    for name, card in baseline.candidates.items() if baseline else ():
        found = card.criteria.get(bias.criterion)
        if found and found.decision != "undecided" and (found.difference or 0.0) * (bias.size or 0.0) > 0:
            moved.append(f"{name} {found.decision} by {size(abs(found.difference or 0.0))}")
    if moved:
        return f"What moved the same way may be the judge: {', '.join(moved)}."
    return "Changes of that size since then say nothing about a candidate."


def _at_stake(scorecard: Scorecard, criterion: str, amount: float | None) -> str:
    """Return what a bias of a size does to the order of candidates on a criterion."""
    pairs = [
        pair
        for pair in scorecard.comparisons
        if pair.criterion == criterion and pair.decisive and pair.better is not None
    ]
    alone = [pair for pair in pairs if pair.rests_on == "judge"]
    small = [pair for pair in alone if abs(pair.difference or 0.0) <= abs(amount or 0.0)]
    if small:
        leads = ", ".join(
            f"{pair.better} over {pair.b if pair.better == pair.a else pair.a} by "
            f"{size(abs(pair.difference or 0.0))}"
            for pair in small
        )
        return f"These leads are no larger, and no proof: {leads}."
    if alone:
        return f"The decided differences on {criterion} are larger, and overstated or understated by it."
    if pairs or _is_corrected(scorecard, criterion):
        return f"Differences on {criterion} are corrected by people's labels."
    return f"No difference on {criterion} is decided; it could make one, or hide one."


def _is_corrected(scorecard: Scorecard, criterion: str) -> bool:
    """Tell whether people's labels decide every comparison on a criterion."""
    rests_on = {pair.rests_on for pair in scorecard.comparisons if pair.criterion == criterion}
    return bool(rests_on) and "judge" not in rests_on


def _amount(bias: BiasEstimate) -> str:
    amount = size(abs(bias.size or 0.0))
    if bias.interval is None:
        return amount
    low, high = bias.interval if (bias.size or 0.0) > 0 else (-bias.interval[1], -bias.interval[0])
    return f"{amount} ({_signed(low)} to {_signed(high)})"


def _signed(bound: float) -> str:
    return f"-{size(-bound)}" if bound < 0 else size(bound)


def _longer(gain: float | None) -> str:
    return "longer" if (gain or 0.0) > 0 else "shorter"


def _range(scorecard: Scorecard, criterion: str) -> float:
    info = scorecard.criteria[criterion]
    return info.high - info.low
