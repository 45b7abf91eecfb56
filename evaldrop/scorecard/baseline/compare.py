"""A run against what it is held to: what improved, what regressed, and which records turned worst."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from evaldrop.errors import InputError, StorageError
from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.answers import silences
from evaldrop.scorecard.baseline.by_people import LabelledRuns, labelled_runs, moved_by_people
from evaldrop.scorecard.baseline.comparability import changes, obstacles
from evaldrop.scorecard.baseline.facts import candidate_facts, worst_records
from evaldrop.scorecard.baseline.measures import Measure, PairedRuns, pair_runs
from evaldrop.scorecard.baseline.pool import Held, held_once, held_weekly
from evaldrop.scorecard.baseline.scores_table import Flags, places_of, read_scores
from evaldrop.scorecard.baseline.words import summary_in_words
from evaldrop.scorecard.model.baseline import Baseline, BaselineCandidate, BaselineEstimate
from evaldrop.scorecard.model.paired import ComparisonFamily
from evaldrop.scorecard.model.part import OVERALL
from evaldrop.scorecard.read import read_scorecard
from evaldrop.scorecard.scores import largest_categories
from evaldrop.statistics.exchange import exchange_p_value
from evaldrop.statistics.paired_test import Decided, Pairing, decide, paired_test

MOST_WORSE_IDS = 200
MOST_SLICE_ESTIMATES = 2_000


class _Estimated(NamedTuple):
    measure: Measure
    estimate: BaselineEstimate
    pairing: Pairing


def compare_runs(folder: str, baseline: str, *, force: bool = False) -> Baseline:
    """
    Compare a finished run with an earlier one, for `evaldrop compare`: one look, at the scorecard's level.

    Args:
        folder: URI of the run's folder.
        baseline: URI of the folder of the run it is held to.
        force: Compare although the measure itself differs.

    Raises:
        InputError: The runs are not comparable; the message says why.
        StorageError: A run cannot be read.
    """
    found = compare_or_say_why(RunDefinition.load(folder), RunDefinition.load(baseline), force=force)
    if not found.comparable and not found.forced:
        # All of them at once: told one by one, each would cost another try.
        obstacles = "\n".join(f"  {obstacle}" for obstacle in found.obstacles)
        raise InputError(
            f"the runs are not comparable, for a difference could come from the measure:\n{obstacles}\n"
            "--force compares them all the same."
        )
    return found


def compare_or_say_why(run: RunDefinition, then: RunDefinition, *, force: bool = False) -> Baseline:
    """
    Compare a finished run with an earlier one in one look; what prevents it is part of the answer.

    Raises:
        StorageError: The scores of a run cannot be read.
    """
    found = _compare(run, held_once(then, confidence=run.evaluation.confidence), force=force)
    failed = [f"{each.run_id} failed: {said}" for each in (run, then) if (said := _unanswered(each))]
    return found.model_copy(update={"summary": " ".join([*failed, found.summary])})


def _unanswered(run: RunDefinition) -> str | None:
    """Return who answered nothing in a run; None where nobody did, or its scorecard cannot be read."""
    try:
        silent = silences(read_scorecard(run.folder))
    except StorageError:
        return None
    return silent[0].sentence if silent else None


def against_baseline(run: RunDefinition) -> Baseline | None:
    """
    Compare a run with the baseline it was given when it began; None when there was none.

    It is held to the blessed run and those pooled with it, at its share of a year's level. What prevents it
    is part of the answer and never stops a run that was paid for.
    """
    uri = run.baseline
    if uri is None:
        return None
    try:
        return _compare(run, held_weekly(run, RunDefinition.load(uri)), force=False)
    except StorageError as error:
        obstacle = f"the baseline cannot be read: {error}"
        return Baseline(
            uri=uri, comparable=False, obstacles=(obstacle,), summary=f"Nothing is compared: {obstacle}."
        )


def _compare(run: RunDefinition, held: Held, *, force: bool) -> Baseline:
    then = held.runs[0]
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
    start = start.model_copy(
        update={
            "pooled": tuple(each.run_id for each in held.runs),
            "look": held.look,
            "level": held.level,
        }
    )
    filled = _fill(start, run, held)
    return filled.model_copy(update={"summary": summary_in_words(filled)})


def _fill(start: Baseline, run: RunDefinition, held: Held) -> Baseline:
    now, then = read_scores(run.folder), read_scores(held.runs[0].folder)
    paired = pair_runs(run, now, then, (read_scores(other.folder) for other in held.runs[1:]))
    here, there = paired.rows, places_of(now, then)[paired.rows]
    names = [name for name in now.candidates if name in then.candidates]
    people = labelled_runs(run, held.runs[0], paired)
    estimated = [_estimate(measure, paired, run, held, people) for measure in paired.measures]
    whole = _decided(estimated, run, held)
    # A family of their own: among sixty slices the run's own differences would be harder to decide.
    slices = _slices(paired, run, held, people)
    return start.model_copy(
        update={
            "records": int(here.size),
            "only_now": int(len(now.record_ids) - here.size),
            "only_then": int(len(then.record_ids) - here.size),
            "candidates": {
                name: BaselineCandidate(
                    criteria={m.name: estimate for m, estimate in whole if m.candidate == name},
                    categories={
                        category: {m.name: estimate for m, estimate in parts if m.candidate == name}
                        for category, parts in slices.items()
                    },
                    **candidate_facts(name, now, then, here, there),
                )
                for name in names
            },
            "new_candidates": tuple(name for name in now.candidates if name not in then.candidates),
            "gone_candidates": tuple(name for name in then.candidates if name not in now.candidates),
            "worst_records": worst_records(paired),
        }
    )


def _estimate(
    measure: Measure,
    paired: PairedRuns,
    run: RunDefinition,
    held: Held,
    people: LabelledRuns | None,
    inside: Flags | None = None,
) -> _Estimated:
    is_here = np.ones(measure.now.size, bool) if inside is None else inside
    by_judge = _tested(measure, paired, run, held, is_here)
    scores = measure.paired.among(is_here)
    pairing, parts = moved_by_people(people, measure, by_judge, scores, is_here)
    rows = np.flatnonzero(np.isfinite(measure.now) & np.isfinite(measure.then) & is_here)
    drops = measure.drops()[rows]
    worse = np.flatnonzero(drops > 0)
    # Stable, so that of equal losses the same ids are kept whenever the comparison is made again.
    worst = rows[worse[np.argsort(-drops[worse], kind="stable")]][:MOST_WORSE_IDS]
    estimate = BaselineEstimate(
        **pairing.parts(),
        **parts,
        better=int((drops < 0).sum()),
        worse=int(worse.size),
        # Counted apart: a response that is no longer judged leaves the pairs, and could hide a loss.
        lost=int((measure.gone & is_here).sum()),
        bounded_interval=_bounded(pairing, run),
        largest_drop=max(0.0, float(drops.max())) if drops.size else None,
        # Not for slices: 200 ids for each of 2,000 estimates would swell the scorecard.
        worse_records=tuple(paired.record_id(row) for row in worst) if inside is None else (),
    )
    return _Estimated(measure, estimate, pairing)


def _tested(measure: Measure, paired: PairedRuns, run: RunDefinition, held: Held, is_here: Flags) -> Pairing:
    scores = measure.paired.among(is_here)
    pairing = paired_test(scores, paired.groups, confidence=run.evaluation.confidence)
    spread = pairing.spread
    if pairing.p_value is None or spread is None or measure.earlier.shape[0] == 1:
        return pairing
    rows = scores.ordinals
    # Differences from a mean of several runs are skewed near an end of the scale, and t alone is then no
    # test: both have to agree.
    exchanged = exchange_p_value(
        measure.now[rows],
        measure.earlier[:, rows],
        groups=None if paired.groups is None else paired.groups[rows],
    )
    p_value = max(pairing.p_value, exchanged)
    pairing = pairing._replace(p_value=p_value)
    if not spread.error:
        return pairing
    is_better = ((pairing.difference or 0.0) > 0) == measure.higher_is_better
    # Held weekly, these very records are asked whether they are answered worse: what is decided reckons with
    # what other records could have shown only before anything is called better. The interval always does.
    if is_better and p_value < held.level:
        return pairing
    spread = spread._replace(unseen=0.0)
    least, greatest = (end and end._replace(unseen=0.0) for end in (pairing.least, pairing.greatest))
    return pairing._replace(spread=spread, least=least, greatest=greatest)


def _bounded(pairing: Pairing, run: RunDefinition) -> tuple[float, float] | None:
    widest = pairing.widest(run.evaluation.confidence) if pairing.n_missing else None
    return None if widest is None else (widest.low, widest.high)


def _decided(
    found: Sequence[_Estimated], run: RunDefinition, held: Held
) -> list[tuple[Measure, BaselineEstimate]]:
    decisions = decide([one.pairing for one in found], confidence=1 - held.level)
    return [
        (one.measure, one.estimate.model_copy(update=_decision(one, decided, run)))
        for one, decided in zip(found, decisions, strict=True)
    ]


def _decision(one: _Estimated, decided: Decided, run: RunDefinition) -> dict[str, object]:
    higher_is_better, family = one.measure.higher_is_better, decided.family
    change = "undecided"
    if decided.sign:
        change = "improved" if (decided.sign > 0) == higher_is_better else "regressed"
    may_hide = False
    worst = one.pairing.least if higher_is_better else one.pairing.greatest
    if worst is not None and family is not None and change != "regressed":
        # At the scorecard's own level: what is missing is no chance that a year has to share.
        low, high = worst.interval(1 - (1 - run.evaluation.confidence) / family.n)
        may_hide = high < 0 if higher_is_better else low > 0
    return decided.parts() | {
        "family": family and ComparisonFamily(**family._asdict()),
        "decision": change,
        "may_hide_regression": may_hide,
    }


def _slices(
    paired: PairedRuns, run: RunDefinition, held: Held, people: LabelledRuns | None
) -> dict[str, list[tuple[Measure, BaselineEstimate]]]:
    codes = largest_categories(paired.categories)
    measures = _fitting(paired.measures, len(codes))
    found = [
        (code, _estimate(measure, paired, run, held, people, paired.categories == code))
        for code in codes
        for measure in measures
    ]
    slices: dict[str, list[tuple[Measure, BaselineEstimate]]] = {}
    for (code, _), decided in zip(found, _decided([part for _, part in found], run, held), strict=True):
        slices.setdefault(paired.category_names[code], []).append(decided)
    return slices


def _fitting(measures: list[Measure], categories: int) -> list[Measure]:
    overall = [measure for measure in measures if measure.name == OVERALL]
    # Of each candidate a hundred criteria in sixty categories would swell the scorecard: then overall.
    for chosen in (measures, overall):
        if len(chosen) * categories <= MOST_SLICE_ESTIMATES:
            return chosen
    return []
