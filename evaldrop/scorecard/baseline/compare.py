"""Pairs two runs by record: what improved, what regressed, and which records turned worst."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from evaldrop.errors import InputError, StorageError
from evaldrop.evaluation.criteria import Criterion
from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.baseline.comparability import changes, obstacles
from evaldrop.scorecard.baseline.scores_table import Codes, Floats, KeptScores, places_of, read_scores
from evaldrop.scorecard.baseline.words import summary_in_words
from evaldrop.scorecard.model.baseline import (
    Baseline,
    BaselineCandidate,
    BaselineEstimate,
    Moved,
    WorseRecord,
)
from evaldrop.scorecard.model.paired import Family
from evaldrop.scorecard.model.scorecard import OVERALL
from evaldrop.scorecard.scores import good_shares, largest_categories
from evaldrop.statistics.paired_test import Decided, PairedScores, Pairing, decide, paired_test

MOST_WORSE_IDS = 200
MOST_WORST = 50
# Of each candidate and criterion, whatever the others lost: one more than a gate names.
FEW_WORST = 6
MOST_SLICE_ESTIMATES = 2_000

Places = npt.NDArray[np.intp]


class _Measure(NamedTuple):
    """One candidate's scores on one criterion, now and then, row i of both being one record."""

    candidate: str
    name: str
    criterion: Criterion | None
    now: Floats
    then: Floats

    @property
    def scale(self) -> float:
        return 1.0 if self.criterion is None else self.criterion.scale.high - self.criterion.scale.low

    def drops(self) -> Floats:
        """Return how much worse each record is than then, on the criterion's scale; NaN without a pair."""
        # Overall is made of shares in which 1 is good, whatever its criteria's directions are.
        lower_is_worse = self.criterion is None or self.criterion.higher_is_better
        return self.then - self.now if lower_is_worse else self.now - self.then


class _Paired(NamedTuple):
    """The records of both runs."""

    ids: pa.Array
    rows: Places
    categories: Codes
    category_names: Sequence[str]
    groups: Codes | None
    measures: list[_Measure]

    def record_id(self, row: int) -> str:
        """Return the id of the record in a row of the measures."""
        return str(self.ids[int(self.rows[row])].as_py())


class _Estimated(NamedTuple):
    measure: _Measure
    estimate: BaselineEstimate
    pairing: Pairing


def compare_runs(folder: str, baseline: str, *, force: bool = False) -> Baseline:
    """
    Compare a finished run with an earlier one, for `evaldrop compare`.

    Args:
        folder: URI of the run's folder.
        baseline: URI of the folder of the run it is held to.
        force: Compare although the measure itself differs.

    Raises:
        InputError: The runs are not comparable; the message says why.
        StorageError: A run cannot be read.
    """
    found = _compare(RunDefinition.load(folder), RunDefinition.load(baseline), force=force)
    if not found.comparable and not found.forced:
        # All of them at once: told one by one, each would cost another try.
        obstacles = "\n".join(f"  {obstacle}" for obstacle in found.obstacles)
        raise InputError(
            f"the runs are not comparable, for a difference could come from the measure:\n{obstacles}\n"
            "--force compares them all the same."
        )
    return found


def against_baseline(run: RunDefinition) -> Baseline | None:
    """
    Compare a run with the baseline it was given when it began; None when there was none.

    What prevents it is part of the answer and never stops a run that was paid for.
    """
    uri = run.baseline
    if uri is None:
        return None
    try:
        return _compare(run, RunDefinition.load(uri), force=False)
    except StorageError as error:
        obstacle = f"the baseline cannot be read: {error}"
        return Baseline(
            uri=uri, comparable=False, obstacles=(obstacle,), summary=f"Nothing is compared: {obstacle}."
        )


def _compare(run: RunDefinition, then: RunDefinition, *, force: bool) -> Baseline:
    found = obstacles(run, then)
    start = Baseline(
        uri=then.folder,
        run_id=then.run_id,
        started_at=then.started_at,
        comparable=not found,
        forced=bool(found) and force,
        obstacles=found,
        changes=changes(run, then),
    )
    if found and not force:
        return start.model_copy(update={"summary": summary_in_words(start)})
    filled = _fill(start, run, read_scores(run.folder), read_scores(then.folder))
    return filled.model_copy(update={"summary": summary_in_words(filled)})


def _fill(start: Baseline, run: RunDefinition, now: KeptScores, then: KeptScores) -> Baseline:
    places = places_of(now, then)
    here = np.flatnonzero(places >= 0)
    there = places[here]
    # A candidate that was renamed is a new one: by place, two models would be taken for one.
    names = [name for name in now.candidates if name in then.candidates]
    paired = _pair(run, now, then, here, there, names)
    whole = _decided([_estimate(measure, paired, run) for measure in paired.measures], run)
    # A family of their own: among sixty slices the run's own differences would be harder to decide.
    slices = _slices(paired, run)
    return start.model_copy(
        update={
            "records": int(here.size),
            "only_now": int(places.size - here.size),
            "only_then": int(len(then.record_ids) - here.size),
            "candidates": {
                name: BaselineCandidate(
                    criteria={m.name: estimate for m, estimate in whole if m.candidate == name},
                    categories={
                        category: {m.name: estimate for m, estimate in parts if m.candidate == name}
                        for category, parts in slices.items()
                    },
                    **_facts(name, now, then, here, there),
                )
                for name in names
            },
            "new_candidates": tuple(name for name in now.candidates if name not in then.candidates),
            "gone_candidates": tuple(name for name in then.candidates if name not in now.candidates),
            "worst_records": _worst(paired),
        }
    )


