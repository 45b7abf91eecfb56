"""Why responses failed, as reports show it: each criterion's groups, what they open, and one line of them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from evaldrop.report.links import Link, link, several
from evaldrop.scorecard.figures import count
from evaldrop.scorecard.model.failures import FailureGroup, FailureGroups
from evaldrop.scorecard.model.scorecard import Scorecard
from evaldrop.scorecard.recommendation import recommendation_of

Places = Mapping[str, Sequence[Sequence[int]]]
"""Criterion: for each of its groups a record's place in `records.jsonl`, a candidate's, the next record's."""

_UNNAMED = {"others": "others, too few alike", "no_reason": "without a reason"}


class GroupLine(NamedTuple):
    """A group in a list; `share` is its part of what was read, a fraction in (0, 1]."""

    key: str
    title: str
    is_cause: bool
    share: float
    n: str
    terms: Sequence[str]
    opens: Link | None
    candidates: Sequence[tuple[str, str, Link | None]]


class FailedCriterion(NamedTuple):
    """A criterion with its groups; `sample` says that not all failures were read, and is empty otherwise."""

    criterion: str
    failed: str
    opens: Link | None
    sample: str
    groups: Sequence[GroupLine]


def failed_criteria(scorecard: Scorecard) -> list[FailedCriterion]:
    """Return the criteria that some response failed, in the scorecard's order."""
    return [
        FailedCriterion(
            name,
            _responses(found.failed),
            link(None, criterion=name, verdict="failed"),
            _sampled(found),
            [_line(name, place, group, found) for place, group in enumerate(found.groups)],
        )
        for name, found in scorecard.failure_groups.items()
    ]


def title_of(group: FailureGroup) -> str:
    """Return what a group is called."""
    return group.label or _UNNAMED.get(group.kind, "no words")


def shown_candidate(scorecard: Scorecard) -> str | None:
    """Return whose failures a short text tells of: the recommended candidate's, else the best one's."""
    found = recommendation_of(scorecard)
    return found.choice or next((row.candidate for row in found.ranking), None)


def reasons_of(scorecard: Scorecard, candidate: str, most: int) -> Iterator[tuple[str, str]]:
    """Yield each criterion that a candidate failed with its largest groups: "18 of 54 “wrong total”"."""
    for criterion, found in scorecard.failure_groups.items():
        # Without those that nobody knows a reason of: they are in the numbers.
        mine = [group for group in found.groups if group.candidates.get(candidate)]
        total = sum(group.candidates[candidate] for group in mine)
        largest = sorted(mine, key=lambda group: -group.candidates[candidate])[:most]
        if largest:
            words = [
                f"{count(one.candidates[candidate])} of {count(total)} {_quoted(one)}" for one in largest
            ]
            yield criterion, "; ".join(words)


def _quoted(group: FailureGroup) -> str:
    return f"“{group.label}”" if group.label else title_of(group)


def _line(criterion: str, place: int, group: FailureGroup, found: FailureGroups) -> GroupLine:
    key = several(criterion, place)
    return GroupLine(
        key,
        title_of(group),
        group.kind == "cause",
        group.n / found.read,
        f"{count(group.n)} of {count(found.read)}",
        group.terms,
        link(group.records, group=key),
        [(name, count(n), link(None, group=key, candidate=name)) for name, n in group.candidates.items()],
    )


def _sampled(found: FailureGroups) -> str:
    if found.read == found.failed:
        return ""
    return f"{count(found.read)} of them, spread over the run, were compared; the groups count those"


def _responses(n: int) -> str:
    return "1 failed response" if n == 1 else f"{count(n)} failed responses"
