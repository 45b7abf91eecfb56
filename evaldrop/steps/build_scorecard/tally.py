"""
What a tally is, and the parts that tallies are made of.

Parts of a run may be tallied apart, in any processes, and merged in any order: the scorecard is the same to
the byte. What depends on an order (a float sum, the first error's text, the code of a category) is
therefore kept with the record's ordinal, and put in the run's order only when it is read. Tallies are plain
data, so that they can be sent from process to process: numbers in arrays, small dictionaries, no texts but a
few names and examples.
"""

import sys
from array import array
from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, Self, TypeVar

import numpy as np
import numpy.typing as npt

from evaldrop.run.records import PreparedRecord
from evaldrop.scorecard.results import RecordResults
from evaldrop.statistics.vectors import Ordinals

R_co = TypeVar("R_co", covariant=True)
K = TypeVar("K", bound=Hashable)


class Tally(Protocol[R_co]):
    """Gathers what one part of the scorecard is computed from."""

    def add(self, record: PreparedRecord, results: RecordResults) -> None:
        """Add a line of `records.jsonl` with what came of it; each of a run's lines once, in any order."""

    def merge(self, other: Self) -> None:
        """Add all that was added to another tally of the same run, which is used up: arrays may be shared."""

    def result(self) -> R_co:
        """Return what was gathered of a whole run, in the order of records; nothing can be added any more."""


class Mergeable(Protocol):
    """Anything that can take up another of its kind."""

    def merge(self, other: Self) -> None:
        """Add all that was added to another part, which is used up."""


P = TypeVar("P", bound=Mergeable)


class Merging:
    """
    Merges attribute by attribute: counts are added, lists joined, dictionaries merged by key, parts merged.

    An attribute of any other type, a flag or a tuple, is fixed by the run: the same in both.
    """

    def merge(self, other: Self) -> None:
        """Add all that was added to another one, which is used up."""
        for name, theirs in vars(other).items():
            setattr(self, name, _merged(getattr(self, name), theirs))


def _merged(mine: Any, theirs: Any) -> Any:
    if isinstance(mine, int) and not isinstance(mine, bool):
        return mine + theirs
    if isinstance(mine, (list, array)):
        mine.extend(theirs)
    elif isinstance(mine, dict):
        for key, value in theirs.items():
            mine[key] = _merged(mine[key], value) if key in mine else value
    elif hasattr(mine, "merge"):
        mine.merge(theirs)
    return mine


class Columns:
    """
    Columns of numbers that grow together, a row for an ordinal; 4 bytes a row besides the numbers themselves.

    Args:
        types: The array type of each column, as in "dB".
    """

    def __init__(self, types: str) -> None:
        self._ordinals = array("i")
        self._columns: tuple[array[Any], ...] = tuple(array(kind) for kind in types)

    def append(self, ordinal: int, *row: float) -> None:
        """Add a row."""
        self._ordinals.append(ordinal)
        for column, value in zip(self._columns, row, strict=True):
            column.append(value)

    def extend(self, ordinals: Ordinals, *columns: npt.NDArray[Any]) -> None:
        """Add rows, of the columns' own types."""
        for mine, theirs in zip((self._ordinals, *self._columns), (ordinals, *columns), strict=True):
            mine.frombytes(theirs.tobytes())

    def merge(self, other: Self) -> None:
        """Add another one's rows."""
        self.extend(*other.in_order())

    def in_order(self) -> tuple[npt.NDArray[Any], ...]:
        """
        Return the ordinals and the columns, by ordinal; rows of one record keep the order they came in.

        Not copied where rows came in order: a run in one pass holds its numbers once. While one of the arrays
        is in use nothing can be added.
        """
        grown = (self._ordinals, *self._columns)
        columns = tuple(np.frombuffer(part, np.dtype(part.typecode)) for part in grown)
        ordinals = columns[0]
        if (ordinals[1:] >= ordinals[:-1]).all():
            return columns
        # Stable, because a record's rows are all in one part, in their own order.
        order = np.argsort(ordinals, kind="stable")
        return tuple(column[order] for column in columns)


class _Firsts(Generic[K]):
    """Which record brought a key first; among keys of one record, which of them came first."""

    def __init__(self) -> None:
        self._places: dict[K, tuple[int, int]] = {}
        self._noted = 0

    def note(self, key: K, ordinal: int) -> bool:
        """Note that a record has a key; tell whether it is the first of those noted so far."""
        known = self._places.get(key)
        if known is not None and known[0] <= ordinal:
            return False
        self._places[key] = (ordinal, self._noted)
        self._noted += 1
        return True

    def merge(self, other: Self) -> list[K]:
        """Take up another one; return the keys that it had first."""
        never = (sys.maxsize, 0)
        earlier = {key: place for key, place in other._places.items() if place < self._places.get(key, never)}
        self._places.update(earlier)
        self._noted += other._noted
        return list(earlier)

    def place(self, key: K) -> tuple[int, int]:
        """Return what sorts keys."""
        return self._places[key]


