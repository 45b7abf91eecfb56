"""The sentence of a recommendation."""

from collections.abc import Callable, Mapping, Sequence

from evaldrop.scorecard.answers import ENOUGH
from evaldrop.scorecard.figures import count, milliseconds, one_line, percent, size, usd
from evaldrop.scorecard.model.recommendation import RecommendationKind
from evaldrop.scorecard.model.scorecard import Scorecard
from evaldrop.scorecard.recommendation.facts import Contender, Facts
from evaldrop.scorecard.recommendation.leads import MARGIN, WIN_RATE, is_preferred
from evaldrop.scorecard.recommendation.phrases import (
    MOST_OF_A_RULE,
    interval_in_words,
    lead_in_words,
    margin_in_words,
    name_of,
    names_of,
    nobody_better,
    price_of_the_best,
    price_of_the_next,
    quantity_in_words,
    s,
    some,
)
from evaldrop.scorecard.recommendation.rule import MOST_TIMES, SHIPPED, Ruling, needs_labels, not_worse


def sentence(ruling: Ruling, facts: Facts, scorecard: Scorecard) -> str:
    """Return the recommendation in words; of a rehearsal what it would say."""
    if ruling.leading is None:
        said = _about_nobody(ruling, facts, scorecard)
    else:
        said = _about(ruling.leading, ruling, facts, scorecard)
        said = f"{said}{_preferences_against(ruling.leading, ruling, facts, scorecard)}"
        # Those that are out, so that the sentence does not contradict a gate that failed.
        if ruling.kind != "only" and (out := _out(facts)):
            said = f"{said} {out}."
    # Never as an order: stand-ins answered.
    return f'SIMULATED: would say "{said}"' if scorecard.simulated else said


def _preferences_against(one: Contender, ruling: Ruling, facts: Facts, scorecard: Scorecard) -> str:
    """Return whom judges prefer to the one that criteria choose; nothing where preferences decide."""
    chosen = (ruling.as_if or ruling.kind) in SHIPPED
    if not chosen or facts.quantity is None or facts.quantity.name == WIN_RATE:
        return ""
    ahead = [
        other for other in facts.running if other is not one and is_preferred(other.name, one.name, scorecard)
    ]
    verb = "is" if len(ahead) == 1 else "are"
    return f" Side by side {names_of(ahead)} {verb} preferred to it." if ahead else ""


def _about(one: Contender, ruling: Ruling, facts: Facts, scorecard: Scorecard) -> str:
    if ruling.kind in SHIPPED:
        return f"Ship {name_of(one)}: {_why(ruling.kind, one, ruling, facts)}.{_since(one, ruling, facts)}"
    if ruling.kind in _HELD_BACK:
        against = _HELD_BACK[ruling.kind](one, facts)
        if ruling.as_if is None or ruling.as_if == "passes":
            return against
        # What is missing may be another's.
        chosen = name_of(one) if ruling.kind == "low_coverage" else "it"
        return f"{against} Else {chosen} would be chosen: {_why(ruling.as_if, one, ruling, facts)}."
    if ruling.kind == "no_gate":
        return _without_gate(one, facts, scorecard)
    return _undecided(one, ruling, facts)


def _regressed(one: Contender, _facts: Facts) -> str:
    return f"Ship nothing: {name_of(one)} is worse than in the blessed run on {some(one.regressed_on)}."


def _open(one: Contender, facts: Facts) -> str:
    rules = some((*one.open_on, *facts.run_open_on))
    return f"Not decided: whether {name_of(one)} passes the gate is open on {rules}."


def _short(one: Contender, facts: Facts) -> str:
    first, *others = facts.lacks(one.name)
    more = f" (and {len(others)} more like it)" if others else ""
    return f"Not decided: {first.what}{more}; {percent(ENOUGH)} of all answers are asked for.{first.said}"


_HELD_BACK: Mapping[RecommendationKind, Callable[[Contender, Facts], str]] = {
    "regressed": _regressed,
    "gate_open": _open,
    "low_coverage": _short,
}


