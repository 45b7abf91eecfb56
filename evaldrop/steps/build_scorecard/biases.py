"""
Measures the biases of a run's judges and decides them together.

Whatever is tested here is one family: over all of a run's biases the chance of any false alarm is 1 in 20.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import combinations
from math import sqrt
from typing import NamedTuple, TypeVar

import numpy as np

from evaldrop.errors import NotEnoughData, StorageError
from evaldrop.evaluation import model_vendor
from evaldrop.evaluation.anchors import Anchor
from evaldrop.evaluation.criteria import Criterion
from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.model.baseline import Baseline
from evaldrop.scorecard.model.biases import (
    AnchorDrift,
    Biases,
    BiasEstimate,
    IdenticalTexts,
    LengthBias,
    PositionBias,
    SelfPreferenceBias,
)
from evaldrop.scorecard.read import read_scorecard
from evaldrop.statistics.clusters import clustered_mean_estimate
from evaldrop.statistics.intervals import Interval, mean_estimate, normal_quantile
from evaldrop.statistics.judge_bias import (
    Effect,
    apart_test,
    effect_beyond,
    effect_of,
    first_shown_effect,
    self_preference_intervals,
    slope_bounds,
)
from evaldrop.statistics.multiplicity import holm
from evaldrop.statistics.paired import sign_flip_test
from evaldrop.statistics.paired_test import PairedScores, Pairing, paired_test, shared_scores
from evaldrop.statistics.vectors import Floats, Ordinals
from evaldrop.steps.build_scorecard.anchors import AnchorCheck
from evaldrop.steps.build_scorecard.bias_tally import BiasData, Labelled, PeoplesScores, kin_of
from evaldrop.steps.build_scorecard.columns import ColumnsOf
from evaldrop.steps.build_scorecard.counts import RunCounts
from evaldrop.steps.build_scorecard.win_rates import UNASKED, WIN, JudgeColumn, Pair

ALARMS = 0.05
"""The chance of any false alarm over a run's biases."""
TOLERATED_APART = 0.05
# Smaller ones are no reason to do anything, however sure: a share of a criterion's scale, and of preferences.
SMALLEST, SMALLEST_SHARE = 0.02, 0.02
FEWEST = 5
# Of metrics against the reference the one that no length by itself can lower.
_FAIR_TO_LENGTH = "contains"
# By more than this share of the shorter one's length.
_LONGER = 0.1
# Pairs of responses that are compared by length; beyond, the first ones tell enough.
_MOST_ROWS = 2_000_000

P = TypeVar("P", bound=BiasEstimate)


class _Measured(NamedTuple):
    """
    A part without its decision, and what decides it; no p value where nothing was tested.

    `by_interval`: the interval has to exclude what is fair, too. Not where the test is exact for fair judges.
    """

    part: BiasEstimate
    p_value: float | None = None
    interval_at: Callable[[float], Interval | None] = lambda _: None
    fair: float = 0.0
    floor: float = 0.0
    by_interval: bool = False


class _Rows(NamedTuple):
    """Pairs of responses to one record: a's score less b's, and 1 where a's is longer, -1 where b's is."""

    ordinals: Ordinals
    better: Floats
    longer: Floats
    strata: Ordinals


