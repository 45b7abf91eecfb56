"""
JSON against JSON, field by field.

A field is a path without places in lists: `lines[].price` is one field of an invoice, however many lines it
has. The members of a list are paired so that most fields match, whatever their order; what has no pair is
missing or extra. A field that is null is as good as one that is not there.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from evaldrop.checks.numbers import Margin
from evaldrop.checks.similarity import normalise

# Pairing lists within lists takes time in the product of their lengths: beyond this many values that are held
# against each other, members are paired in the order they have.
_MOST_COMPARED: Final = 100_000
# What binary fractions cannot hold is no difference.
NEARLY: Final = Margin(1e-9, is_share=True)


class FieldResult(NamedTuple):
    """
    How often a field was right.

    `matched` are values that agree, `wrong` pairs that do not, `missing` values of the reference and `extra`
    values of the response without a counterpart. A wrong value counts against precision and against recall.
    """

    path: str
    matched: int = 0
    missing: int = 0
    extra: int = 0
    wrong: int = 0

    @property
    def precision(self) -> float | None:
        """Share of the response's values that are right; None where it has none."""
        given = self.matched + self.extra + self.wrong
        return self.matched / given if given else None

    @property
    def recall(self) -> float | None:
        """Share of the reference's values that are in the response; None where it has none."""
        wanted = self.matched + self.missing + self.wrong
        return self.matched / wanted if wanted else None

    @property
    def f1(self) -> float:
        """2 · matched / (values of both); 1 where neither has any."""
        total = 2 * self.matched + self.missing + self.extra + 2 * self.wrong
        return 2 * self.matched / total if total else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldOptions:
    """
    What is compared, and how.

    `exclude` holds paths that are left out with all below them. Texts are compared after `normalise` unless
    `exact`. `tolerance` is how far a number may be off.
    """

    exclude: frozenset[str] = frozenset()
    tolerance: Margin = NEARLY
    exact: bool = False


@dataclass(slots=True)
class _FieldTally:
    """Counts by path: of (matched, missing, extra, wrong)."""

    counts: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0, 0, 0]))

    def add(self, path: str, place: int) -> None:
        self.counts[path][place] += 1

    def take(self, other: "_FieldTally") -> None:
        for path, counts in other.counts.items():
            mine = self.counts[path]
            for place, count in enumerate(counts):
                mine[place] += count

    @property
    def worth(self) -> float:
        matched, wrong = (sum(counts[place] for counts in self.counts.values()) for place in (0, 3))
        # Of pairs with as much that matches, that with less that is wrong.
        return matched - 1e-6 * wrong if matched else 0.0


_MATCHED, _MISSING, _EXTRA, _WRONG = range(4)