def _why(kind: RecommendationKind, one: Contender, ruling: Ruling, facts: Facts) -> str:
    """Return why a candidate is chosen."""
    margin = margin_in_words(facts.quantity)
    alike = nobody_better(one, facts)
    if kind == "best":
        return f"{_better(one, facts)}{price_of_the_best(one, facts)}"
    if kind == "cheapest":
        return f"{alike}, and {price_of_the_next(one, ruling.rivals)}"
    if kind == "fastest":
        speed = f"90 % of its calls within {milliseconds(one.p90)}"
        return f"{alike}, nobody is cheaper, and it is the fastest ({speed})"
    if kind == "alike":
        return f"{alike}, and nobody is known to be cheaper or faster"
    if kind == "only":
        return f"it alone passes the gate; {_out(facts)}"
    if kind == "passes":
        return "it passes the gate"
    since = one.since
    if kind == "improved" and since is not None:
        return f"it is better than in the blessed run {lead_in_words(since, facts.quantity)}; no gate is set"
    return f"it is not worse than in the blessed run by more than {margin}; no gate is set"


def _better(one: Contender, facts: Facts) -> str:
    others = [other.name for other in facts.running if other is not one]
    leads = {name: lead for name in others if (lead := facts.leads.get((one.name, name))) and lead.sure > 0}
    if len(leads) < len(others):
        return "every other candidate is shown to be worse than another one"
    nearest = min(facts.running, key=lambda other: leads[other.name].estimate if other is not one else 2.0)
    by = f"{name_of(nearest)} {lead_in_words(leads[nearest.name], facts.quantity)}"
    if len(leads) == 1:
        return f"it is better than {by}"
    return f"it is better than each of the {len(leads)} others, than {by}"


def _since(one: Contender, ruling: Ruling, facts: Facts) -> str:
    """Return what the choice is beside its blessed run; nothing without one."""
    since = one.since
    if since is None or ruling.kind in {"improved", "not_worse"}:
        return ""
    if since.sure > 0:
        return f" Better than in the blessed run {lead_in_words(since, facts.quantity)}."
    loss = since.turned().at_most
    if loss <= MARGIN:
        return f" Not worse than the blessed run by more than {margin_in_words(facts.quantity)}."
    unit = abs(facts.quantity.scale) if facts.quantity else 1.0
    return f" No loss since the blessed run is shown, but one of up to {size(loss * unit)} is not ruled out."


def _without_gate(one: Contender, facts: Facts, scorecard: Scorecard) -> str:
    lacking = ["no rule of the gate about it" if scorecard.gate.checks else "no gate"]
    if one.since is None and len(facts.contenders) == 1:
        lacking.append("nothing to compare with")
    reached = f"{name_of(one)} has no verdict"
    if one.quality is not None and facts.quantity is not None:
        value = f"{size(one.quality)}{interval_in_words(one)}"
        reached = f"{name_of(one)} reaches {value} on {quantity_in_words(facts.quantity)}"
    return f"{reached}; with {' and '.join(lacking)}, this run does not say whether to ship it."


def _undecided(one: Contender, ruling: Ruling, facts: Facts) -> str:
    both = (one, *ruling.rivals)
    if not ruling.rivals:
        start = f"Not decided whether {name_of(one)} is worse than in the blessed run"
    else:
        start = f"Not decided between {names_of(both)}"
    if ruling.kind == "missing":
        return f"{start}: {_missing(both)}."
    if ruling.kind == "price_unknown":
        unknown = [other for other in both if other.cost is None]
        prices = f"what {names_of(unknown)} cost{s(unknown)} is not known"
        return f"{start}: {nobody_better(one, facts, than=f' than {name_of(one)}')}, and {prices}."
    if ruling.rivals and not not_worse(facts.running, facts):
        return f"{start}: each is shown to be worse than another one."
    lean = "" if not ruling.rivals else " None of them is shown to be better"
    if lean and one.cost is not None:
        lean += f", and {name_of(one)} is the cheapest"
    leads = [facts.leads.get((other.name, one.name)) for other in ruling.rivals] or [one.since]
    by_people = needs_labels(lead for lead in leads if lead is not None)
    needed = "too few records have labels by people to tell" if by_people else _needed(ruling)
    if None in leads:
        needed = _uncompared(one, ruling, facts)
    return f"{start}: {needed}.{lean}{'.' if lean else ''}"