class BiasMeter:
    """Measures the biases of one run, kind by kind."""

    def __init__(
        self,
        run: RunDefinition,
        counts: RunCounts,
        judged: Mapping[str, ColumnsOf],
        data: BiasData,
        people: PeoplesScores,
    ) -> None:
        self._run, self._counts, self._judged = run, counts, judged
        self._data, self._people = data, people

    def measure(
        self,
        pairs: Mapping[Pair, Mapping[str, JudgeColumn]],
        anchors: Sequence[AnchorCheck],
        earlier: Mapping[tuple[str, str, str], float],
    ) -> Biases:
        """
        Return all biases.

        Args:
            pairs: What pairwise judges said.
            anchors: What judges made of this run's anchors.
            earlier: What they gave the same ones in the baseline, by judge, criterion and anchor.
        """
        kinds: dict[str, list[_Measured]] = {
            "position": list(self._positions(pairs)),
            "verbosity": [each for name in self._run.criteria if (each := self._length(name))],
            "self_preference": list(self._self_preferences()),
            "identical_texts": list(self._identical()),
            "anchor_drift": list(self._drift(anchors, earlier)),
        }
        decided = iter(_decided([each for found in kinds.values() for each in found]))
        parts = {kind: tuple(next(decided) for _ in found) for kind, found in kinds.items()}
        tested = sum(each.p_value is not None for found in kinds.values() for each in found)
        return Biases.model_validate({"tested": tested, **parts})

    def _clusters(self, ordinals: Ordinals) -> Ordinals:
        return ordinals if self._counts.groups is None else self._counts.groups[ordinals]

    def _positions(self, pairs: Mapping[Pair, Mapping[str, JudgeColumn]]) -> Iterator[_Measured]:
        pairwise = self._run.evaluation.pairwise
        if pairwise is None:
            return
        by_judge: dict[str, list[JudgeColumn]] = {}
        for judges in pairs.values():
            for judge, column in judges.items():
                by_judge.setdefault(judge, []).append(column)
        for judge, columns in by_judge.items():
            shown = [_shown_first(column, is_drawn=pairwise.orders == "drawn") for column in columns]
            ordinals, shares = (np.concatenate([each[place] for each in shown]) for place in (0, 1))
            heard = np.concatenate([each[2] for each in shown])
            part = PositionBias(
                judge=judge,
                n=int(shares.size),
                n_both_orders=int(heard.size),
                order_decides=float((heard != 0).mean()) if heard.size else None,
                size=float(shares.mean()) if shares.size else None,
            )
            clusters = self._clusters(ordinals)
            if pairwise.orders in ("candidate_first", "baseline_first"):
                why = "every pair was shown in one order, and a place cannot be told from a candidate"
                yield _Measured(part.model_copy(update={"size": None, "reason": why}))
            elif np.unique(clusters).size < FEWEST:
                yield _Measured(part.model_copy(update={"reason": _few(int(shares.size), "pairs")}))
            else:
                effect = first_shown_effect(shares, clusters)
                yield _Measured(
                    part,
                    effect.p_value,
                    partial(_shown_interval, shares, clusters),
                    fair=0.5,
                    floor=SMALLEST_SHARE,
                )

    def _length(self, name: str) -> _Measured | None:
        rows = self._rows(name)
        differing = rows.longer != 0
        if not differing.any():
            return None
        criterion = self._run.criteria[name]
        part = LengthBias(criterion=name, n=0, n_compared=int(differing.sum()))
        gains, clusters = (rows.better * rows.longer)[differing], self._clusters(rows.ordinals)[differing]
        try:
            found = clustered_mean_estimate(gains, clusters)
            p_value = paired_test(
                PairedScores(rows.ordinals[differing], gains, reach=_range(criterion)),
                # Pairs of one record are not independent, so the record is the group at least.
                np.arange(self._counts.size, dtype=np.int32)
                if self._counts.groups is None
                else self._counts.groups,
                confidence=0.95,
            ).p_value
            part = part.model_copy(
                update={
                    "longer_gains": found.mean,
                    "longer_gains_interval": tuple(found.interval),
                    "longer_gains_p_value": p_value,
                }
            )
        except NotEnoughData as error:
            return _Measured(part.model_copy(update={"reason": str(error)}))
        measured = self._length_by_people(part, criterion)
        if measured is None and _FAIR_TO_LENGTH in self._run.evaluation.metrics:
            measured = self._length_by_reference(part, rows, criterion)
        if measured is None:
            why = "neither people's labels nor the metric contains tell what a longer response deserves"
            measured = _Measured(part.model_copy(update={"reason": why}))
        return measured

    def _length_by_people(self, part: LengthBias, criterion: Criterion) -> _Measured | None:
        found = self._labelled_rows(criterion)
        if found is None:
            return None
        rows, people = found
        # What people share of the preference for length is no bias.
        return _with_effect(
            part.model_copy(update={"against": "people"}),
            lambda level: effect_of(
                rows.better - people,
                rows.longer,
                rows.strata,
                self._clusters(rows.ordinals),
                confidence=level,
            ),
            floor=SMALLEST * _range(criterion),
        )

    def _length_by_reference(self, part: LengthBias, rows: _Rows, criterion: Criterion) -> _Measured | None:
        names = [candidate.name for candidate in self._run.candidates]
        values = np.full((len(names), self._counts.size), np.nan)
        for place, name in enumerate(names):
            ordinals, column = self._counts.candidates[name].metrics[_FAIR_TO_LENGTH].in_order()
            values[place, ordinals] = column
        firsts, seconds = (np.array(side) for side in zip(*combinations(range(len(names)), 2), strict=True))
        measure = values[firsts[rows.strata], rows.ordinals] - values[seconds[rows.strata], rows.ordinals]
        known = np.isfinite(measure)
        if not known.any():
            return None
        return _with_effect(
            part.model_copy(update={"against": _FAIR_TO_LENGTH}),
            lambda level: effect_beyond(
                rows.better[known],
                rows.longer[known],
                measure[known],
                rows.strata[known],
                self._clusters(rows.ordinals)[known],
                confidence=level,
            ),
            floor=SMALLEST * _range(criterion),
        )

    def _rows(self, name: str) -> _Rows:
        """Return all pairs of responses that have a score on a criterion."""
        candidates = [candidate.name for candidate in self._run.candidates]
        lengths = {}
        for candidate in candidates:
            ordinals, characters, _ = self._counts.candidates[candidate].texts.in_order()
            lengths[candidate] = np.zeros(self._counts.size)
            lengths[candidate][ordinals] = characters
        parts: list[tuple[Ordinals, Floats, Floats, Ordinals]] = []
        left = _MOST_ROWS
        for stratum, (a, b) in enumerate(combinations(candidates, 2)):
            one, other = self._judged.get(a, {}).get(name), self._judged.get(b, {}).get(name)
            if one is None or other is None or left <= 0:
                continue
            both = shared_scores((one.ordinals, one.scores), (other.ordinals, other.scores))
            at = both.ordinals[:left]
            better = _turned(both.first[:left] - both.second[:left], self._run.criteria[name])
            longer = _longer(lengths[a][at], lengths[b][at])
            parts.append((at, better, longer, np.full(at.size, stratum, np.int32)))
            left -= at.size
        if not parts:
            return _Rows(np.zeros(0, np.int32), np.zeros(0), np.zeros(0), np.zeros(0, np.int32))
        return _Rows(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))

    def _labelled_rows(self, criterion: Criterion) -> tuple[_Rows, Floats] | None:
        by_record = self._by_record(criterion.name)
        strata = {
            pair: place
            for place, pair in enumerate(
                combinations([candidate.name for candidate in self._run.candidates], 2)
            )
        }
        rows: list[tuple[float, ...]] = []
        for responses in by_record.values():
            for (a, b), stratum in strata.items():
                if a not in responses or b not in responses:
                    continue
                (one, said_one), (other, said_other) = responses[a], responses[b]
                given = one.joined.get(criterion.name), other.joined.get(criterion.name)
                if given[0] is None or given[1] is None:
                    continue
                longer = float(_longer(np.array(one.length), np.array(other.length)))
                rows.append((one.ordinal, given[0] - given[1], longer, stratum, said_one - said_other))
        if not rows:
            return None
        ordinals, better, longer, codes, people = np.array(rows, np.float64).T
        return (
            _Rows(ordinals.astype(np.int32), _turned(better, criterion), longer, codes.astype(np.int32)),
            _turned(people, criterion),
        )

    def _by_record(self, name: str) -> dict[str, dict[str, tuple[Labelled, float]]]:
        found: defaultdict[str, dict[str, tuple[Labelled, float]]] = defaultdict(dict)
        for (record_id, candidate), said in self._people.get(name, {}).items():
            found[record_id][candidate] = (self._data.labelled[record_id, candidate], said)
        return found

    def _self_preferences(self) -> Iterator[_Measured]:
        for judge in self._run.judges:
            maker, own = kin_of(self._run, judge.name)
            others = tuple(each.name for each in self._run.candidates if each.name not in own)
            if maker is None or not own or not others:
                continue
            for name, criterion in self._run.criteria.items():
                part = SelfPreferenceBias(
                    judge=judge.name, criterion=name, maker=maker, own=own, others=others, n=0
                )
                measured = self._own_by_people(part, criterion) or self._own_by_judges(part, criterion)
                why = "neither people's labels nor a judge of another maker tell whether they deserve it"
                yield measured or _Measured(part.model_copy(update={"reason": why}))

    def _own_by_people(self, part: SelfPreferenceBias, criterion: Criterion) -> _Measured | None:
        ordinals, differences = [], []
        rows: list[tuple[bool, bool, bool, int]] = []
        for responses in self._by_record(part.criterion).values():
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
                differences.append(_mean(excess[True]) - _mean(excess[False]))
        if not rows:
            return None
        part = part.model_copy(update={"against": "people", **self._published(rows)})
        return self._lift(part, criterion, ordinals, [differences])

    def _published(self, rows: Sequence[tuple[bool, bool, bool, int]]) -> dict[str, object]:
        judged, good, own, ordinals = (np.array(column) for column in zip(*rows, strict=True))
        try:
            found = self_preference_intervals(judged, good, own, self._clusters(ordinals))
        except NotEnoughData:
            return {}
        return {
            "bias": found.measured.bias,
            "bias_interval": tuple(found.bias),
            "false_positive_gap": found.measured.false_positive_gap,
            "false_positive_gap_interval": tuple(found.false_positive_gap),
        }

    def _own_by_judges(self, part: SelfPreferenceBias, criterion: Criterion) -> _Measured | None:
        makers = {judge.name: model_vendor(judge.model) for judge in self._run.judges}
        names = [judge.name for judge in self._run.judges]
        # One whose maker is not known may be of the same family.
        against = [name for name in names if makers[name] and makers[name] != part.maker]
        # A candidate that another judge is kin to would show that one's preference.
        kin = {candidate for name in against for candidate in kin_of(self._run, name)[1]}
        others = tuple(name for name in part.others if name not in kin)
        if not against or not self._data.panel:
            return None
        if not others:
            why = "every other candidate is kin to a judge, and whose preference it is cannot be told"
            return _Measured(part.model_copy(update={"reason": why}))
        size, mine = self._counts.size, names.index(part.judge)
        theirs = [names.index(name) for name in against]
        scores = {}
        for candidate in (*part.own, *others):
            table = np.full((2, size), np.nan)
            if (candidate, part.criterion) in self._data.panel:
                ordinals, given = self._data.panel[candidate, part.criterion]
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
            return _Measured(part.model_copy(update={"n": int(shared.size), "reason": why}))
        # A judge that merely uses more of the scale, or is less noisy, must not be accused.
        gaps = [mine_gap - slope * their_gap for slope in (1.0, *slopes)]
        return self._lift(part, criterion, shared.tolist(), gaps)

    def _lift(
        self,
        part: SelfPreferenceBias,
        criterion: Criterion,
        ordinals: Sequence[int],
        differences: Sequence[Sequence[float] | Floats],
    ) -> _Measured:
        n = len(ordinals)
        if n < FEWEST:
            return _Measured(part.model_copy(update={"n": n, "reason": _few(n, "records have both sides")}))
        order = np.argsort(ordinals, kind="stable")
        at = np.array(ordinals, np.int32)[order]
        tests = [
            paired_test(
                PairedScores(at, _turned(np.array(each)[order], criterion), reach=_range(criterion)),
                self._counts.groups,
                confidence=0.95,
            )
            for each in differences
        ]
        return _by_tests(part, tests, floor=SMALLEST * _range(criterion))

    def _identical(self) -> Iterator[_Measured]:
        repeats = {judge.name: judge.repeats for judge in self._run.judges}
        for (judge, criterion, of), (ordinals, gaps) in self._data.twins.items():
            n, verdicts = int(gaps.size), repeats[judge] if of == "repeats" else 1
            apart, clusters = (gaps > 1e-6).astype(np.float64), self._clusters(ordinals)
            error = sqrt(float((gaps**2).mean()) / verdicts / max(1, self._counts.evaluated))
            part = IdenticalTexts(
                judge=judge,
                criterion=criterion,
                of=of,
                n=n,
                size=float(apart.mean()),
                mean_gap=float(gaps.mean()),
                noise=normal_quantile(0.95) * error,
            )
            if np.unique(clusters).size < FEWEST:
                yield _Measured(part.model_copy(update={"reason": _few(n, "records have such texts")}))
                continue
            yield _Measured(
                part,
                apart_test(apart, clusters, tolerated=TOLERATED_APART).p_value,
                partial(_apart_interval, apart, clusters),
                floor=TOLERATED_APART,
            )

    def _drift(
        self, anchors: Sequence[AnchorCheck], earlier: Mapping[tuple[str, str, str], float]
    ) -> Iterator[_Measured]:
        moves: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
        for check in anchors:
            before = earlier.get((check.judge, check.criterion, check.anchor))
            if before is not None and check.score is not None:
                moves[check.judge, check.criterion].append(check.score - before)
        for (judge, name), moved in moves.items():
            criterion = self._run.criteria[name]
            part = AnchorDrift(judge=judge, criterion=name, n=len(moved), size=_mean(moved))
            if len(moved) < FEWEST:
                yield _Measured(part.model_copy(update={"reason": _few(len(moved), "anchors")}))
                continue
            # In the scores' own direction: what moved is the judge's score, whatever is good. A judge that
            # did not move answers twice alike by chance, so that the sign-flip test is exact.
            moves_of = np.array(moved)
            p_value = sign_flip_test(moves_of, seed=0).p_value
            floor = SMALLEST * _range(criterion)
            yield _Measured(part, p_value, partial(_move_interval, moves_of), floor=floor)


