"""Whether a judge gives its own maker's candidates more than others: by people's labels, or other judges."""

from collections.abc import Iterator, Sequence

import numpy as np

from evaldrop.errors import NotEnoughData
from evaldrop.evaluation import model_vendor
from evaldrop.evaluation.criteria import Criterion
from evaldrop.scorecard.model.biases import SelfPreferenceBias
from evaldrop.statistics.judge_bias import self_preference_intervals, slope_bounds
from evaldrop.statistics.paired_test import PairedScores, paired_test
from evaldrop.statistics.vectors import Floats
from evaldrop.steps.build_scorecard.biases.gathering import kin_of
from evaldrop.steps.build_scorecard.biases.measures import (
    FEWEST,
    SMALLEST,
    Judgements,
    Measured,
    by_tests,
    few,
    mean_of,
    scale_range,
    turned,
)


def self_preferences(on: Judgements) -> Iterator[Measured]:
    """Yield, for each judge with kin among the candidates and others, its self-preference by criterion."""
    for judge in on.run.judges:
        maker, own = kin_of(on.run, judge.name)
        others = tuple(each.name for each in on.run.candidates if each.name not in own)
        if maker is None or not own or not others:
            continue
        for name, criterion in on.run.judged_criteria.items():
            part = SelfPreferenceBias(
                judge=judge.name, criterion=name, maker=maker, own=own, others=others, n=0
            )
            measured = _own_by_people(on, part, criterion) or _own_by_judges(on, part, criterion)
            why = "neither people's labels nor a judge of another maker tell whether they deserve it"
            yield measured or Measured(part.model_copy(update={"reason": why}))


def _own_by_people(on: Judgements, part: SelfPreferenceBias, criterion: Criterion) -> Measured | None:
    ordinals, differences = [], []
    rows: list[tuple[bool, bool, bool, int]] = []
    for responses in on.by_record(part.criterion).values():
        excess: dict[bool, list[float]] = {True: [], False: []}
        ordinal = -1
        for candidate, (response, said) in responses.items():
            given = response.by_judge.get((part.judge, part.criterion))
            if given is None:
                continue
            ordinal, is_own = response.ordinal, candidate in part.own
            excess[is_own].append(given - said)
            rows.append((criterion.passes(given), criterion.passes(said), is_own, ordinal))
        if excess[True] and excess[False]:
            ordinals.append(ordinal)
            differences.append(mean_of(excess[True]) - mean_of(excess[False]))
    if not rows:
        return None
    part = part.model_copy(update={"against": "people", **_published(on, rows)})
    return _lift(on, part, criterion, ordinals, [differences])


def _published(on: Judgements, rows: Sequence[tuple[bool, bool, bool, int]]) -> dict[str, object]:
    judged, good, own, ordinals = (np.array(column) for column in zip(*rows, strict=True))
    try:
        found = self_preference_intervals(judged, good, own, on.clusters(ordinals))
    except NotEnoughData:
        return {}
    return {
        "bias": found.measured.bias,
        "bias_interval": tuple(found.bias),
        "false_positive_gap": found.measured.false_positive_gap,
        "false_positive_gap_interval": tuple(found.false_positive_gap),
    }


def _own_by_judges(on: Judgements, part: SelfPreferenceBias, criterion: Criterion) -> Measured | None:
    makers = {judge.name: model_vendor(judge.model) for judge in on.run.judges}
    names = [judge.name for judge in on.run.judges]
    # One whose maker is not known may be of the same family.
    against = [name for name in names if makers[name] and makers[name] != part.maker]
    # A candidate that another judge is kin to would show that one's preference.
    kin = {candidate for name in against for candidate in kin_of(on.run, name)[1]}
    others = tuple(name for name in part.others if name not in kin)
    if not against or not on.data.panel:
        return None
    if not others:
        why = "every other candidate is kin to a judge, and whose preference it is cannot be told"
        return Measured(part.model_copy(update={"reason": why}))
    size, mine = on.counts.size, names.index(part.judge)
    theirs = [names.index(name) for name in against]
    scores = {}
    for candidate in (*part.own, *others):
        table = np.full((2, size), np.nan)
        if (candidate, part.criterion) in on.data.panel:
            ordinals, given = on.data.panel[candidate, part.criterion]
            heard = np.isfinite(given[theirs]).all(axis=0) & np.isfinite(given[mine])
            table[0, ordinals[heard]] = given[mine][heard]
            table[1, ordinals[heard]] = given[theirs].mean(axis=0)[heard]
        scores[candidate] = table
    own, other = (np.stack([scores[name] for name in group]).mean(axis=0) for group in (part.own, others))
    shared = np.flatnonzero(np.isfinite(own[0]) & np.isfinite(other[0])).astype(np.int32)
    mine_gap, their_gap = (own - other)[:, shared]
    part = part.model_copy(update={"against": ", ".join(against), "others": others})
    # By the other candidates' responses, of which neither judge has reason to favour any.
    slopes = slope_bounds(other[0, shared], other[1, shared]) if shared.size > 1 else None
    if slopes is None:
        why = "the judges agree too little on the others to be held against each other"
        return Measured(part.model_copy(update={"n": int(shared.size), "reason": why}))
    # A judge that merely uses more of the scale, or is less noisy, must not be accused.
    gaps = [mine_gap - slope * their_gap for slope in (1.0, *slopes)]
    return _lift(on, part, criterion, shared.tolist(), gaps)


def _lift(
    on: Judgements,
    part: SelfPreferenceBias,
    criterion: Criterion,
    ordinals: Sequence[int],
    differences: Sequence[Sequence[float] | Floats],
) -> Measured:
    n = len(ordinals)
    if n < FEWEST:
        return Measured(part.model_copy(update={"n": n, "reason": few(n, "records have both sides")}))
    order = np.argsort(ordinals, kind="stable")
    at = np.array(ordinals, np.int32)[order]
    tests = [
        paired_test(
            PairedScores(at, turned(np.array(each)[order], criterion), reach=scale_range(criterion)),
            on.counts.groups,
            confidence=0.95,
        )
        for each in differences
    ]
    return by_tests(part, tests, floor=SMALLEST * scale_range(criterion))
