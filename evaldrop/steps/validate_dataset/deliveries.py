"""A plan by delivery: the run in each of them side by side, and which one `auto` comes to."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import product
from typing import NamedTuple

from evaldrop.evaluation import Called, Candidate, Evaluation
from evaldrop.evaluation.called_checks import is_called_check
from evaldrop.evaluation.definition import EVALUATION_JOB, each_called
from evaldrop.evaluation.delivery import DELIVERIES, MIN_JOB_RECORDS, Delivery, DeliverySetting
from evaldrop.evaluation.model_limits import limits_of
from evaldrop.evaluation.prices import Prices, price_of
from evaldrop.scorecard.figures import rough_duration
from evaldrop.steps.validate_dataset.plan import Option, Plan
from evaldrop.steps.validate_dataset.planned_lines import ZERO, Line, Range

FLEX_ROOM = 3
"""Times the duration on demand that a run in flex is given: no source tells how much slower it is."""

# Records whose calls go on demand before any job: they tell who is refused for good.
_FIRST_RECORDS = 2

# What `auto` falls back to, where a candidate or judge cannot be delivered as others of its kind are.
_INSTEAD: Mapping[Delivery, tuple[Delivery, ...]] = {
    "on_demand": ("on_demand",),
    "flex": ("flex", "on_demand"),
    "batch": ("batch", "flex", "on_demand"),
}
_IN_WORDS: Mapping[Delivery, str] = {"on_demand": "on demand", "flex": "in flex", "batch": "in batch"}


class _Called(NamedTuple):
    """
    A line with whom it is about.

    Attributes:
        setting: How it is to be delivered, as the evaluation says.
        possible: The deliveries that its calls can be made in.
        known: Those of them that `auto` may take: with a known price, and known to be there.
        assumed: The factors of its price that no source tells.
    """

    line: Line
    setting: DeliverySetting
    possible: tuple[Delivery, ...]
    known: tuple[Delivery, ...]
    assumed: tuple[str, ...]


def delivery_problems(evaluation: Evaluation, *, is_bedrock: bool) -> Iterator[str]:
    """Yield what is to be in the flex tier and has no place to ask for it; of batch another module tells."""
    for who, called in each_called(evaluation):
        if evaluation.delivery_setting(called) != "flex":
            continue
        if not is_bedrock:
            yield f"{who}: the flex tier is Bedrock's; this server has none. Say delivery: on_demand."
        elif called.api != "converse":
            yield (
                f"{who}: the flex tier is asked for in Converse, and this is api: {called.api}. Say api: "
                "converse, or delivery: on_demand for it."
            )


def delivery_warnings(evaluation: Evaluation, prices: Prices) -> Iterator[str]:
    """Yield what may come otherwise than an evaluation says of its deliveries."""
    settings = {evaluation.delivery_setting(called) for _, called in each_called(evaluation)}
    if evaluation.deadline and "auto" not in settings:
        yield "deadline: only delivery: auto heeds it, and nothing is delivered so."
    guessed: dict[str, float] = {}
    for who, called in each_called(evaluation):
        setting, price = evaluation.delivery_setting(called), price_of(called.model, prices)
        if setting == "batch" and limits_of(called.model, called.family).batch is False:
            yield f"{who}: {called.model} is none of the models that AWS lists for batch jobs."
        if setting == "flex" and price and "flex" in price.assumed:
            guessed[called.model] = price.flex
    for factor in dict.fromkeys(guessed.values()):
        models = ", ".join(model for model, assumed in guessed.items() if assumed == factor)
        yield (
            f"no price in the flex tier is known for {models}: {factor:g} of that on demand is assumed. "
            "Whether there is the tier the first calls tell."
        )


def with_deliveries(plan: Plan, evaluation: Evaluation, prices: Prices, *, has_jobs: bool) -> Plan:
    """
    Return a plan with its lines as they will be delivered, and the run in each delivery beside it.

    `auto` becomes the cheapest that is likely to end within the deadline; of equally cheap ones the fastest.
    `has_jobs` is False where no job can be created: on one machine that calls Bedrock itself.
    """
    by_key: dict[str, Called] = {f"candidate/{each.name}": each for each in evaluation.candidates}
    by_key |= {f"judge/{each.name}": each for each in evaluation.judges}
    called = [
        # No job is asked for a check.
        _Called(line, "on_demand", ("on_demand",), ("on_demand",), ())
        if is_called_check(line.name)
        else _called(line, by_key[line.key], plan, evaluation, prices, has_jobs=has_jobs)
        for line in plan.lines
    ]
    timing = _Timing(plan, evaluation)
    options = tuple(_option(delivery, called, timing, has_jobs=has_jobs) for delivery in DELIVERIES)
    lines, chosen = _resolved(called, timing)
    has_batch = any(line.calls and line.delivery == "batch" for line in lines)
    most_s = timing.most_s(lines) if has_batch else None
    return replace(plan, lines=lines, options=options, chosen=chosen, most_s=most_s)


def _called(
    line: Line, called: Called, plan: Plan, evaluation: Evaluation, prices: Prices, *, has_jobs: bool
) -> _Called:
    is_guarded = isinstance(called, Candidate) and called.guardrail is not None
    has_batch = limits_of(called.model, called.family).batch is not False and not is_guarded
    children = max(1, plan.records + plan.copies)
    rows = line.calls * max(0, children - _FIRST_RECORDS) / children
    is_there: dict[Delivery, bool] = {
        "on_demand": True,
        "flex": called.api == "converse",
        "batch": has_batch and called.api != EVALUATION_JOB and rows >= MIN_JOB_RECORDS,
    }
    price = price_of(called.model, prices)
    # Never a tier that nobody knows to be there: a run would end at its first calls.
    is_known: dict[Delivery, bool] = {
        "on_demand": True,
        "flex": price is not None and "flex" not in price.assumed,
        "batch": price is not None and has_jobs,
    }
    possible = tuple(delivery for delivery in DELIVERIES if is_there[delivery])
    known = tuple(delivery for delivery in possible if is_known[delivery])
    return _Called(line, evaluation.delivery_setting(called), possible, known, price.assumed if price else ())


class _Timing(NamedTuple):
    """What the time of a run depends on, whatever it is delivered in."""

    plan: Plan
    evaluation: Evaluation

    def most_s(self, lines: Iterable[Line]) -> float:
        """Return in what time a run ends, in s: jobs one after another, each at its longest, then its Map."""
        delivered = [(line.role, line.delivery) for line in lines if line.calls]
        stages = bool(self.evaluation.criteria) + (self.evaluation.pairwise is not None)
        jobs = (("candidate", "batch") in delivered) + (("judge", "batch") in delivered) * max(1, stages)
        room = FLEX_ROOM if any(delivery == "flex" for _, delivery in delivered) else 1
        return jobs * self.evaluation.batch.timeout_h * 3600 + room * self.plan.duration_s


def _option(delivery: Delivery, called: list[_Called], timing: _Timing, *, has_jobs: bool) -> Option:
    asked = [one for one in called if one.line.role == "candidate" and one.line.calls]
    # Judges' jobs are of responses that are there before the Map: given ones, and those of candidates' jobs.
    are_judged_so = delivery != "batch" or not asked or any("batch" in one.possible for one in asked)
    ways = [
        delivery
        if delivery in one.possible and (are_judged_so or one.line.role == "candidate")
        else "on_demand"
        for one in called
    ]
    lines = _as_judged(called, [one.line.delivered(way) for one, way in zip(called, ways, strict=True)])
    others = tuple(line.key for line in lines if line.calls and line.delivery != delivery)
    of_batch = "" if has_jobs else "on a deployed stack"
    said = {"on_demand": "", "flex": "no promise of time", "batch": of_batch}[delivery]
    so = [one for one in called if one.line.calls and delivery in one.possible]
    return Option(
        delivery=delivery,
        cost_usd=sum((line.cost_usd for line in lines if line.cost_usd), ZERO),
        duration_s=timing.most_s(lines) if delivery == "batch" else timing.plan.duration_s,
        others=others,
        assumed=tuple(dict.fromkeys(one.line.model for one in so if delivery in one.assumed)),
        said=said,
    )


def _resolved(called: list[_Called], timing: _Timing) -> tuple[tuple[Line, ...], str]:
    ways = [_combined(called, *wanted) for wanted in product(DELIVERIES, repeat=2)]
    if all(one.setting != "auto" for one in called):
        return ways[0], ""
    deadline = timing.evaluation.deadline
    timed = [(timing.most_s(lines), lines) for lines in ways]
    in_time = [each for each in timed if deadline is None or each[0] <= deadline]
    # Where none is in time, the fastest: all on demand.
    most_s, lines = min(in_time or timed[:1], key=lambda each: (round(_likely_usd(each[1]), 6), each[0]))
    return lines, _in_words(called, lines, most_s, deadline)


def _combined(called: list[_Called], candidates: Delivery, judges: Delivery) -> tuple[Line, ...]:
    """Return the lines with what is `auto` in these deliveries, and the others as they are to be."""
    wanted = {"candidate": candidates, "judge": judges}
    return _as_judged(
        called,
        [
            one.line.delivered(next(each for each in _INSTEAD[wanted[one.line.role]] if each in one.known))
            if one.setting == "auto"
            else _as_stated(one, one.setting)
            for one in called
        ],
    )


def _as_judged(called: list[_Called], lines: list[Line]) -> tuple[Line, ...]:
    """Return the lines with what judges in batch are asked on demand: about responses that no job gave."""
    in_jobs = [
        line.delivery == "batch" and "batch" in one.possible for one, line in zip(called, lines, strict=True)
    ]
    asked = [(line.calls, so) for line, so in zip(lines, in_jobs, strict=True) if line.role == "candidate"]
    n = sum(calls for calls, _ in asked)
    # Responses that are given are there before all jobs.
    share = sum(calls for calls, so in asked if so) / n if n else 1.0
    return tuple(
        replace(line, cost_usd=_mixed(line, share)) if so and line.role == "judge" else line
        for line, so in zip(lines, in_jobs, strict=True)
    )


def _mixed(line: Line, share: float) -> Range | None:
    of_jobs, on_demand = line.costs.get("batch"), line.costs.get("on_demand")
    if of_jobs is None or on_demand is None:
        return None
    return of_jobs.times(share) + on_demand.times(1 - share)


def _as_stated(one: _Called, stated: Delivery) -> Line:
    line = one.line.delivered(stated)
    # Too few rows for a job, which are then called on demand.
    return line if stated in one.possible else replace(line, cost_usd=one.line.costs.get("on_demand"))


def _likely_usd(lines: Iterable[Line]) -> float:
    return sum(line.cost_usd.likely for line in lines if line.cost_usd)


def _in_words(called: list[_Called], lines: tuple[Line, ...], most_s: float, deadline: int | None) -> str:
    by_delivery: dict[Delivery, list[str]] = {}
    for one, line in zip(called, lines, strict=True):
        if one.setting == "auto":
            by_delivery.setdefault(line.delivery, []).append(line.name)
    who = "; ".join(f"{', '.join(names)} {_IN_WORDS[each]}" for each, names in by_delivery.items())
    if deadline is None:
        why = "the cheapest"
    elif most_s <= deadline:
        why = f"the cheapest that should end within {rough_duration(deadline)}"
    else:
        why = f"the fastest, which may well end after {rough_duration(deadline)}"
    doubt = ", though flex has no promise of time" if "flex" in by_delivery else ""
    return f"{who}: {why}{doubt}"
