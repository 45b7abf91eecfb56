"""
What a tally is, and the parts that tallies are made of.

Parts of a run may be tallied apart, in any processes, and merged in any order: the scorecard is the same to
the byte. What depends on an order (a float sum, the first error's text, the code of a category) is
therefore kept with the record's ordinal, and put in the run's order only when it is read. Tallies are plain
data, so that they can be sent from process to process: numbers in arrays, small dictionaries, no texts but a
few names and examples.
"""

from array import array
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, Self, TypeVar

import numpy as np
import numpy.typing as npt

from evaldrop.run.records import PreparedRecord
from evaldrop.scorecard.results import RecordResults
from evaldrop.statistics.vectors import Floats, Ordinals

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


class Merging:
    """
    Merges attribute by attribute: counts are added, lists and arrays joined, dictionaries merged by key,
    tuples place by place.

    An attribute of any other type, a flag or a name, is fixed by the run: the same in both.
    """

    def merge(self, other: Self) -> None:
        """Add all that was added to another one, which is used up."""
        for name, theirs in vars(other).items():
            setattr(self, name, _merged(getattr(self, name), theirs))


P = TypeVar("P", bound=Merging)


def _merged(mine: Any, theirs: Any) -> Any:
    # To Python a flag is an int, and two True would make 2.
    if isinstance(mine, int) and not isinstance(mine, bool):
        return mine + theirs
    if isinstance(mine, Merging):
        mine.merge(theirs)
    elif isinstance(mine, (list, array)):
        mine.extend(theirs)
    elif isinstance(mine, tuple):
        return tuple(_merged(*both) for both in zip(mine, theirs, strict=True))
    elif isinstance(mine, dict):
        for key, value in theirs.items():
            mine[key] = _merged(mine[key], value) if key in mine else value
    return mine


class Columns(Merging):
    """
    Columns of numbers that grow together, a row for an ordinal; 4 bytes a row besides the numbers themselves.

    Args:
        types: The array type of each column, as in "dB".
    """

    def __init__(self, types: str) -> None:
        self._columns: tuple[array[Any], ...] = tuple(array(kind) for kind in ("i", *types))

    def append(self, *row: float) -> None:
        """Add a row, its ordinal first."""
        for column, value in zip(self._columns, row, strict=True):
            column.append(value)

    def extend(self, *columns: npt.NDArray[Any]) -> None:
        """Add rows, their ordinals first, in the columns' own types."""
        for mine, theirs in zip(self._columns, columns, strict=True):
            mine.frombytes(theirs.tobytes())

    def in_order(self) -> tuple[npt.NDArray[Any], ...]:
        """
        Return the ordinals and the columns, by ordinal; rows of one record keep the order they came in.

        Not copied where rows came in order: a run in one pass holds its numbers once. While one of the arrays
        is in use nothing can be added.
        """
        columns = tuple(np.frombuffer(part, np.dtype(part.typecode)) for part in self._columns)
        ordinals = columns[0]
        if (ordinals[1:] >= ordinals[:-1]).all():
            return columns
        # Stable, because a record's rows are all in one part, in their own order.
        order = np.argsort(ordinals, kind="stable")
        return tuple(column[order] for column in columns)


class _Firsts(Merging, Generic[K]):
    """Which record brought a key first, and what it said; of keys of one record, which of them came first."""

    def __init__(self) -> None:
        self._places: dict[K, tuple[int, int, str]] = {}
        self._noted = 0

    def note(self, key: K, ordinal: int, said: Callable[[], str] = str) -> None:
        """Note that a record has a key; `said` is called when it is the first of those noted so far."""
        known = self._places.get(key)
        if known is None or ordinal < known[0]:
            self._places[key] = (ordinal, self._noted, said())
            self._noted += 1

    def merge(self, other: Self) -> None:
        """Take up another one's keys."""
        for key, place in other._places.items():
            self._places[key] = min(place, self._places.get(key, place))
        self._noted += other._noted

    def place(self, key: K) -> tuple[int, int, str]:
        """Return what sorts keys, and what was said at the first."""
        return self._places[key]


class ByKey(Merging, Generic[K, P]):
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
        self._firsts.note(key, ordinal)
        part = self._parts.get(key)
        if part is None:
            part = self._parts[key] = self._new()
        return part

    def in_order(self) -> dict[K, P]:
        """Return the parts."""
        return {key: self._parts[key] for key in sorted(self._parts, key=self._firsts.place)}


class Occurrences(Merging):
    """How often names occurred, and an example: what was said where a name occurred first."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._firsts: _Firsts[str] = _Firsts()

    def add(self, name: str, ordinal: int, said: Callable[[], str] = str) -> None:
        """Count a name; `said` is called where its words may be the example."""
        self._counts[name] = self._counts.get(name, 0) + 1
        self._firsts.note(name, ordinal, said)

    @property
    def n(self) -> int:
        """How often any name occurred."""
        return sum(self._counts.values())

    @property
    def counts(self) -> dict[str, int]:
        """How often each name occurred, the most frequent first; of equally frequent ones the earlier."""
        return dict(sorted(self._counts.items(), key=lambda item: (-item[1], self._firsts.place(item[0]))))

    @property
    def example(self) -> str | None:
        """What was said at the first of the most frequent name; None when there is nothing to tell."""
        return next((self._firsts.place(name)[2] or None for name in self.counts), None)


class Labels(Merging):
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
        """Take up another one's records, by its own codes."""
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


class Money(Merging):
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

    def by_record(self, size: int) -> Floats:
        """Return what each record cost as far as it is known, shape (size,); ordinals are below `size`."""
        ordinals, costs = self._payments.in_order()
        return np.bincount(ordinals, costs, minlength=size).astype(np.float64)

    @property
    def spent(self) -> Spent:
        """The sum, added up in the order of records."""
        _, costs = self._payments.in_order()
        # One after the other: `sum` of numpy adds in pairs, that of Python 3.12 corrects its rounding.
        return Spent(float(np.add.accumulate(costs)[-1]) if costs.size else 0.0, self._unknown > 0)
