"""What criteria and candidates are good for: scores that tell nothing apart or go with length, and price."""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from evaldrop.errors import NotEnoughData
from evaldrop.evaluation.criteria import Criterion
from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.figures import percent, usd
from evaldrop.scorecard.model.part import OVERALL
from evaldrop.scorecard.model.scorecard import (
    CandidateScorecard,
    Comparison,
)
from evaldrop.scorecard.model.usefulness import (
    CriterionPair,
    CriterionUse,
    FrontierPoint,
    LengthQuartile,
    LengthRelation,
)
from evaldrop.scorecard.scores import good_shares
from evaldrop.statistics.paired_test import Scores, shared_scores
from evaldrop.statistics.ranks import spearman
from evaldrop.statistics.vectors import Floats
from evaldrop.steps.build_scorecard.columns import ColumnsOf
from evaldrop.steps.build_scorecard.counts import ScoreColumn
from evaldrop.steps.build_scorecard.step_prices import POINT
from evaldrop.steps.build_scorecard.tally import Columns

# Beyond so many criteria the table of pairs would be larger than the scorecard.
MOST_PAIRED = 30
# With fewer scores than this nothing is said about a criterion.
FEWEST_SCORES = 20
# From here on a criterion says the same of everything, two candidates differ nowhere, two criteria agree.
SAME_SCORE, SAME_CANDIDATES, SAME_CRITERIA = 0.98, 0.02, 0.9
# Fewer responses than this make no quarters.
_FEWEST = 8

_Differences = dict[tuple[str, str], float]
"""How much better the first of a pair is than the second, as a share of the scale."""


def criteria_use(run: RunDefinition, columns: Mapping[str, ColumnsOf], size: int) -> dict[str, CriterionUse]:
    """Return, for each criterion, how much its scores differ over responses and between candidates."""
    return {
        name: _use(
            name,
            [parts[name] for parts in columns.values() if name in parts],
            size,
            # A check is free, and one that all pass is a guard.
            is_judged=name in run.judged_criteria,
        )
        for name in run.criteria
    }


def criterion_pairs(run: RunDefinition, columns: Mapping[str, ColumnsOf]) -> tuple[CriterionPair, ...]:
    """Return how far every two criteria agree on the same responses; nothing for more than `MOST_PAIRED`."""
    if len(run.criteria) > MOST_PAIRED:
        return ()
    return tuple(_pair(a, b, columns, run.criteria) for a, b in combinations(run.criteria, 2))


def score_by_length(texts: Columns, columns: ColumnsOf, overall: Scores) -> dict[str, LengthRelation]:
    """
    Return how a candidate's scores go with its responses' lengths, by criterion.

    Length-controlled win rates are not computed: the small regression over-corrects for short models badly
    (docs/method.md).
    """
    ordinals, characters, _ = texts.in_order()
    lengths = (ordinals, characters.astype(np.float64))
    scores = {name: (column.ordinals, column.scores) for name, column in columns.items()}
    if len(columns) > 1 and OVERALL not in columns:
        scores[OVERALL] = overall
    return {name: _relation(lengths, column) for name, column in scores.items()}


def quality_cost_frontier(
    candidates: Mapping[str, CandidateScorecard],
    quality: Mapping[str, float],
    comparisons: Sequence[Comparison],
    criteria: Mapping[str, Criterion],
) -> tuple[FrontierPoint, ...]:
    """
    Return the candidates with a quality and a price, the cheapest first; of equal price the best first.

    Dominated is who has another at least as good and no dearer, one of both strictly. That compares
    estimates: `decisive` says whether the difference in quality is more than chance. How much better one is
    than another is their comparison, on what both have: with the verdicts that all candidates have, a third
    one's missing ones would decide which of two is better.

    Args:
        candidates: For their prices.
        quality: Each candidate's mean over the verdicts that all of them have.
        comparisons: Those of the run, on what `quality` is.
        criteria: The run's; their scales turn differences into shares.
    """
    better_by = _differences(comparisons, criteria)
    known = [
        FrontierPoint(candidate=name, quality=quality[name], cost_usd_per_1000_records=price)
        for name, card in candidates.items()
        if name in quality and (price := card.cost_usd.per_1000_records) is not None
    ]
    known.sort(key=lambda point: (point.cost_usd_per_1000_records, -point.quality))
    decided = _decided_pairs(comparisons)
    points: list[FrontierPoint] = []
    step: FrontierPoint | None = None
    for point in known:
        better = tuple(other.candidate for other in known if _dominates(other, point, better_by))
        if better:
            is_decided = any((name, point.candidate) in decided for name in better)
            points.append(point.model_copy(update={"dominated_by": better, "decisive": is_decided}))
            continue
        points.append(_priced(point, step, better_by, decided))
        step = point
    return tuple(points)


