"""Quality against price: which candidates are dominated, and what more quality costs."""

from collections.abc import Iterable, Mapping, Sequence

from evaldrop.scorecard.figures import usd
from evaldrop.scorecard.model.scorecard import OVERALL, CandidateScorecard, Comparison
from evaldrop.scorecard.model.usefulness import FrontierPoint

# A point is 0.01 of `overall`.
_POINT = 0.01


def quality_cost_frontier(
    candidates: Mapping[str, CandidateScorecard], comparisons: Iterable[Comparison]
) -> tuple[FrontierPoint, ...]:
    """
    Return the candidates with a quality and a price, the cheapest first; of equal price the best first.

    Dominated is who has another at least as good and no dearer, one of both strictly. That compares
    estimates: `decisive` says whether the difference in quality is more than chance.
    """
    known = [
        FrontierPoint(candidate=name, quality=card.overall.mean, cost_usd_per_1000_records=price)
        for name, card in candidates.items()
        if card.overall is not None
        and card.overall.mean is not None
        and (price := card.cost_usd.per_1000_records) is not None
    ]
    known.sort(key=lambda point: (point.cost_usd_per_1000_records, -point.quality))
    decided = _decided_pairs(comparisons)
    points: list[FrontierPoint] = []
    step: FrontierPoint | None = None
    for point in known:
        better = tuple(other.candidate for other in known if _dominates(other, point))
        if better:
            is_decided = any((name, point.candidate) in decided for name in better)
            points.append(point.model_copy(update={"dominated_by": better, "decisive": is_decided}))
            continue
        points.append(_priced(point, step, decided))
        step = point
    return tuple(points)


def frontier_in_words(frontier: Sequence[FrontierPoint]) -> list[str]:
    """Return a sentence per candidate that is dominated, or that costs more than a worse one."""
    said = []
    for point in frontier:
        if point.dominated_by:
            sure = "" if point.decisive else ", though its lower quality may be chance"
            said.append(
                f"{point.candidate} is dominated: {_listed(point.dominated_by)} "
                f"{'is' if len(point.dominated_by) == 1 else 'are'} at least as good for no more money{sure}."
            )
        elif point.usd_per_point is not None:
            sure = "" if point.decisive else ", if there is a difference: it is not decided"
            said.append(
                f"{point.candidate} over {point.over}: one more point of quality (0.01) costs "
                f"{usd(point.usd_per_point)} per 1,000 records{sure}."
            )
    return said


def _dominates(one: FrontierPoint, other: FrontierPoint) -> bool:
    better = one.quality - other.quality
    cheaper = other.cost_usd_per_1000_records - one.cost_usd_per_1000_records
    return better >= 0 and cheaper >= 0 and better + cheaper > 0


def _priced(point: FrontierPoint, step: FrontierPoint | None, decided: set[tuple[str, str]]) -> FrontierPoint:
    if step is None or point.quality == step.quality:
        return point
    dearer = point.cost_usd_per_1000_records - step.cost_usd_per_1000_records
    return point.model_copy(
        update={
            "over": step.candidate,
            "usd_per_point": dearer / ((point.quality - step.quality) / _POINT),
            "decisive": (point.candidate, step.candidate) in decided,
        }
    )


def _decided_pairs(comparisons: Iterable[Comparison]) -> set[tuple[str, str]]:
    """Return (better, worse) of every decisive comparison on the main quantity."""
    found = list(comparisons)
    main = OVERALL if any(pair.criterion == OVERALL for pair in found) else None
    return {
        (pair.better, pair.b if pair.better == pair.a else pair.a)
        for pair in found
        if pair.better is not None and (main is None or pair.criterion == main)
    }


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
