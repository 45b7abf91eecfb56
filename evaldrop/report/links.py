"""
Addresses within a report: what its records are asked for, and how many records a number rests on.

Pure functions from a selection to a fragment, which `templates/scripts/lists/selection.js` reads back; the
filters' names and values are those of `templates/scripts/lists/filters.js`.
"""

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlencode

Unit = Literal["records", "verdicts", "pairs"]
Sign = Literal["first", "second", "equal"]
Change = Literal["better", "worse", "same", "paired", "lost", "new_error", "mended"]
Preference = Literal["won", "lost", "tied", "read", "unread"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """
    What a number opens.

    Attributes:
        fragment: The address, from its sign `#` on.
        n: How many there are, in the run: a page may carry a part of them. None where nobody counted.
        unit: Of what; of a judge's own counts several may be in a record.
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


def judged(judge: str, n: int | None, kind: str) -> Link | None:
    """Return the link to a judge's own verdicts."""
    return link(n, "verdicts", judge=judge, verdict=kind)


def answers(candidate: str, n: int | None, kind: str, *, sort: str | None = None) -> Link | None:
    """Return the link to a candidate's responses of a kind: given, called, timed, empty, missing, error …"""
    return link(n, candidate=candidate, answer=kind, sort=sort)


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