def frontier_in_words(frontier: Sequence[FrontierPoint]) -> list[str]:
    """Return a sentence per candidate that is dominated, or that costs more than a worse one."""
    said = []
    for point in frontier:
        if point.dominated_by:
            sure = "" if point.decisive else ", though which is better is not decided"
            said.append(
                f"{point.candidate} is dominated: {_listed(point.dominated_by)} "
                f"{'is' if len(point.dominated_by) == 1 else 'are'} at least as good for no more money{sure}."
            )
        elif point.usd_per_point is not None:
            sure = "" if point.decisive else ", if there is a difference: it is not decided"
            said.append(
                f"{point.candidate} over {point.over}: one more point of quality (0.01) costs "
                f"{usd(point.usd_per_point)}{_bounds(point)} per 1,000 records{sure}"
                f"{'; nothing bounds that price' if point.reason else ''}."
            )
    return said


def _bounds(point: FrontierPoint) -> str:
    bounds = point.usd_per_point_interval
    return f" ({' to '.join(map(usd, bounds))})" if bounds else ""


def _use(name: str, columns: Sequence[ScoreColumn], size: int, *, is_judged: bool) -> CriterionUse:
    scores = np.concatenate([column.scores for column in columns]) if columns else np.zeros(0)
    if not scores.size:
        return CriterionUse(n=0)
    values, counts = np.unique(scores, return_counts=True)
    commonest, share = float(values[counts.argmax()]), float(counts.max() / scores.size)
    differing = _differing_share(columns, size)
    finding = _finding(name, int(scores.size), commonest, share, differing) if is_judged else None
    return CriterionUse(
        n=int(scores.size),
        commonest_score=commonest,
        commonest_share=share,
        differing_share=differing,
        finding=finding,
    )


def _finding(name: str, n: int, commonest: float, share: float, differing: float | None) -> str | None:
    if n < FEWEST_SCORES:
        return None
    if share >= SAME_SCORE:
        return (
            f"{name} is {commonest:g} for {percent(share)} of {n} responses: it tells nothing apart. "
            "Make it harder, or drop it and save its share of the judge's tokens."
        )
    if differing is not None and differing <= SAME_CANDIDATES:
        return (
            f"{name} differs between candidates on {percent(differing)} of the records: "
            "it says which records are hard, not which candidate is better."
        )
    return None


def _differing_share(columns: Sequence[ScoreColumn], size: int) -> float | None:
    low, high, seen = np.full(size, np.inf), np.full(size, -np.inf), np.zeros(size, np.int16)
    for column in columns:
        low[column.ordinals] = np.minimum(low[column.ordinals], column.scores)
        high[column.ordinals] = np.maximum(high[column.ordinals], column.scores)
        seen[column.ordinals] += 1
    several = seen > 1
    return float((high[several] > low[several]).mean()) if several.any() else None


def _pair(
    a: str, b: str, columns: Mapping[str, ColumnsOf], criteria: Mapping[str, Criterion]
) -> CriterionPair:
    n, correlation = _correlation(a, b, columns, criteria)
    finding = None
    if correlation is not None and n >= FEWEST_SCORES and correlation >= SAME_CRITERIA:
        finding = (
            f"{a} and {b} say the same (correlation {correlation:.2f} over {n} responses): "
            "one of them is enough, or their questions overlap."
        )
    return CriterionPair(a=a, b=b, n=n, correlation=correlation, finding=finding)


