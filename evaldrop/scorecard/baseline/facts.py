"""What two runs tell without a test: errors, latency, cost, and the records that lost most."""

from collections import Counter
from collections.abc import Iterator

import numpy as np

from evaldrop.scorecard.baseline.measures import Measure, PairedRuns
from evaldrop.scorecard.baseline.scores_table import Floats, KeptScores, Places
from evaldrop.scorecard.model.baseline import Moved, WorseRecord

MOST_WORST = 50
# Of each candidate and criterion, whatever the others lost: one more than a gate names.
FEW_WORST = 6


def candidate_facts(
    name: str, now: KeptScores, then: KeptScores, here: Places, there: Places
) -> dict[str, int | Moved]:
    """Return a candidate's errors, latency and cost then and now; `here` and `there` are the same records."""
    mine, theirs = now.candidates.index(name), then.candidates.index(name)
    # On the records of both runs: other records may be longer, and would look like a slower or dearer model.
    answered = (now.answered[here, mine], then.answered[there, theirs])
    latency = (now.latency_ms[here, mine], then.latency_ms[there, theirs])
    cost = (now.cost_usd[here, mine], then.cost_usd[there, theirs])
    return {
        "new_errors": int((~answered[0] & answered[1]).sum()),
        "mended_errors": int((answered[0] & ~answered[1]).sum()),
        "latency_ms_p50": Moved(now=_percentile(latency[0], 50), was=_percentile(latency[1], 50)),
        "latency_ms_p90": Moved(now=_percentile(latency[0], 90), was=_percentile(latency[1], 90)),
        "cost_usd_per_1000_records": Moved(now=_per_1000(cost[0]), was=_per_1000(cost[1])),
    }


def _percentile(values: Floats, percent: float) -> float | None:
    known = values[np.isfinite(values)]
    return float(np.percentile(known, percent)) if known.size else None


def _per_1000(costs: Floats) -> float | None:
    known = costs[np.isfinite(costs)]
    return float(known.mean() * 1000) if known.size else None


def worst_records(paired: PairedRuns) -> tuple[WorseRecord, ...]:
    """
    Return the records that lost the largest share of their scale, and the first few of each candidate and
    criterion: a gate has to name them there too.
    """
    # By a key: of equal losses the tuples would compare their arrays, which has no single answer.
    found = sorted(_losses(paired), key=lambda loss: -loss[0])
    few: Counter[tuple[str, str]] = Counter()
    kept = []
    for place, loss in enumerate(found):
        about = (loss[1].candidate, loss[1].name)
        few[about] += 1
        if place < MOST_WORST or few[about] <= FEW_WORST:
            kept.append(loss)
    return tuple(
        WorseRecord(
            record_id=paired.record_id(row),
            candidate=measure.candidate,
            criterion=measure.name,
            was=float(measure.then[row]),
            now=float(measure.now[row]),
        )
        for _, measure, row in kept
    )


def _losses(paired: PairedRuns) -> Iterator[tuple[float, Measure, int]]:
    for measure in paired.measures:
        if measure.criterion is None and len(paired.measures) > 1:
            continue  # what overall lost, a criterion lost
        # As shares of the scale: a point of ten is less than a yes that turned no.
        shares = np.nan_to_num(measure.drops() / measure.scale)
        for row in np.argsort(-shares, kind="stable")[:MOST_WORST].tolist():
            if shares[row] > 0:
                yield float(shares[row]), measure, row