def _decided(measured: Sequence[_Measured]) -> list[BiasEstimate]:
    tested = [place for place, each in enumerate(measured) if each.p_value is not None]
    values = holm([measured[place].p_value or 0.0 for place in tested]).tolist()
    adjusted = dict(zip(tested, values, strict=True))
    level = 1 - ALARMS / max(1, len(tested))
    parts = []
    for place, each in enumerate(measured):
        if place not in adjusted:
            parts.append(each.part)
            continue
        interval = each.interval_at(level)
        size = each.part.size or 0.0
        update = {
            "p_value": each.p_value,
            "p_adjusted": adjusted[place],
            "interval": None if interval is None else tuple(interval),
            "decisive": adjusted[place] < ALARMS
            and abs(size - each.fair) >= each.floor
            and not (each.by_interval and interval and interval.low <= each.fair <= interval.high),
        }
        parts.append(each.part.model_copy(update=update))
    return parts


def _by_tests(part: P, tests: Sequence[Pairing], *, floor: float) -> _Measured:
    """Return what several tests of one thing decide: what all of them do, the first tells the size."""
    first = tests[0]
    part = part.model_copy(update={"n": first.n, "size": first.difference, "reason": first.reason})
    known = [test.p_value for test in tests if test.p_value is not None]
    if len(known) < len(tests):
        return _Measured(part)
    agree = len({np.sign(test.difference or 0.0) for test in tests}) == 1
    return _Measured(part, max(known) if agree else 1.0, first.widest, floor=floor, by_interval=True)


