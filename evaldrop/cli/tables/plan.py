"""A plan as a table, and what the run could show in words."""

from typing import TYPE_CHECKING

from rich.console import Console

from evaldrop.cli.output import shown
from evaldrop.cli.prose import print_prose
from evaldrop.cli.tables.terminal import print_fitting, print_models
from evaldrop.evaluation.called_checks import is_called_check
from evaldrop.report.columns import Column, words
from evaldrop.report.deliveries import IN_WORDS
from evaldrop.scorecard.figures import (
    UNKNOWN,
    count,
    percent,
    rough_count,
    rough_duration,
    rough_usd,
    score,
    size,
)

if TYPE_CHECKING:
    from evaldrop.steps.validate_dataset.observed import EarlierReplies
    from evaldrop.steps.validate_dataset.plan import Option, Plan
    from evaldrop.steps.validate_dataset.planned_lines import Line, Range
    from evaldrop.steps.validate_dataset.planned_search import PlannedSearch
    from evaldrop.steps.validate_dataset.sensitivity import PromptGain, Sensitivity


def print_plan(console: Console, plan: "Plan", *, budget_usd: float | None) -> None:
    """Print a plan: a row per candidate and judge, the totals, what they rest on."""
    searched = plan.prompt_search.searches if plan.prompt_search else ()
    lines = plan.all_lines
    names = [
        one.name.replace(":", " ", 1) if is_called_check(one.name) else f"{one.role} {one.name}"
        for one in plan.lines
    ]
    names += [_in_search(one, search) for search in searched for one in search.lines]
    # Model IDs are the longest texts and tell least: they go first, and are then named below.
    models = [one.model for one in lines]
    replies = [one.output_tokens for one in lines]
    tokens_out = [f"{rough_count(tokens.low)} - {rough_count(tokens.high)}" for tokens in replies]
    costs = [one.cost_usd for one in lines]
    columns = [
        words("who", names),
        words("model", models, rank=3),
        Column("calls", [count(one.calls) for one in lines]),
        Column("tokens in", [rough_count(one.input_tokens.likely) for one in lines], rank=2),
        Column("tokens out", tokens_out, rank=1),
        Column(_likely(plan), [rough_usd(cost.likely) if cost else UNKNOWN for cost in costs]),
        Column("USD low - high", [_usd_range(cost) if cost else UNKNOWN for cost in costs]),
    ]
    if columns[1] not in print_fitting(console, columns):
        print_models(console, names, models)
    total = plan.cost_usd
    partly = " for the models with a known price" if plan.unknown else ""
    dollars = f"likely {rough_usd(total.likely)} ({_usd_range(total)})"
    if plan.guessed:
        # The range first: what stands within it is of replies whose length nobody has told.
        dollars = f"{_usd_range(total)}, guessed {rough_usd(total.likely)}"
    copies = f" and {count(plan.copies)} perturbed copies" if plan.copies else ""
    print_prose(
        console,
        f"\n{count(plan.records)} records{_of_all(plan)}{copies}, {count(plan.calls)} calls: "
        f"{dollars}{partly}, prices of {plan.prices_date}",
    )
    if plan.calls:
        print_prose(
            console,
            "every candidate and judge is called by a few records first: who is refused for good ends the "
            "run there",
        )
    if plan.checks:
        print_prose(console, f"checks {', '.join(map(shown, plan.checks))}: no call, no cost")
    if plan.unknown:
        print_prose(console, f"price unknown: {', '.join(map(shown, plan.unknown))}")
    for search in searched:
        _print_search(console, search)
    _print_options(console, plan)
    print_prose(console, _around(plan))
    calling = f"about {rough_duration(plan.duration_s)} with {count(plan.max_concurrency)} records at a time"
    if plan.most_s is not None:
        calling = f"up to {rough_duration(plan.most_s)}, for jobs may take so long; {calling} on demand"
    print_prose(console, calling)
    if budget_usd is not None:
        print_prose(console, f"budget: {rough_usd(budget_usd)}")


