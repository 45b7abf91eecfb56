"""Judges the rules that hold a run to its baseline."""

from collections.abc import Iterator
from math import inf
from typing import NamedTuple

from evaldrop.scorecard.baseline.words import held_in_words, level_in_words, missing_in_words
from evaldrop.scorecard.figures import p_value, signed, size, verdicts_by
from evaldrop.scorecard.gate.names import RunNames, candidates_of
from evaldrop.scorecard.gate.rules import NoRegression, NoWorseRecord
from evaldrop.scorecard.model.baseline import Baseline, BaselineEstimate
from evaldrop.scorecard.model.part import OVERALL, Interval
from evaldrop.scorecard.model.scorecard import (
    Decision,
    GateCheck,
    Scorecard,
)

_MOST_NAMED = 5
# 0.7 - 0.5 is a little less than 0.2: a drop as large as the limit counts.
_ROUNDING = 1e-9


_Rule = NoRegression | NoWorseRecord


class _HeldEstimate(NamedTuple):
    """A candidate's estimate against the baseline; `sign` is -1 on a criterion where low is good."""

    candidate: str
    criterion: str
    estimate: BaselineEstimate | None
    sign: int


def judge_against_baseline(rule: _Rule, scorecard: Scorecard, names: RunNames) -> Iterator[GateCheck]:
    """
    Yield a check per candidate and criterion; for new candidates, and where nothing can be judged, one.

    `no regression` without a margin: fails when a regression is decided, is inconclusive when verdicts are
    missing that could hide one, else passes and says what could not have been seen. What is decided shares
    the level of a year, and so does the gate: that an interval of this week alone is below 0 comes in every
    quiet year. With a margin: passes when the whole interval is above -margin, whatever the missing verdicts
    would have been, fails when all of the family's is below. `no record worse` is a fact of this run and the
    blessed one, without an interval.
    """

    def check(candidate: str | None, judged: tuple[Decision, str], criterion: str | None = None) -> GateCheck:
        decision, sentence = judged
        return GateCheck(
            expression=rule.expression,
            decision=decision,
            sentence=sentence,
            candidate=candidate,
            criterion=criterion if rule.criterion is None else None,
        )

    baseline = scorecard.baseline
    if baseline is None:
        yield check(
            None, ("inconclusive", "there is no baseline; `evaldrop bless RUN` makes a run the baseline.")
        )
        return
    if not baseline.comparable and not baseline.forced:
        yield check(None, ("inconclusive", baseline.summary))
    else:
        for name in candidates_of(rule, names):
            if name not in baseline.candidates:
                yield check(name, ("pass", f"{name} is not in the baseline: it has nothing to lose."))
    for held in _held(rule, scorecard, baseline, names):
        if isinstance(rule, NoRegression):
            judged = _judge_difference(rule, held, baseline)
        else:
            judged = _judge_records(rule, held, baseline)
        yield check(held.candidate, judged, held.criterion)


def _held(rule: _Rule, scorecard: Scorecard, baseline: Baseline, names: RunNames) -> Iterator[_HeldEstimate]:
    criteria = [rule.criterion] if rule.criterion is not None else list(scorecard.criteria)
    for name in candidates_of(rule, names):
        if name in baseline.candidates:
            for criterion in criteria:
                info = scorecard.criteria.get(criterion)
                sign = 1 if info is None or info.higher_is_better else -1
                estimate = _estimate(baseline.candidates[name].criteria, criterion, scorecard)
                yield _HeldEstimate(name, criterion, estimate, sign)


def _estimate(
    estimates: dict[str, BaselineEstimate], criterion: str, scorecard: Scorecard
) -> BaselineEstimate | None:
    # With a single criterion there is no overall beside it: it is the criterion itself.
    if criterion == OVERALL and OVERALL not in estimates and len(scorecard.criteria) == 1:
        return next(iter(estimates.values()), None)
    return estimates.get(criterion)


