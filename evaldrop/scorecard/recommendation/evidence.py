"""What a recommendation rests on: the differences it read, prices, and whose verdicts they are."""

from collections.abc import Iterator

from evaldrop.scorecard.figures import count, number, signed, size, usd
from evaldrop.scorecard.model.scorecard import Scorecard
from evaldrop.scorecard.recommendation.facts import Contender, Facts
from evaldrop.scorecard.recommendation.leads import Lead, Quantity
from evaldrop.scorecard.recommendation.phrases import margin_in_words, name_of, quantity_in_words
from evaldrop.scorecard.recommendation.rule import Ruling


def evidence(ruling: Ruling, facts: Facts, scorecard: Scorecard) -> Iterator[str]:
    """Yield what the sentence rests on, a sentence each."""
    quantity, running = facts.quantity, facts.running
    if quantity is None or not running:
        return
    on = quantity_in_words(quantity)
    for other in running:
        if ruling.leading and other is not ruling.leading:
            lead = facts.leads.get((ruling.leading.name, other.name))
            yield f"{name_of(ruling.leading)} over {name_of(other)} on {on}: {_lead(lead, quantity)}."
    yield f"USD per 1,000 records: {', '.join(f'{name_of(one)} {_price(one)}' for one in running)}."
    yield f"Differences up to {margin_in_words(quantity)} on {on} count as equal."
    rests = {pair.rests_on for pair in scorecard.comparisons if pair.criterion == quantity.name}
    if rests:
        whose = "the judge alone" if rests == {"judge"} else "people too"
        yield f"It rests on the verdicts of {whose}."


def _lead(lead: Lead | None, quantity: Quantity) -> str:
    if lead is None:
        return "not compared"
    unit = abs(quantity.scale)
    said = (
        f"{signed(lead.estimate * unit, 3)} ({number(lead.low * unit, 3)} to {number(lead.high * unit, 3)} "
        f"with all pairs held together), {count(lead.n)} records"
    )
    if any(lead.lacking):
        down, up = (size(bound * unit) for bound in lead.lacking)
        said += f"; what verdicts are missing could lower it by {down} or raise it by {up}"
    return said


def _price(one: Contender) -> str:
    return "was not called" if one.is_given else usd(one.cost)
