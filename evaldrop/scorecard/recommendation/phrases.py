"""Parts of the recommendation's sentence: names, sizes, prices."""

from collections.abc import Iterable, Sequence

from evaldrop.scorecard.figures import number, one_line, percent, size, usd
from evaldrop.scorecard.model.part import OVERALL
from evaldrop.scorecard.recommendation.facts import Contender, Facts
from evaldrop.scorecard.recommendation.leads import MARGIN, WIN_RATE, Lead, Quantity
from evaldrop.scorecard.recommendation.rule import AS_GOOD_AS_THE_LEAST

# More names than these make a table, not a sentence.
_MOST_NAMED = 3
_NAME_CHARACTERS = 40
MOST_OF_A_RULE = 120


def name_of(one: Contender) -> str:
    """Return a candidate's name as sentences have it."""
    return short_name(one.name)


def short_name(name: str) -> str:
    """Return a name on one line; of a long one its begin and its end, where versions stand."""
    line = one_line(name)
    return line if len(line) <= _NAME_CHARACTERS else f"{line[: _NAME_CHARACTERS - 15]}…{line[-14:]}"


def names_of(found: Sequence[Contender]) -> str:
    """Return candidates' names, of many the first."""
    return _listed([name_of(one) for one in found])


def some(texts: Iterable[str]) -> str:
    """Return rules or criteria, each once, of many the first."""
    return _listed([one_line(text, MOST_OF_A_RULE) for text in dict.fromkeys(texts)])


def s(found: Sequence[object]) -> str:
    """Return the ending of a verb that one subject has and several have not."""
    return "s" if len(found) == 1 else ""


def quantity_in_words(quantity: Quantity) -> str:
    """Return what decides."""
    if quantity.name == OVERALL:
        return "quality over all criteria"
    return "preferences" if quantity.name == WIN_RATE else one_line(quantity.name, _NAME_CHARACTERS)


def margin_in_words(quantity: Quantity | None) -> str:
    """Return the margin in the quantity's own unit; of a win rate above or below one half."""
    if quantity is None or quantity.name == WIN_RATE:
        return percent(MARGIN)
    return f"{quantity.margin:.3g}"


def nobody_better(one: Contender, facts: Facts, *, than: str = "") -> str:
    """Return that others are not shown to be better, by how much they may be, and who says so."""
    at_most = f"by at most {margin_in_words(facts.quantity)}"
    if facts.quantity is not None and facts.quantity.name == WIN_RATE:
        at_most = f"at a win rate of at most {percent(0.5 + MARGIN)}"
    leads = (facts.leads.get((one.name, other.name)) for other in facts.running)
    whose = dict.fromkeys(lead.whose for lead in leads if lead and lead.sure >= 0)
    said = "; ".join([f"if at all, {at_most}", *filter(None, whose)])
    return f"nobody is shown to be better{than} ({said})"


def lead_in_words(lead: Lead, quantity: Quantity | None) -> str:
    """Return how large a decided difference is, in the quantity's own unit."""
    unit = abs(quantity.scale) if quantity else 1.0
    whose = f" ({lead.whose})" if lead.whose else ""
    # As the headline says it: whatever is missing is within the bounds.
    least, most = lead.reach
    if quantity is not None and quantity.name == WIN_RATE:
        least, most = (min(1.0, max(0.5, 0.5 + bound)) for bound in (least, most))
        return f"at a win rate of {percent(least)} to {percent(most)}{whose}"
    if least <= 0:
        # The interval is by another method than the test, or holds what too few records can rule out.
        return f"by about {size(lead.estimate * unit)}{whose}"
    return f"by {size(least * unit)} to {size(min(most, 1.0) * unit)}{whose}"


def interval_in_words(one: Contender) -> str:
    """Return a candidate's interval in brackets, after a blank."""
    return "" if one.interval is None else f" ({number(one.interval[0])} to {number(one.interval[1])})"


def price_of_the_best(one: Contender, facts: Facts) -> str:
    """Return what the better one costs, beside the cheapest of those it is better than."""
    if one.cost is None:
        return "" if one.is_given else ", but what it costs is not known"
    others = {
        other.name: other.cost for other in facts.running if other is not one and other.cost is not None
    }
    if not others:
        return ""
    cheapest = min(others, key=lambda name: others[name])
    least, named = others[cheapest], one_line(cheapest, _NAME_CHARACTERS)
    if one.cost <= least * AS_GOOD_AS_THE_LEAST:
        return ", and nobody is cheaper"
    return f", and costs {_compared(one.cost, least, named)}"


def price_of_the_next(one: Contender, rivals: Sequence[Contender]) -> str:
    """Return that a candidate is the cheapest, by what the next one costs."""
    dearer = [other for other in rivals if other.cost is not None and other.cost > (one.cost or 0.0)]
    cheaper = [other for other in rivals if other.cost is not None and other not in dearer]
    if cheaper:
        # They are not clear: their gate is open, or they are worse than in the blessed run.
        return f"of those with nothing against them it is the cheapest ({'; '.join(map(_against, cheaper))})"
    if not dearer:
        return "it is the cheapest"
    nearest = min(dearer, key=lambda other: other.cost or 0.0)
    if not one.cost:
        return f"{name_of(nearest)} costs {usd(nearest.cost)} per 1,000 records where it costs nothing"
    return f"{name_of(nearest)} costs {_times((nearest.cost or 0.0) / one.cost)} as much"


def _against(one: Contender) -> str:
    if one.regressed_on:
        return f"{name_of(one)} is worse than in the blessed run on {some(one.regressed_on)}"
    return f"whether {name_of(one)} passes the gate is open"


def _compared(cost: float, least: float, name: str) -> str:
    if not least:
        return f"{usd(cost)} per 1,000 records where {name} costs nothing"
    return f"{_times(cost / least)} as much as {name}"


def _times(ratio: float) -> str:
    return f"{ratio:.1f} times" if ratio < 10 else f"{ratio:,.0f} times"


def _listed(names: Sequence[str]) -> str:
    if len(names) > _MOST_NAMED + 1:
        return f"{', '.join(names[:_MOST_NAMED])} and {len(names) - _MOST_NAMED} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