def _correlation(
    a: str, b: str, columns: Mapping[str, ColumnsOf], criteria: Mapping[str, Criterion]
) -> tuple[int, float | None]:
    """Return the responses with both scores and Pearson's r, candidate by candidate to hold no matrix."""
    n, sums, products = 0, np.zeros(2), np.zeros((2, 2))
    for parts in columns.values():
        if a not in parts or b not in parts:
            continue
        shared = shared_scores((parts[a].ordinals, parts[a].scores), (parts[b].ordinals, parts[b].scores))
        # About the middle of the scale, so that squares of a million scores lose no figures.
        both = (
            np.stack([good_shares(shared.first, criteria[a]), good_shares(shared.second, criteria[b])]) - 0.5
        )
        n += shared.first.size
        sums += both.sum(axis=1)
        products += both @ both.T
    if n < 2:
        return n, None
    covariance = products - np.outer(sums, sums) / n
    spread = np.sqrt(covariance[0, 0] * covariance[1, 1])
    # Rounding leaves about 1e-16 per score where a criterion never varies.
    return n, float(np.clip(covariance[0, 1] / spread, -1, 1)) if spread > 1e-12 * n else None


def _relation(lengths: Scores, scores: Scores) -> LengthRelation:
    _, length, score = shared_scores(lengths, scores)
    if length.size < _FEWEST:
        return LengthRelation(n=length.size, reason=f"fewer than {_FEWEST} responses with a score")
    quartiles = tuple(_quartiles(length, score))
    try:
        correlation = spearman(length, score)
    except NotEnoughData:
        return LengthRelation(
            n=length.size, quartiles=quartiles, reason="all lengths or all scores are equal"
        )
    return LengthRelation(
        n=length.size,
        spearman=correlation.coefficient,
        p_value=correlation.p_value,
        quartiles=quartiles,
    )


def _quartiles(length: Floats, score: Floats) -> list[LengthQuartile]:
    # Responses of one length stay in one quarter, so quarters differ in size where lengths are tied.
    quarter = np.searchsorted(np.quantile(length, [0.25, 0.5, 0.75]), length, side="left")
    found = []
    for place in np.unique(quarter):
        inside = quarter == place
        found.append(
            LengthQuartile(
                low=int(length[inside].min()),
                high=int(length[inside].max()),
                n=int(inside.sum()),
                mean=float(score[inside].mean()),
            )
        )
    return found


def _dominates(one: FrontierPoint, other: FrontierPoint, better_by: _Differences) -> bool:
    better = better_by.get((one.candidate, other.candidate))
    if better is None:
        return False
    cheaper = other.cost_usd_per_1000_records - one.cost_usd_per_1000_records
    # The sum, for two equals would dominate each other and both leave the frontier.
    return better >= 0 and cheaper >= 0 and better + cheaper > 0


def _priced(
    point: FrontierPoint,
    step: FrontierPoint | None,
    better_by: _Differences,
    decided: set[tuple[str, str]],
) -> FrontierPoint:
    better = None if step is None else better_by.get((point.candidate, step.candidate))
    # Of pairs that do not share the same verdicts the next cheaper one may be neither better nor worse.
    if step is None or better is None or better <= 0:
        return point
    dearer = point.cost_usd_per_1000_records - step.cost_usd_per_1000_records
    return point.model_copy(
        update={
            "over": step.candidate,
            "usd_per_point": dearer / (better / POINT),
            "decisive": (point.candidate, step.candidate) in decided,
        }
    )


def _on_quality(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """Return the comparisons on the main quantity."""
    main = OVERALL if any(pair.criterion == OVERALL for pair in comparisons) else None
    return [pair for pair in comparisons if main is None or pair.criterion == main]


def _decided_pairs(comparisons: Sequence[Comparison]) -> set[tuple[str, str]]:
    """Return (better, worse) of every decisive comparison on the main quantity."""
    return {
        (pair.better, pair.b if pair.better == pair.a else pair.a)
        for pair in _on_quality(comparisons)
        if pair.better is not None
    }


def _differences(comparisons: Sequence[Comparison], criteria: Mapping[str, Criterion]) -> _Differences:
    """Return how much better each candidate is than each other one, as a share of the scale."""
    found: _Differences = {}
    for pair in _on_quality(comparisons):
        if pair.difference is None:
            continue
        better = pair.difference
        if (criterion := criteria.get(pair.criterion)) is not None:
            better /= criterion.scale.high - criterion.scale.low
            better *= 1 if criterion.higher_is_better else -1
        found[pair.a, pair.b], found[pair.b, pair.a] = better, -better
    return found


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
