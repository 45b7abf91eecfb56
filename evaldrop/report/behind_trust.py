"""
Which records are behind numbers about judges, by parts of the scorecard's JSON; None where nobody knows.

What a later version adds to the scorecard has no link until it is told here.
"""

from collections.abc import Callable, Mapping
from typing import Any

from evaldrop.report import links
from evaldrop.report.links import Link

Entry = Mapping[str, Any]


def rests_on(part: str, name: str, entry: Entry) -> Link | None:
    """
    Return the records that a row's numbers rest on.

    Args:
        part: The key of the scorecard, of biases that of their kind.
        name: What the row is called there: a criterion, or a judge.
        entry: The row's content.
    """
    of = _OF.get(part)
    return of(name, entry) if of else None


def counts(part: str, name: str, entry: Entry, fact: str) -> Link | None:
    """Return the records that one count of a row is of, where its others are of other ones."""
    if part == "checks_against_judges":
        return links.checked(name, "both" if fact == "n" else fact, entry[fact])
    return rests_on(part, name, entry)


def confused(criterion: str, judge: str | None, people: str, judged: str, n: int) -> Link | None:
    """Return the responses of which people said one answer, and a judge or all of them joined another."""
    return links.labelled(criterion, links.several("cell", people, judged), n, judge=judge)


def _agreement(criterion: str, entry: Entry) -> Link | None:
    return links.panel(criterion, entry.get("n_responses"))


def _calibration(criterion: str, entry: Entry) -> Link | None:
    # Of one person's label and another's of a response both count: responses are fewer.
    n = entry.get("n_labelled")
    return links.labelled(criterion, "labelled", n)


def _preferences(_name: str, entry: Entry) -> Link | None:
    return links.preferred(str(entry.get("candidate")), str(entry.get("baseline")), "read", None)


def _position(_name: str, entry: Entry) -> Link | None:
    # Where orders were drawn a pair was shown once, and hardly any in both.
    if entry.get("n_both_orders") != entry["n"]:
        return links.shown(entry["judge"], "read", None)
    return links.shown(entry["judge"], "both", entry["n"])


def _reused(_name: str, _entry: Entry) -> Link | None:
    return links.link(None, answer="given")


def _verbosity(_name: str, entry: Entry) -> Link | None:
    if entry.get("against") == "people":
        return links.labelled(entry["criterion"], "pair", entry["n"])
    return links.lengths(entry["criterion"], entry.get("n_compared"))


def _self_preference(_name: str, entry: Entry) -> Link | None:
    against = entry.get("against")
    held = () if against in (None, "people") else str(against).split(", ")
    return links.kin(entry["judge"], entry["criterion"], entry["own"], entry["others"], entry["n"], held)


def _identical(_name: str, entry: Entry) -> Link | None:
    return links.judged_twice(entry["judge"], entry["criterion"], entry["of"], entry["n"])


def _criterion_use(criterion: str, entry: Entry) -> Link | None:
    return links.link(None, criterion=criterion, verdict="scored") if entry.get("n") else None


def _criterion_pair(_name: str, entry: Entry) -> Link | None:
    return links.both_criteria(entry["a"], entry["b"], entry.get("n"))


_OF: Mapping[str, Callable[[str, Entry], Link | None]] = {
    "agreement": _agreement,
    "calibration": _calibration,
    "preferences_by_people": _preferences,
    "position": _position,
    "reused": _reused,
    "verbosity": _verbosity,
    "self_preference": _self_preference,
    "identical_texts": _identical,
    "criteria_use": _criterion_use,
    "criterion_pairs": _criterion_pair,
}