def _uncompared(one: Contender, ruling: Ruling, facts: Facts) -> str:
    pairs = [frozenset((one.name, other.name)) for other in ruling.rivals]
    said = [facts.without_lead[pair] for pair in pairs if pair in facts.without_lead]
    return said[0] if said else "not all of them were compared with each other (pairwise.all_pairs)"


def _needed(ruling: Ruling) -> str:
    found = ruling.would_decide
    if found is None:
        return "there are too few records to say how many would decide"
    if found.beyond_reach:
        return f"more than {MOST_TIMES} times these records would be needed"
    money = "" if found.cost_usd is None else f", about {_roughly(found.cost_usd)},"
    return f"{count(found.records)} more records{money} would decide (evaldrop plan DATASET --like RUN)"


def _roughly(cost: float) -> str:
    return f"${cost:,.0f}" if cost >= 10 else usd(cost)


def _missing(both: Sequence[Contender]) -> str:
    worst = max(both, key=lambda one: one.unread.share)
    share, what = worst.unread
    if share > 0:
        named = one_line(what, MOST_OF_A_RULE)
        return f"{percent(share)} of {name_of(worst)}'s {named} are missing, and could turn it"
    return f"{what} of the blessed run are missing, and could turn it"


def _about_nobody(ruling: Ruling, facts: Facts, scorecard: Scorecard) -> str:
    if ruling.kind == "no_responses":
        errors = [name for card in scorecard.candidates.values() for name in card.responses.error_names]
        said = facts.silent_ones[0].said if facts.silent_ones else ""
        return f"Ship nothing: no candidate gave a response{f' ({some(errors)})' if errors else ''}.{said}"
    if ruling.kind == "unanswered":
        first, *others = facts.silent_ones
        more = f" (and {len(others)} more like it)" if others else ""
        return f"Ship nothing: {first.what}{more}.{first.said}"
    if ruling.kind == "untrusted":
        judges = some(facts.distrusted)
        return f"Not decided: judge {judges} gets the anchors wrong, and nothing may rest on its verdicts."
    if ruling.kind == "gate_failed" and facts.run_failed_on:
        return f"Ship nothing: the run as a whole fails the gate on {some(facts.run_failed_on)}."
    if ruling.kind == "gate_failed":
        return f"Ship nothing: {_all_failing(facts)}."
    passing = [one for one in ruling.rivals if one.gate == "pass"]
    gate = f" {names_of(passing)} pass{'es' if len(passing) == 1 else ''} the gate." if passing else ""
    out = f" {_out(facts)}." if _out(facts) else ""
    return f"Not decided between {names_of(ruling.rivals)}: no verdict says which is better.{gate}{out}"


def _all_failing(facts: Facts) -> str:
    shared = [
        rule for rule in facts.failing[0].failed_on if all(rule in one.failed_on for one in facts.failing)
    ]
    if facts.silent or len(facts.failing) == 1 or not shared:
        return _out(facts)
    return f"every candidate fails the gate on {some(shared)}"


def _out(facts: Facts) -> str:
    """Return who is out of the running, and why."""
    said = []
    if failing := facts.failing:
        rules = some(rule for one in failing for rule in one.failed_on)
        said.append(f"{names_of(failing)} fail{s(failing)} the gate on {rules}")
    if facts.silent:
        said.append(f"{names_of(facts.silent)} gave no response")
    return "; ".join(said)