def _around(plan: "Plan") -> str:
    """Return what AWS takes that is no model, and its share of the bill where the models' is known."""
    amounts = {
        "Step Functions": plan.orchestration_usd,
        "functions": plan.functions_usd,
        "S3 requests": plan.storage_usd,
    }
    if plan.scorers_usd:
        amounts["scorers (their time a guess)"] = plan.scorers_usd
    of_what = [f"{name} {_least_usd(amount)}" for name, amount in amounts.items()]
    share = ""
    if not plan.unknown and plan.cost_usd.likely:
        part = plan.machinery_usd / (plan.machinery_usd + plan.cost_usd.likely)
        share = f" ({percent(part)} of the bill)"
    parts = f", the dataset in {count(plan.parts)} parts" if plan.parts else ""
    return f"besides on AWS: {', '.join(of_what)}{share}{parts}; nothing on one machine"


def _least_usd(amount: float) -> str:
    return rough_usd(amount) if amount >= 0.0001 else "below $0.0001"


def _in_search(line: "Line", search: "PlannedSearch") -> str:
    """Return what a line of a search is called: the candidate and the judge have one of their own, too."""
    if line.role == "proposer":
        return f"prompts for {search.candidate}"
    return f"tries of {search.candidate}" if line.role == "candidate" else f"judge {line.name} of these"


def _of_all(plan: "Plan") -> str:
    if plan.prompt_search is None:
        return ""
    parts = plan.prompt_search.records
    if not (parts["train"] or parts["dev"]):
        return ""
    return (
        f" of {count(sum(parts.values()))} (test; {count(parts['train'])} train and {count(parts['dev'])} "
        "dev are for prompts)"
    )


def _print_search(console: Console, search: "PlannedSearch") -> None:
    """Print what a search is likely to cost and what it may, and who stops it."""
    cost = search.cost_usd
    within = ""
    if search.budget_usd is not None:
        within = f", within its budget_usd of {rough_usd(search.budget_usd)}"
        if not search.is_held:
            within += ", which others that go on with it and have none may exceed"
    most = sum(search.most.values())
    print_prose(
        console,
        f"of it the prompt of {shown(search.candidate)}: likely {rough_usd(cost.likely)}, at most "
        f"{rough_usd(cost.high)}{within}; calls: {count(search.calls)}, at most {count(most)}",
    )


def print_replies_of(console: Console, plan: "Plan", replies: "EarlierReplies | None") -> None:
    """Print whose replies the plan takes for the length of those to come."""
    told = {line.lengths_of for line in plan.all_lines if line.calls}
    if replies is not None and "earlier" in told:
        run = shown(replies.folder.rstrip("/").rpartition("/")[2])
        print_prose(console, f"lengths of replies: those of {run}")
    if "rehearsal" in told:
        print_prose(
            console,
            "lengths of replies: those of the simulated models, asked about a few records; real ones "
            "write others",
        )
    if plan.guessed:
        of_all = len(plan.guessed) == len({line.key for line in plan.all_lines if line.calls})
        who = ", ".join(shown(key.replace("/", " ", 1)) for key in plan.guessed)
        print_prose(
            console,
            f"lengths of replies: evaldrop's own guess{'' if of_all else f' for {who}'}, until a run of this "
            "evaluation has told them: reckon with the range, or run --limit 20 first and plan again",
        )


def _likely(plan: "Plan") -> str:
    return "USD guessed" if plan.guessed else "USD likely"


def _print_options(console: Console, plan: "Plan") -> None:
    """Print the run in each delivery side by side, and what `auto` made of it."""
    if not plan.options or not plan.calls:
        return
    # Of some delivered so and others so, none of the rows is the run.
    asked = {line.delivery for line in plan.lines if line.calls}
    console.print()
    marks = [" *" if asked == {one.delivery} else "" for one in plan.options]
    names = [IN_WORDS[one.delivery] + mark for one, mark in zip(plan.options, marks, strict=True)]
    columns = [
        words("delivery", names),
        Column(_likely(plan), [rough_usd(one.cost_usd.likely) for one in plan.options]),
        Column("USD low - high", [_usd_range(one.cost_usd) for one in plan.options], rank=1),
        words("time", [_time(one) for one in plan.options]),
        words("", [one.said for one in plan.options], rank=2, wrap="never"),
    ]
    print_fitting(console, columns)
    for one in plan.options:
        if one.others:
            who = ", ".join(shown(each.partition("/")[2]) for each in one.others)
            print_prose(console, f"{IN_WORDS[one.delivery]}: {who} on demand all the same")
        if one.assumed:
            assumed = ", ".join(map(shown, one.assumed))
            print_prose(console, f"{IN_WORDS[one.delivery]}: its price is assumed for {assumed}")
    if plan.chosen:
        print_prose(console, f"delivery auto: {shown(plan.chosen)}")


