"""Which criteria tell nothing apart, and which of them say the same as another."""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from evaldrop.evaluation.criteria import Criterion
from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.figures import percent
from evaldrop.scorecard.model.usefulness import CriterionPair, CriterionUse
from evaldrop.scorecard.scores import good_shares
from evaldrop.statistics.paired_test import shared_scores
from evaldrop.steps.build_scorecard.estimates import Columns
from evaldrop.steps.build_scorecard.tally import ScoreColumn

# Beyond so many criteria the table of pairs would be larger than the scorecard.
MOST_PAIRED = 30
# With fewer scores than this nothing is said about a criterion.
FEWEST_SCORES = 20
# From here on a criterion says the same of everything, two candidates differ nowhere, two criteria agree.
SAME_SCORE, SAME_CANDIDATES, SAME_CRITERIA = 0.98, 0.02, 0.9


def criteria_use(run: RunDefinition, columns: Mapping[str, Columns], records: int) -> dict[str, CriterionUse]:
    """Return, for each criterion, how much its scores differ over responses and between candidates."""
    return {
        name: _use(name, [parts[name] for parts in columns.values() if name in parts], records)
        for name in run.criteria
    }


def criterion_pairs(run: RunDefinition, columns: Mapping[str, Columns]) -> tuple[CriterionPair, ...]:
    """Return how far every two criteria agree on the same responses; nothing for more than `MOST_PAIRED`."""
    if len(run.criteria) > MOST_PAIRED:
        return ()
    return tuple(_pair(a, b, columns, run.criteria) for a, b in combinations(run.criteria, 2))


def _use(name: str, columns: Sequence[ScoreColumn], records: int) -> CriterionUse:
    scores = np.concatenate([column.scores for column in columns]) if columns else np.zeros(0)
    if not scores.size:
        return CriterionUse(n=0)
    values, counts = np.unique(scores, return_counts=True)
    commonest, share = float(values[counts.argmax()]), float(counts.max() / scores.size)
    differing = _differing_share(columns, records)
    return CriterionUse(
        n=int(scores.size),
        commonest_score=commonest,
        commonest_share=share,
        differing_share=differing,
        finding=_finding(name, int(scores.size), commonest, share, differing),
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


def _differing_share(columns: Sequence[ScoreColumn], records: int) -> float | None:
    low, high, seen = np.full(records, np.inf), np.full(records, -np.inf), np.zeros(records, np.int16)
    for column in columns:
        low[column.ordinals] = np.minimum(low[column.ordinals], column.scores)
        high[column.ordinals] = np.maximum(high[column.ordinals], column.scores)
        seen[column.ordinals] += 1
    several = seen > 1
    return float((high[several] > low[several]).mean()) if several.any() else None


def _pair(a: str, b: str, columns: Mapping[str, Columns], criteria: Mapping[str, Criterion]) -> CriterionPair:
    n, correlation = _correlation(a, b, columns, criteria)
    finding = None
    if correlation is not None and n >= FEWEST_SCORES and correlation >= SAME_CRITERIA:
        finding = (
            f"{a} and {b} say the same (correlation {correlation:.2f} over {n} responses): "
            "one of them is enough, or their questions overlap."
        )
    return CriterionPair(a=a, b=b, n=n, correlation=correlation, finding=finding)


def _correlation(
    a: str, b: str, columns: Mapping[str, Columns], criteria: Mapping[str, Criterion]
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