def _with_effect(part: LengthBias, measure: Callable[[float], Effect], *, floor: float) -> _Measured:
    try:
        found = measure(0.95)
    except NotEnoughData as error:
        return _Measured(part.model_copy(update={"reason": str(error)}))
    part = part.model_copy(update={"n": found.n, "size": found.size})
    return _Measured(part, found.p_value, lambda level: measure(level).interval, floor=floor)


def _shown_interval(shares: Floats, clusters: Ordinals, level: float) -> Interval | None:
    return first_shown_effect(shares, clusters, confidence=level).interval


def _move_interval(moves: Floats, level: float) -> Interval | None:
    found = mean_estimate(moves, confidence=level)
    # All alike leave nothing to make an interval of, and none of no width is said.
    return found.interval if found.standard_error else None


def _apart_interval(apart: Floats, clusters: Ordinals, level: float) -> Interval | None:
    return apart_test(apart, clusters, tolerated=TOLERATED_APART, confidence=level).interval


def _shown_first(column: JudgeColumn, *, is_drawn: bool) -> tuple[Ordinals, Floats, Floats]:
    """
    Return pairs, what each gave the response shown first, and of those read in both orders by how much the
    order changed the preference.
    """
    codes = np.stack([column.straight, column.turned])
    read = (codes <= WIN) & (codes != UNASKED) & ~column.identical
    both = read.all(axis=0)
    changed = (codes[0][both] - codes[1][both]) / 2
    if not is_drawn:
        return column.ordinals[both], (1 + changed) / 2, changed
    # In the second row the baseline was shown first.
    ordinals = np.concatenate([column.ordinals[read[0]], column.ordinals[read[1]]])
    return ordinals, np.concatenate([codes[0][read[0]] / 2, 1 - codes[1][read[1]] / 2]), changed