def _time(option: "Option") -> str:
    lasts = rough_duration(option.duration_s)
    return {"on_demand": f"about {lasts}", "flex": f"{lasts} or more", "batch": f"up to {lasts}"}[
        option.delivery
    ]


def _usd_range(dollars: "Range") -> str:
    return f"{rough_usd(dollars.low)} - {rough_usd(dollars.high)}"


def print_sensitivity(console: Console, found: "Sensitivity") -> None:
    """Print the smallest difference a run could show, and the records that a stated one takes."""
    from evaldrop.prompt_search.parts import records_for
    from evaldrop.steps.validate_dataset.sensitivity import POWER, USUAL_RATE

    if found.detectable is None or found.detectable_adjusted is None or found.pass_rate_margin is None:
        print_prose(console, "\nno record: nothing can be shown")
        return
    # Records of one group answer alike: counted singly they would promise too much.
    has_groups = found.clusters < found.records
    kind = "test records" if found.prompt_gain else "records"
    unit = f"independent {kind}" if has_groups else kind
    once = " (groups count once)" if has_groups else ""
    detectable = found.detectable
    why = "by how often they disagree; --like RUN knows better"
    if found.like is not None:
        why = f"by the pairs of {shown(found.like.rstrip('/').rpartition('/')[2])}"
    print_prose(
        console,
        f"\nwith {count(found.clusters)} {unit}{once} a difference of {size(detectable.likely)} between two "
        f"candidates is seen in {POWER * 100:.0f} of 100 runs "
        f"({size(detectable.low)} to {size(detectable.high)}, {why})",
    )
    if found.comparisons > 1:
        print_prose(
            console,
            f"{count(found.comparisons)} comparisons are decided together (Holm): the first of them takes "
            f"{size(found.detectable_adjusted.likely)}",
        )
    print_prose(
        console,
        f"a pass rate of {percent(USUAL_RATE)} will be known to ±{found.pass_rate_margin * 100:.0f} points",
    )
    if needed := found.needed:
        several = found.comparisons > 1
        together = f"; {_range(needed.records_adjusted)} as the first of all" if several else ""
        of_all = ""
        if found.prompt_gain:
            in_all = needed.records.map(lambda units: records_for(round(units)))
            of_all = f", of {_range(in_all)} in all"
        print_prose(
            console,
            f"a difference of {score(needed.difference)} takes {_range(needed.records)} {unit}{of_all}"
            f"{together}",
        )
    if found.prompt_gain is not None:
        _print_prompt_gain(console, found.prompt_gain)
    print_prose(
        console, "differences are shares of the scale: 0.05 is five points of a pass rate, 0.2 of a scale 1-5"
    )


def _print_prompt_gain(console: Console, found: "PromptGain") -> None:
    """Print what may be claimed of an improved prompt, and how many records would help."""
    units = f"{count(found.test_units)} independent test record{'' if found.test_units == 1 else 's'}"
    if found.gain is None:
        said = f"{units} can show no gain of a prompt, and none will be claimed"
    elif not found.is_enough:
        said = (
            f"{units} would show a prompt's gain of {size(found.gain)} or more: few gain so much, and none "
            "will be claimed"
        )
    else:
        said = f"{units} show a prompt's gain of {size(found.gain)} or more in 80 of 100 runs"
    total = sum(found.records.values())
    if not found.is_enough:
        said += f"; from about {count(found.for_claim)} records on (train and dev included) one may be"
    if total < found.for_tenth:
        said += f"; about {count(found.for_tenth)} records show one of 0.10"
    print_prose(console, said)


def _range(needed: "Range") -> str:
    return f"{needed.likely:,.0f} ({needed.low:,.0f} to {needed.high:,.0f})"
