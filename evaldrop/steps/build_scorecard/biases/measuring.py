"""
Measures the biases of a run's judges and decides them together.

Whatever is tested here is one family: over all of a run's biases the chance of any false alarm is 1 in 20.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from math import sqrt

import numpy as np

from evaldrop.errors import StorageError
from evaldrop.evaluation.anchors import Anchor
from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.model.baseline import Baseline
from evaldrop.scorecard.model.biases import AnchorDrift, Biases, BiasEstimate, IdenticalTexts, PositionBias
from evaldrop.scorecard.read import read_scorecard
from evaldrop.statistics.intervals import Interval, mean_estimate, normal_quantile
from evaldrop.statistics.judge_bias import apart_test, first_shown_effect
from evaldrop.statistics.multiplicity import holm
from evaldrop.statistics.paired import sign_flip_test
from evaldrop.statistics.vectors import Floats, Ordinals
from evaldrop.steps.build_scorecard.anchors import AnchorCheck
from evaldrop.steps.build_scorecard.biases.length import length_bias
from evaldrop.steps.build_scorecard.biases.measures import (
    FEWEST,
    SMALLEST,
    Judgements,
    Measured,
    few,
    mean_of,
    scale_range,
)
from evaldrop.steps.build_scorecard.biases.own_maker import self_preferences
from evaldrop.steps.build_scorecard.preferences.win_rates import UNASKED, WIN, JudgeColumn, Pair

ALARMS = 0.05
"""The chance of any false alarm over a run's biases."""
TOLERATED_APART = 0.05
# As `SMALLEST`, of preferences.
SMALLEST_SHARE = 0.02


class BiasMeter:
    """Measures the biases of one run, kind by kind."""

    def __init__(self, on: Judgements) -> None:
        self._on, self._run, self._counts, self._data = on, on.run, on.counts, on.data

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
        kinds: dict[str, list[Measured]] = {
            "position": list(self._positions(pairs)),
            "verbosity": [
                each for name in self._run.judged_criteria if (each := length_bias(self._on, name))
            ],
            "self_preference": list(self_preferences(self._on)),
            "identical_texts": list(self._identical()),
            "anchor_drift": list(self._drift(anchors, earlier)),
        }
        decided = iter(_decided([each for found in kinds.values() for each in found]))
        parts = {kind: tuple(next(decided) for _ in found) for kind, found in kinds.items()}
        tested = sum(each.p_value is not None for found in kinds.values() for each in found)
        return Biases.model_validate({"tested": tested, **parts})

    def _positions(self, pairs: Mapping[Pair, Mapping[str, JudgeColumn]]) -> Iterator[Measured]:
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
            clusters = self._on.clusters(ordinals)
            if pairwise.orders in ("candidate_first", "baseline_first"):
                why = "every pair was shown in one order, and a place cannot be told from a candidate"
                yield Measured(part.model_copy(update={"size": None, "reason": why}))
            elif np.unique(clusters).size < FEWEST:
                yield Measured(part.model_copy(update={"reason": few(int(shares.size), "pairs")}))
            else:
                effect = first_shown_effect(shares, clusters)
                yield Measured(
                    part,
                    effect.p_value,
                    partial(_shown_interval, shares, clusters),
                    fair=0.5,
                    floor=SMALLEST_SHARE,
                )

    def _identical(self) -> Iterator[Measured]:
        repeats = {judge.name: judge.repeats for judge in self._run.judges}
        for (judge, criterion, of), (ordinals, gaps) in self._data.twins.items():
            n, verdicts = int(gaps.size), repeats[judge] if of == "repeats" else 1
            apart, clusters = (gaps > 1e-6).astype(np.float64), self._on.clusters(ordinals)
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
                yield Measured(part.model_copy(update={"reason": few(n, "records have such texts")}))
                continue
            yield Measured(
                part,
                apart_test(apart, clusters, tolerated=TOLERATED_APART).p_value,
                partial(_apart_interval, apart, clusters),
                floor=TOLERATED_APART,
            )

    def _drift(
        self, anchors: Sequence[AnchorCheck], earlier: Mapping[tuple[str, str, str], float]
    ) -> Iterator[Measured]:
        moves: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
        for check in anchors:
            before = earlier.get((check.judge, check.criterion, check.anchor))
            if before is not None and check.score is not None:
                moves[check.judge, check.criterion].append(check.score - before)
        for (judge, name), moved in moves.items():
            criterion = self._run.criteria[name]
            part = AnchorDrift(judge=judge, criterion=name, n=len(moved), size=mean_of(moved))
            if len(moved) < FEWEST:
                yield Measured(part.model_copy(update={"reason": few(len(moved), "anchors")}))
                continue
            # In the scores' own direction: what moved is the judge's score, whatever is good. A judge that
            # did not move answers twice alike by chance, so that the sign-flip test is exact.
            moves_of = np.array(moved)
            p_value = sign_flip_test(moves_of, seed=0).p_value
            floor = SMALLEST * scale_range(criterion)
            yield Measured(part, p_value, partial(_move_interval, moves_of), floor=floor)


def _decided(measured: Sequence[Measured]) -> list[BiasEstimate]:
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
        for verdict in estimate.by_anchor
        if verdict.anchor in same
    }


def _anchor_texts(run: RunDefinition) -> dict[str, Anchor]:
    anchors = run.evaluation.anchors
    return {each.id or f"anchor-{n}": each for n, each in enumerate(anchors.records if anchors else (), 1)}
