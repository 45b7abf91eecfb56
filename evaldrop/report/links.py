"""
Addresses within a report: what its records are asked for, and how many records a number rests on.

Pure functions from a selection to a fragment, which `templates/scripts/lists/selection.js` reads back; the
filters' names and values are those of `templates/scripts/lists/filters.js`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlencode

Unit = Literal["records", "verdicts", "pairs", "responses"]
Sign = Literal["first", "second", "equal", "missing"]
Change = Literal["better", "worse", "same", "paired", "lost", "new_error", "mended"]
Preference = Literal["won", "lost", "tied", "read", "unread"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """
    What a number opens.

    Attributes:
        fragment: The address, from its sign `#` on.
        n: How many there are, in the run: a page may carry a part of them. None where nobody counted.
        unit: Of what; of a judge's verdicts, of pairs and of responses several may be in a record.
    """

    fragment: str
    n: int | None = None
    unit: Unit = "records"

    @property
    def title(self) -> str:
        """What a pointer over the number is told."""
        if self.n is None:
            return "the records behind it"
        return f"{self.n:,} {self.unit if self.n != 1 else self.unit[:-1]}"


def link(n: int | None = None, unit: Unit = "records", **chosen: str | None) -> Link | None:
    """
    Return the link to the records of a selection: values by the filters' names, without empty ones.

    Returns:
        None where `n` is 0: there is nothing to open.
    """
    if n == 0:
        return None
    values = {name: value for name, value in chosen.items() if value}
    if n is not None:
        values["n"] = str(n)
    return Link(fragment=f"#{urlencode(values)}", n=n, unit=unit)


def several(*parts: str | float) -> str:
    """Return several texts as one value of a filter; the script's `unlisted` parts them again."""
    return ",".join(str(part).replace("~", "~0").replace(",", "~1") for part in parts)


def verdicts(
    candidate: str, criterion: str, n: int | None, kind: str = "scored", category: str | None = None
) -> Link | None:
    """Return the link to the records on which a candidate was scored, or passed, failed, or why not."""
    return link(n, candidate=candidate, criterion=criterion, verdict=kind, category=category)


def judged(judge: str, n: int | None, kind: str, criterion: str | None = None) -> Link | None:
    """Return the link to a judge's own verdicts, on a criterion or all."""
    return link(n, "verdicts", judge=judge, criterion=criterion, verdict=kind)


def record(record_id: str) -> Link:
    """Return the link to a record itself."""
    return Link(fragment=f"#{urlencode({'record': record_id})}")


def answers(candidate: str, n: int | None, kind: str, *, sort: str | None = None) -> Link | None:
    """Return the link to a candidate's responses of a kind: given, called, timed, empty, missing, error …"""
    return link(n, candidate=candidate, answer=kind, sort=sort)


def slower(candidate: str, milliseconds: float | None) -> Link | None:
    """Return the link to a candidate's calls that took as long or longer; None where nobody timed them."""
    if milliseconds is None:
        return None
    return link(None, candidate=candidate, slower=f"{milliseconds:.12g}", sort="slow")


def metric(candidate: str, name: str, n: int | None) -> Link | None:
    """Return the link to the responses of which a metric was computed."""
    return answers(candidate, n, several("metric", name))


def errors(candidate: str, n: int | None, name: str) -> Link | None:
    """Return the link to a candidate's calls that failed with an error of this name."""
    return link(n, candidate=candidate, error=name)


def flagged(candidate: str, n: int | None, flag: str) -> Link | None:
    """Return the link to a candidate's responses that were flagged for something."""
    return link(n, candidate=candidate, flag=flag)


def stopped(candidate: str, n: int | None, reason: str) -> Link | None:
    """Return the link to a candidate's responses with a stop reason, or a kind of them: refused, cut_off."""
    return link(n, candidate=candidate, stop=reason)


def pair(
    a: str, b: str, criterion: str, n: int | None, *, sign: Sign | None = None, category: str | None = None
) -> Link | None:
    """Return the link to the records on which two candidates are both scored, or one of them is better."""
    compared = several(a, b, sign) if sign else several(a, b)
    return link(n, pair=compared, criterion=criterion, category=category)


def changed(
    candidate: str, criterion: str | None, n: int | None, kind: Change, *, category: str | None = None
) -> Link | None:
    """Return the link to the records on which a candidate is better, or worse, than in the baseline."""
    sort = "fell" if kind == "worse" else ""
    return link(n, candidate=candidate, criterion=criterion, change=kind, category=category, sort=sort)


def guarded(
    candidate: str, requests: str, end: str, n: int | None, category: str | None = None
) -> Link | None:
    """Return the link to bad or good requests that were blocked, refused or passed; `known` is any."""
    return link(n, candidate=candidate, guard=several(requests, end), category=category)


def preferred(first: str, second: str, kind: Preference, n: int | None) -> Link | None:
    """Return the link to the records on which judges preferred the first of two; "" is any second one."""
    return link(n, "records" if second else "pairs", preference=several(first, second, kind))


def both_guarded(a: str, b: str, requests: str, n: int | None) -> Link | None:
    """Return the link to bad or good requests of which the ends of two candidates are known."""
    return link(n, guard=several(requests, "both", a, b))


def panel(criterion: str, n: int | None) -> Link | None:
    """Return the link to the responses that several judges scored on a criterion."""
    return link(n, "responses", criterion=criterion, panel="several")


def judged_twice(judge: str, criterion: str, of: str, n: int | None) -> Link | None:
    """Return the link to texts that a judge scored more than once: `repeats`, or of several `candidates`."""
    return link(n, "responses", judge=judge, criterion=criterion, twins=of)


def labelled(
    criterion: str, kind: str, n: int | None, *, candidate: str | None = None, judge: str | None = None
) -> Link | None:
    """Return the link to responses that people labelled; what they may be is in `lists/trust.js`."""
    unit: Unit = "pairs" if kind == "pair" else "responses"
    return link(n, unit, candidate=candidate, criterion=criterion, judge=judge, labelled=kind)


def both_criteria(first: str, second: str, n: int | None) -> Link | None:
    """Return the link to responses that are scored on two criteria."""
    return link(n, "responses", criterion=first, also=second)


def checked(candidate: str, kind: str, n: int | None) -> Link | None:
    """Return the link to responses that are checked and judged, or of which these say different things."""
    return link(n, "responses", candidate=candidate, checked=kind)


def shown(judge: str, kind: Literal["read", "both", "flipped"], n: int | None) -> Link | None:
    """Return the link to a judge's pairs with a preference, in any order or both; or flipped ones."""
    return link(n, "pairs", judge=judge, shown=kind)


def lengths(criterion: str, n: int | None) -> Link | None:
    """Return the link to pairs of scored responses of which one is longer."""
    return link(n, "pairs", criterion=criterion, lengths="differ")


def kin(
    judge: str, criterion: str, own: Sequence[str], others: Sequence[str], n: int, against: Sequence[str] = ()
) -> Link | None:
    """Return the link to records on which a judge's own candidates and others can be held side by side."""
    sides = several(len(against), len(own), *against, *own, *others)
    return link(n, judge=judge, criterion=criterion, kin=sides)