def _pair(
    run: RunDefinition, now: KeptScores, then: KeptScores, here: Places, there: Codes, names: Sequence[str]
) -> _Paired:
    # Criteria beyond `MOST_CRITERIA` have no column in the table of scores.
    criteria = [name for name in run.criteria if name in now.scores and name in then.scores]
    measures = []
    for candidate in names:
        mine, theirs = now.candidates.index(candidate), then.candidates.index(candidate)
        own = {name: (now.scores[name][here, mine], then.scores[name][there, theirs]) for name in criteria}
        measures += [_Measure(candidate, name, run.criteria[name], *both) for name, both in own.items()]
        # Made anew on both sides with this run's weights: a changed weight is no changed answer.
        if len(criteria) > 1 and OVERALL not in run.criteria:
            overall = [_overall({name: both[side] for name, both in own.items()}, run) for side in (0, 1)]
            measures.append(_Measure(candidate, OVERALL, None, overall[0], overall[1]))
    groups = None if now.groups is None else now.groups[here]
    return _Paired(now.record_ids, here, now.categories[here], now.category_names, groups, measures)


def _overall(scores: Mapping[str, Floats], run: RunDefinition) -> Floats:
    """Return each record's weighted mean over its scored criteria, NaN without any."""
    rows = len(next(iter(scores.values())))
    sums, weights = np.zeros(rows), np.zeros(rows)
    for name, column in scores.items():
        criterion, has_score = run.criteria[name], np.isfinite(column)
        sums[has_score] += criterion.weight * good_shares(column[has_score], criterion)
        weights[has_score] += criterion.weight
    # A record without any score is 0/0, and NaN is what it should be.
    with np.errstate(invalid="ignore"):
        return np.asarray(sums / weights, dtype=np.float64)


def _estimate(
    measure: _Measure, paired: _Paired, run: RunDefinition, inside: npt.NDArray[np.bool_] | None = None
) -> _Estimated:
    has_both = np.isfinite(measure.now) & np.isfinite(measure.then)
    # Counted apart: a response that is no longer judged leaves the pairs, and could hide a loss.
    was_scored = np.isfinite(measure.then) & ~np.isfinite(measure.now)
    if inside is not None:
        has_both, was_scored = has_both & inside, was_scored & inside
    rows = np.flatnonzero(has_both)
    scores = PairedScores(
        rows.astype(np.int32),
        measure.now[rows] - measure.then[rows],
        reach=measure.scale,
        is_binary=measure.criterion is not None and measure.criterion.scale.kind == "binary",
    )
    pairing = paired_test(scores, paired.groups, confidence=run.evaluation.confidence)
    drops = measure.drops()[rows]
    worse = np.flatnonzero(drops > 0)
    # Stable, so that of equal losses the same ids are kept whenever the comparison is made again.
    worst = rows[worse[np.argsort(-drops[worse], kind="stable")]][:MOST_WORSE_IDS]
    estimate = BaselineEstimate(
        **pairing.parts(),
        better=int((drops < 0).sum()),
        worse=int(worse.size),
        lost=int(was_scored.sum()),
        largest_drop=max(0.0, float(drops.max())) if drops.size else None,
        # Not for slices: 200 ids for each of 2,000 estimates would swell the scorecard.
        worse_records=tuple(paired.record_id(row) for row in worst) if inside is None else (),
    )
    return _Estimated(measure, estimate, pairing)


def _decided(found: Sequence[_Estimated], run: RunDefinition) -> list[tuple[_Measure, BaselineEstimate]]:
    decisions = decide([one.pairing for one in found], confidence=run.evaluation.confidence)
    return [
        (one.measure, one.estimate.model_copy(update=_decision(one.measure, decided)))
        for one, decided in zip(found, decisions, strict=True)
    ]


def _decision(measure: _Measure, decided: Decided) -> dict[str, object]:
    higher_is_better = measure.criterion is None or measure.criterion.higher_is_better
    change = "undecided"
    if decided.sign:
        change = "improved" if (decided.sign > 0) == higher_is_better else "regressed"
    family = decided.family and Family(**decided.family._asdict())
    return decided.parts() | {"family": family, "decision": change}


def _slices(paired: _Paired, run: RunDefinition) -> dict[str, list[tuple[_Measure, BaselineEstimate]]]:
    codes = largest_categories(paired.categories)
    measures = _fitting(paired.measures, len(codes))
    found = [
        (code, _estimate(measure, paired, run, paired.categories == code))
        for code in codes
        for measure in measures
    ]
    slices: dict[str, list[tuple[_Measure, BaselineEstimate]]] = {}
    for (code, _), decided in zip(found, _decided([part for _, part in found], run), strict=True):
        slices.setdefault(paired.category_names[code], []).append(decided)
    return slices


def _fitting(measures: list[_Measure], categories: int) -> list[_Measure]:
    overall = [measure for measure in measures if measure.name == OVERALL]
    # Of each candidate a hundred criteria in sixty categories would swell the scorecard: then overall.
    for chosen in (measures, overall):
        if len(chosen) * categories <= MOST_SLICE_ESTIMATES:
            return chosen
    return []


def _facts(
    name: str, now: KeptScores, then: KeptScores, here: Places, there: Codes
) -> dict[str, int | Moved]:
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


def _worst(paired: _Paired) -> tuple[WorseRecord, ...]:
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


def _losses(paired: _Paired) -> Iterator[tuple[float, _Measure, int]]:
    for measure in paired.measures:
        if measure.criterion is None and len(paired.measures) > 1:
            continue  # what overall lost, a criterion lost
        # As shares of the scale: a point of ten is less than a yes that turned no.
        shares = np.nan_to_num(measure.drops() / measure.scale)
        for row in np.argsort(-shares, kind="stable")[:MOST_WORST].tolist():
            if shares[row] > 0:
                yield float(shares[row]), measure, row