def _judge_difference(rule: NoRegression, held: _HeldEstimate, baseline: Baseline) -> tuple[Decision, str]:
    about, estimate = f"{held.candidate}.{held.criterion}", held.estimate
    if estimate is None or estimate.interval is None:
        why = (estimate.reason if estimate else None) or "it is not in both runs"
        return "inconclusive", f"{about} cannot be compared with the baseline ({why})."
    # Where low is good the sign turns the bounds round; the sentence keeps them as they are on the scale.
    _, high = sorted(held.sign * bound for bound in estimate.interval)
    # By the interval and not by the test: "no regression decided" would pass any run with too few records.
    if rule.margin:
        return _within_margin(rule.margin, held, estimate, baseline)
    moved = _moved(held, estimate, baseline, estimate.reported_interval, level_in_words(baseline))
    if estimate.decision == "regressed":
        return "fail", f"{moved}: it regressed."
    missing = missing_in_words(estimate, baseline.records)
    if estimate.may_hide_regression:
        return "inconclusive", f"{moved}: not decided, because {missing}: they could hide a regression."
    if estimate.open == "missing" and high < 0:
        return "inconclusive", f"{moved}: not decided, because {missing}."
    alone = "alone it would be a regression, among all comparisons it is open" if high < 0 else ""
    # A scorecard of an earlier version knows no year.
    if alone and baseline.look == "single":
        return "inconclusive", f"{moved}: {alone}."
    unseen = (
        "" if estimate.minimum_detectable is None or estimate.decision == "improved"
        else f"; a loss below {size(estimate.minimum_detectable)} could not be seen"
    )  # fmt: skip
    gone = f"; {missing}" if estimate.n_missing else ""
    return "pass", f"{moved}: no regression is decided{alone and f' ({alone})'}{gone}{unseen}."


def _moved(
    held: _HeldEstimate,
    estimate: BaselineEstimate,
    baseline: Baseline,
    interval: Interval | None,
    level: str = "",
) -> str:
    """Return how far a candidate moved on a criterion, with the interval that decides and its level."""
    bounds = " to ".join(signed(bound) for bound in interval or ())
    against = held_in_words(baseline).removeprefix("Against ")
    return (
        f"{held.candidate}.{held.criterion} moved by {signed(estimate.difference)} against {against} "
        f"({bounds}, p {p_value(estimate.p_adjusted)}, {estimate.n} records{level}"
        f"{verdicts_by(estimate.rests_on, estimate.n_labelled, estimate.left_out)})"
    )


def _within_margin(
    margin: float, held: _HeldEstimate, estimate: BaselineEstimate, baseline: Baseline
) -> tuple[Decision, str]:
    allowed = f"{margin:g} worse is allowed"
    alone = estimate.bounded_interval or estimate.interval or (-inf, inf)
    moved = _moved(held, estimate, baseline, alone)
    low = min(held.sign * bound for bound in alone)
    high = max(held.sign * bound for bound in estimate.family_interval or alone)
    # The whole interval: a difference inside the margin with a bound outside it has not been shown to be.
    if low >= -margin:
        return "pass", f"{moved}: all of it is within what is allowed; {allowed}."
    if high < -margin:
        moved = _moved(held, estimate, baseline, estimate.reported_interval, level_in_words(baseline))
        return "fail", f"{moved}: all of it is worse than allowed; {allowed}."
    return "inconclusive", f"{moved}: a part of it is worse than allowed; {allowed}."


def _judge_records(rule: NoWorseRecord, held: _HeldEstimate, baseline: Baseline) -> tuple[Decision, str]:
    about, estimate = f"{held.candidate}.{held.criterion}", held.estimate
    if estimate is None or estimate.largest_drop is None:
        return "inconclusive", f"{about}: no record has a score in both runs."
    if estimate.largest_drop < rule.drop - _ROUNDING and estimate.lost:
        gone = f"{estimate.lost} of {baseline.records} records"
        return (
            "inconclusive",
            f"{about}: {gone} had a verdict then and have none now; of the others none lost as much.",
        )
    if estimate.largest_drop < rule.drop - _ROUNDING:
        worst = f"the worst record lost {estimate.largest_drop:g}" if estimate.largest_drop else "none lost"
        return "pass", f"{about}: {worst}, of {estimate.n} records."
    # Overall is not among the worst records, for its criteria are; its own list has the ids.
    named = [
        f"{record.record_id} ({record.was:g} to {record.now:g})"
        for record in baseline.worst_records
        if (record.candidate, record.criterion) == (held.candidate, held.criterion)
        and abs(record.was - record.now) >= rule.drop - _ROUNDING
    ] or list(estimate.worse_records[:1])
    more = " and more" if len(named) > _MOST_NAMED else ""
    return "fail", f"{about}: {', '.join(named[:_MOST_NAMED])}{more} lost {rule.drop:g} or more."