def _longer(one: Floats, other: Floats) -> Floats:
    # A few characters more are no longer response.
    return np.sign(one - other) * (np.abs(one - other) > _LONGER * np.minimum(one, other))


def _turned(differences: Floats, criterion: Criterion) -> Floats:
    return differences if criterion.higher_is_better else -differences


def _range(criterion: Criterion) -> float:
    return criterion.scale.high - criterion.scale.low


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return sum(found) / len(found)


def _few(n: int, what: str) -> str:
    return f"{n} {what}, and fewer than {FEWEST} tell nothing"


def earlier_anchors(run: RunDefinition, baseline: Baseline | None) -> dict[tuple[str, str, str], float]:
    """
    Return what judges gave in the baseline to anchors that are the same in this run.

    By judge, criterion and anchor. None are where the runs are not compared, or where the earlier scorecard
    does not have them: that was paid for, and is not to be stopped by it.
    """
    if baseline is None or not (baseline.comparable or baseline.forced) or run.evaluation.anchors is None:
        return {}
    try:
        then, card = RunDefinition.load(baseline.uri), read_scorecard(baseline.uri)
    except StorageError:
        return {}
    now, before = _anchor_texts(run), _anchor_texts(then)
    same = {name for name, text in now.items() if before.get(name) == text}
    return {
        (judge, verdict.criterion, verdict.anchor): verdict.score
        for judge, estimate in card.anchors.items()
        for verdict in estimate.verdicts
        if verdict.anchor in same
    }


def _anchor_texts(run: RunDefinition) -> dict[str, Anchor]:
    anchors = run.evaluation.anchors
    return {each.id or f"anchor-{n}": each for n, each in enumerate(anchors.records if anchors else (), 1)}
