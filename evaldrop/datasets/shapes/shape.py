"""
The shapes of datasets evaldrop recognises: how a row is told to have one, and how it is read by it.

A row has a shape when it holds a key of every group in `needs`. Where several fit, the one that knows most
of the row's keys wins, then the one named first. The shapes themselves are in `known_shapes`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from evaldrop.datasets.drafts import Draft
from evaldrop.datasets.records import CANONICAL_FIELDS
from evaldrop.datasets.shapes import values as read
from evaldrop.datasets.texts import scalar_text

# A row of any tool may carry these under evaldrop's own names; a row with a prompt is evaldrop's.
SHARED_KEYS = tuple(name for name in CANONICAL_FIELDS if name not in ("prompt", "messages"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """
    One tool's row.

    Attributes:
        name: Stable identifier.
        title: What its rows are called, as in "recognised as <title>".
        needs: Groups of keys; a row must hold one key of every group, of the first with a value.
        also: What else must be so of a row.
        keys: The row's keys and the canonical field each goes to, in the order they are read.
        readers: How to read the keys whose values are not canonical already.
        whole: Reads what several keys say together, after them; returns the keys it used.
        further: Keys that `whole` may use, which tell such rows from others.
        is_answer: A row is one model's answer; those of several models to one question are one record.
    """

    name: str
    title: str
    needs: tuple[tuple[str, ...], ...]
    keys: Mapping[str, str]
    also: Callable[[Mapping[str, Any]], bool] | None = None
    readers: Mapping[str, read.KeyReader] = field(default_factory=dict)
    whole: Callable[[Draft, Mapping[str, Any]], Iterable[str]] | None = None
    further: frozenset[str] = frozenset()
    is_answer: bool = False

    def n_known(self, row: Mapping[str, Any]) -> int:
        """Count the row's keys that this shape knows."""
        return sum(key in self.keys or key in self.further for key in row)

    def has_keys(self, keys: frozenset[str]) -> bool:
        """Tell whether a row has the keys that this shape needs; a key may be null."""
        # What is null on one row says of its file what it says on the others.
        return not any(keys.isdisjoint(group) for group in self.needs)

    def fits(self, row: Mapping[str, Any]) -> bool:
        """Tell whether the row has the keys that this shape needs, and holds what it needs."""
        return self.has_keys(frozenset(row)) and self.holds(row)

    def holds(self, row: Mapping[str, Any]) -> bool:
        """Tell whether the row, which has the keys, holds what this shape needs; no prompt is none."""
        has_prompt = any(row.get(key) is not None for key in self.needs[0])
        return has_prompt and (self.also is None or self.also(row))

    def draft(self, row: Mapping[str, Any]) -> Draft:
        """Read a row; keys the shape does not know are kept in the metadata."""
        draft = Draft()
        for key, name in self.keys.items():
            if row.get(key) is None:
                continue
            if key in self.readers:
                self.readers[key](draft, row[key], key, row)
            else:
                draft.put(name, row[key], key)
        used = set(self.whole(draft, row)) if self.whole else ()
        for key, value in row.items():
            if key not in self.keys and key not in used:
                draft.leave(key, value)
        self._take_category(draft)
        return draft

    def _take_category(self, draft: Draft) -> None:
        """Use metadata's category, where most tools keep it; evaldrop's own rows have a field for it."""
        category = draft.metadata.get("category")
        if self.name != "evaldrop" and "category" not in draft.values and scalar_text(category) is not None:
            draft.put("category", category, "metadata.category")


_Home = str | tuple[str, read.KeyReader]


def shape(
    name: str,
    title: str,
    needs: tuple[tuple[str, ...], ...],
    homes: Mapping[str, _Home],
    *,
    also: Callable[[Mapping[str, Any]], bool] | None = None,
    whole: Callable[[Draft, Mapping[str, Any]], Iterable[str]] | None = None,
    further: frozenset[str] = frozenset(),
    is_answer: bool = False,
) -> Shape:
    """Describe a tool's rows: each key's canonical field, with a reader where its value is not canonical."""
    # Shared keys are read first, so that a reader can add to them (a rubric to the row's criteria).
    keys = {key: key for key in SHARED_KEYS if key not in homes}
    readers: dict[str, read.KeyReader] = {"metadata": read.metadata}
    if "reference" in keys:
        readers["reference"] = read.own_reference
    for key, home in homes.items():
        if isinstance(home, str):
            keys[key] = home
        else:
            keys[key], readers[key] = home
    return Shape(
        name=name, title=title, needs=needs, keys=keys, also=also, readers=readers, whole=whole,
        further=further, is_answer=is_answer,
    )  # fmt: skip