class ByKey(Generic[K, P]):
    """
    A part for each key; keys in the order of the records that brought them first.

    Args:
        new: Makes an empty part; something that can be pickled, so no lambda.
    """

    def __init__(self, new: Callable[[], P]) -> None:
        self._new = new
        self._parts: dict[K, P] = {}
        self._firsts: _Firsts[K] = _Firsts()

    def at(self, key: K, ordinal: int) -> P:
        """Return the part to which a record adds something."""
        if self._firsts.note(key, ordinal) and key not in self._parts:
            self._parts[key] = self._new()
        return self._parts[key]

    def merge(self, other: Self) -> None:
        """Take up another one's parts."""
        self._firsts.merge(other._firsts)
        _merged(self._parts, other._parts)

    def in_order(self) -> dict[K, P]:
        """Return the parts."""
        return {key: self._parts[key] for key in sorted(self._parts, key=self._firsts.place)}


class Occurrences:
    """How often names occurred, and an example: what was said where a name occurred first."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._firsts: _Firsts[str] = _Firsts()
        self._examples: dict[str, str] = {}

    def add(self, name: str, ordinal: int, said: Callable[[], str] | None = None) -> None:
        """Count a name; `said` is called where its words may be the example."""
        self._counts[name] += 1
        if self._firsts.note(name, ordinal) and said is not None:
            self._examples[name] = said()

    def merge(self, other: Self) -> None:
        """Take up another one's counts."""
        self._counts.update(other._counts)
        for name in self._firsts.merge(other._firsts):
            if name in other._examples:
                self._examples[name] = other._examples[name]

    @property
    def n(self) -> int:
        """How often any name occurred."""
        return self._counts.total()

    @property
    def counts(self) -> dict[str, int]:
        """How often each name occurred, the most frequent first; of equally frequent ones the earlier."""
        return dict(sorted(self._counts.items(), key=lambda item: (-item[1], self._firsts.place(item[0]))))

    @property
    def example(self) -> str | None:
        """What was said at the first of the most frequent name; None when there is nothing to tell."""
        return self._examples.get(next(iter(self.counts), "")) or None


class Labels:
    """
    Names of some records, kept as codes.

    Args:
        kind: The array type of the codes: "B" for names that are few.
    """

    def __init__(self, kind: str = "i") -> None:
        self._codes: dict[str, int] = {}
        self._rows = Columns(kind)

    def add(self, ordinal: int, name: str) -> None:
        """Name a record."""
        self._rows.append(ordinal, self._codes.setdefault(name, len(self._codes)))

    def merge(self, other: Self) -> None:
        """Take up another one's records."""
        codes = [self._codes.setdefault(name, len(self._codes)) for name in other._codes]
        ordinals, theirs = other._rows.in_order()
        self._rows.extend(ordinals, np.array(codes, theirs.dtype)[theirs])

    def in_order(self) -> tuple[Ordinals, npt.NDArray[Any], list[str]]:
        """Return the ordinals, their codes, and the names by code: 0 is the first record's."""
        ordinals, codes = self._rows.in_order()
        found, firsts = np.unique(codes, return_index=True)
        found = found[np.argsort(firsts)]
        canonical = np.empty(len(self._codes), codes.dtype)
        canonical[found] = np.arange(found.size)
        names = list(self._codes)
        return ordinals, canonical[codes], [names[code] for code in found.tolist()]


@dataclass(frozen=True, slots=True)
class Spent:
    """A sum of USD, `known` being the known part of it."""

    known: float = 0.0
    has_unknown: bool = False

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(self.known + other.known, self.has_unknown or other.has_unknown)

    @property
    def total(self) -> float | None:
        """The sum, or None when a part of it is unknown."""
        return None if self.has_unknown else self.known


class Money:
    """
    USD, paid record by record.

    Every payment is kept: floats added in another order make another sum, if only in its last digit.
    """

    def __init__(self) -> None:
        self._payments = Columns("d")
        self._unknown = 0

    def add(self, ordinal: int, cost_usd: float | None) -> None:
        """Add a cost; None is unknown."""
        if cost_usd is None:
            self._unknown += 1
        elif cost_usd:
            self._payments.append(ordinal, cost_usd)

    def merge(self, other: Self) -> None:
        """Take up another one's payments."""
        self._payments.merge(other._payments)
        self._unknown += other._unknown

    @property
    def spent(self) -> Spent:
        """The sum, added up in the order of records."""
        _, costs = self._payments.in_order()
        # One after the other: `sum` of numpy adds in pairs, that of Python 3.12 corrects its rounding.
        return Spent(float(np.add.accumulate(costs)[-1]) if costs.size else 0.0, self._unknown > 0)
