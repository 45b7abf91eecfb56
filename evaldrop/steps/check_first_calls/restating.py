"""
What a run is likely to cost, said again by what its first calls took.

A plan guesses how long replies are; two records tell something of it, and no more: hence a range, and nothing
is ended for it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from evaldrop.bedrock.billing import usage_of
from evaldrop.bedrock.families.replies import read_reply
from evaldrop.evaluation.called_checks import CalledCheck
from evaldrop.evaluation.definition import GIVEN, Called
from evaldrop.evaluation.prices import TokenUsage, cost_at
from evaldrop.prompt_search.kept import read_search
from evaldrop.run.definition import RunDefinition

JSON = Mapping[str, Any]

LEVELS = ("low", "likely", "high")
KNOWN_CALLS = 50
"""What the replies of an earlier run or of a rehearsal count for, beside the first calls: so many calls."""


class _Answered(NamedTuple):
    key: str
    called: Called | CalledCheck
    answer: JSON


def restate(run: RunDefinition, outputs: Sequence[JSON]) -> None:
    """Write what the first calls say of a run's cost into its `run.json`, as `restated` of its estimate."""
    if (found := restated(run, outputs)) is not None:
        estimate = {**(run.estimate or {}), "restated": found}
        # Where it was read: a copy's file says where the run was first.
        run.changed(estimate=estimate, written_to=run.folder).save()


def restated(run: RunDefinition, outputs: Sequence[JSON]) -> dict[str, Any] | None:
    """
    Return a run's cost as its first calls let it look; None where its plan or its prices tell too little.

    A line of the plan becomes as much dearer or cheaper as its calls were, on demand, than the plan had them.

    Args:
        run: With the plan as its `estimate`.
        outputs: What the children of the first records gave.

    Returns:
        `known_cost_usd` (low, likely, high) of what has a price, `cost_usd` likewise or None where something
        has none, `calls`: how many it was told by, and with a budget `budget_usd` and whether it `holds`:
        "yes", "perhaps" or "no".
    """
    measured = _costs(run, outputs)
    lines = (run.estimate or {}).get("lines") or ()
    priced = [line for line in lines if line.get("cost_usd")]
    if not measured or not priced:
        return None
    costs = [_cost_of(line, measured.get(f"{line['role']}/{line['name']}", ())) for line in priced]
    searched = _searched(run)
    known = {level: sum((cost[level] for cost in costs), searched[level]) for level in LEVELS}
    is_whole = not (run.estimate or {}).get("unknown_prices")
    found = {
        "known_cost_usd": known,
        "cost_usd": known if is_whole else None,
        "calls": sum(map(len, measured.values())),
    }
    budget = run.budget_usd or run.evaluation.budget_usd
    if budget is None:
        return found
    return {**found, "budget_usd": budget, "holds": _holds(known, budget)}


def _searched(run: RunDefinition) -> Mapping[str, float]:
    """Return what searches for prompts cost: they are over before the first calls; as planned if unknown."""
    planned = ((run.estimate or {}).get("prompt_search") or {}).get("cost_usd")
    if planned is None:
        return dict.fromkeys(LEVELS, 0.0)
    kept = read_search(run.folder)
    paid = [each.cost_usd for each in kept.searches] if kept else [None]
    if None in paid:
        return planned  # type: ignore[no-any-return]
    return dict.fromkeys(LEVELS, sum(usd or 0.0 for usd in paid))


def _holds(cost: Mapping[str, float], budget_usd: float) -> str:
    if cost["likely"] > budget_usd:
        return "no"
    return "perhaps" if cost["high"] > budget_usd else "yes"


def _cost_of(line: JSON, measured: Sequence[float]) -> dict[str, float]:
    """Return what a line of a plan costs by its measured calls, in USD on demand each; else as it was."""
    cost: dict[str, float] = line["cost_usd"]
    planned = ((line.get("costs") or {}).get("on_demand") or {}).get("likely")
    if not measured or not planned or not line["calls"]:
        return cost
    each = planned / line["calls"]
    known = KNOWN_CALLS if line.get("lengths_of", "guess") != "guess" else 0
    likely = (known * each + sum(measured)) / (known + len(measured)) / each
    # All of them as the cheapest or the dearest was.
    spread = {"low": min(measured) / each, "likely": likely, "high": max(measured) / each}
    of_calls = cost["likely"]
    return {
        "low": of_calls * min(spread["low"], likely),
        "likely": of_calls * likely,
        "high": of_calls * max(spread["high"], likely),
    }


def _costs(run: RunDefinition, outputs: Iterable[JSON]) -> dict[str, list[float]]:
    """Return what each call of a candidate or judge would cost on demand, in USD, by its key."""
    costs: defaultdict[str, list[float]] = defaultdict(list)
    for found in (each for output in outputs for each in _answers(run, output)):
        price = run.prices.get(found.called.model)
        if price is None or found.answer.get("error") is not None:
            continue
        replies = [found.answer.get("reply"), found.answer.get("first_reply")]
        api = str(found.answer.get("api") or found.called.api)
        usages = [usage_of(read_reply(api, reply)) for reply in replies if reply is not None]
        told = [cost_at(price, _as_read(usage), "on_demand") for usage in usages]
        # A call whose tokens nobody tells is none that says anything.
        if told and None not in told:
            costs[found.key].append(sum(cost or 0.0 for cost in told))
    return costs


def _as_read(usage: TokenUsage) -> TokenUsage:
    """Return a usage as that of a later call: the first ones write to the cache that others read."""
    cached = (usage.cache_read or 0) + (usage.cache_write or 0)
    return usage._replace(cache_read=cached, cache_write=0)


def _answers(run: RunDefinition, output: JSON) -> Iterator[_Answered]:
    """Yield the answers of a record that a call gave."""
    candidates = {each.name: each for each in run.candidates}
    for response in output.get("responses") or ():
        is_given = response.get("given") or response.get("api") == GIVEN
        name = response["candidate"]
        if not is_given and name in candidates:
            yield _Answered(f"candidate/{name}", candidates[name], response)
        yield from _judged(run, response.get("judgements") or ())
    yield from _judged(run, output.get("comparisons") or ())


def _judged(run: RunDefinition, answers: Iterable[JSON]) -> Iterator[_Answered]:
    judges = run.answering
    for answer in answers:
        if not answer.get("kept") and not answer.get("skipped") and answer["judge"] in judges:
            yield _Answered(f"judge/{answer['judge']}", judges[answer["judge"]], answer)