class _Comparison:
    def __init__(self, options: FieldOptions) -> None:
        self._options = options
        self._left = _MOST_COMPARED
        self._forms: dict[str, str] = {}

    def compare(self, wanted: Any, given: Any, path: str) -> _FieldTally:
        tally = _FieldTally()
        if path in self._options.exclude:
            return tally
        if isinstance(wanted, dict) and isinstance(given, dict):
            for key in dict.fromkeys((*wanted, *given)):
                below = f"{path}.{key}" if path else key
                tally.take(self.compare(wanted.get(key), given.get(key), below))
        elif isinstance(wanted, list) and isinstance(given, list):
            self._lists(wanted, given, f"{path}[]", tally)
        elif _is_leaf(wanted) and _is_leaf(given):
            self._left -= 1
            if wanted is not None and given is not None:
                tally.add(path, _MATCHED if self._same(wanted, given) else _WRONG)
            elif wanted is not None or given is not None:
                tally.add(path, _EXTRA if wanted is None else _MISSING)
        else:
            self._all(wanted, path, _MISSING, tally)
            self._all(given, path, _EXTRA, tally)
        return tally

    def _lists(self, wanted: Sequence[Any], given: Sequence[Any], path: str, tally: _FieldTally) -> None:
        if path in self._options.exclude:
            return
        # What is the same to the letter belongs together in a best pairing: only the rest is paired.
        same = Counter(map(_text, wanted)) & Counter(map(_text, given))
        one, other = _without(wanted, same), _without(given, same)
        for text, count in same.items():
            for _ in range(count):
                self._all(json.loads(text), path, _MATCHED, tally)
        pairs = self._paired(one, other, path)
        for first, second in pairs:
            tally.take(pairs[first, second])
        ones, others = {first for first, _ in pairs}, {second for _, second in pairs}
        for place, member in enumerate(one):
            if place not in ones:
                self._all(member, path, _MISSING, tally)
        for place, member in enumerate(other):
            if place not in others:
                self._all(member, path, _EXTRA, tally)

    def _paired(
        self, wanted: Sequence[Any], given: Sequence[Any], path: str
    ) -> Mapping[tuple[int, int], _FieldTally]:
        if not wanted or not given:
            return {}
        values = _count(wanted) * len(given) + _count(given) * len(wanted)
        if values > self._left:
            in_order = zip(wanted, given, strict=False)
            return {(n, n): self.compare(one, other, path) for n, (one, other) in enumerate(in_order)}
        # They take most of a second, which a run without JSON should not wait for.
        import numpy as np
        from scipy.optimize import linear_sum_assignment

        tallies = [[self.compare(one, other, path) for other in given] for one in wanted]
        worth = np.array([[tally.worth for tally in row] for row in tallies])
        rows, columns = linear_sum_assignment(worth, maximize=True)
        # Two members of which nothing agrees are not one that went wrong.
        return {
            (int(row), int(column)): tallies[row][column]
            for row, column in zip(rows, columns, strict=True)
            if worth[row, column] > 0
        }

    def _all(self, value: Any, path: str, place: int, tally: _FieldTally) -> None:
        for leaf in _leaves(value, path, self._options.exclude):
            tally.add(leaf, place)

    def _same(self, wanted: Any, given: Any) -> bool:
        if isinstance(wanted, bool) or isinstance(given, bool):
            return wanted is given
        if isinstance(wanted, str) and isinstance(given, str):
            return wanted == given if self._options.exact else self._form(wanted) == self._form(given)
        if isinstance(wanted, str) or isinstance(given, str):
            return False
        return self._options.tolerance.holds(wanted, given)

    def _form(self, text: str) -> str:
        form = self._forms.get(text)
        if form is None:
            form = self._forms[text] = normalise(text)
        return form


def _count(members: Sequence[Any]) -> int:
    """Return how many values members hold, themselves among them."""
    waiting, count = list(members), 0
    while waiting:
        value = waiting.pop()
        count += 1
        if not _is_leaf(value):
            waiting += value.values() if isinstance(value, dict) else value
    return count


def _is_leaf(value: Any) -> bool:
    return not isinstance(value, dict | list)


def _leaves(value: Any, path: str, exclude: frozenset[str]) -> Iterator[str]:
    if path in exclude or value is None:
        return
    if isinstance(value, dict):
        for key, member in value.items():
            yield from _leaves(member, f"{path}.{key}" if path else key, exclude)
    elif isinstance(value, list):
        for member in value:
            yield from _leaves(member, f"{path}[]", exclude)
    else:
        yield path or "$"


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _without(members: Sequence[Any], taken: Mapping[str, int]) -> list[Any]:
    left, kept = dict(taken), []
    for member in members:
        text = _text(member)
        if left.get(text, 0):
            left[text] -= 1
        else:
            kept.append(member)
    return kept


def compare_fields(
    reference: Any, response: Any, options: FieldOptions | None = None
) -> tuple[FieldResult, ...]:
    """
    Compare two JSON values, nested at most 100 levels deep, field by field, in the order of paths.

    Lists within lists of very many members are paired in order beyond some 100,000 comparisons.
    """
    tally = _Comparison(options or FieldOptions()).compare(reference, response, "")
    return tuple(FieldResult(path or "$", *counts) for path, counts in sorted(tally.counts.items()))


def overall(results: Sequence[FieldResult]) -> FieldResult:
    """Return the counts of all fields together."""
    return FieldResult(
        "",
        sum(result.matched for result in results),
        sum(result.missing for result in results),
        sum(result.extra for result in results),
        sum(result.wrong for result in results),
    )
