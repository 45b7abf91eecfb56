"""Which shapes a dataset's rows have, in words: what was recognised, what is mixed, what looks misspelt."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self, TypeVar

from evaldrop.datasets.advice import did_you_mean, shown_key, unseen
from evaldrop.datasets.fields import FieldMapping
from evaldrop.datasets.reading import Joined, RowReading
from evaldrop.datasets.records import CANONICAL_FIELDS, Problem
from evaldrop.datasets.shapes.known import BARE_SHAPES, CANONICAL, KNOWN_SHAPES
from evaldrop.datasets.shapes.shape import Shape

K = TypeVar("K")

MAX_UNKNOWN_KEYS = 100
MAX_SHAPES_TOLD = 5
# A key that may hold a given response or the ideal one.
_RESPONSES = frozenset({"response", "output", "completion", "answer"})
_EITHER = (
    "In the evaluation write fields: {{responses.NAME: {key}}} if it was given already, "
    "fields: {{reference: {key}}} if it is ideal."
)
# One that may hold the ideal answer.
_IDEALS = frozenset({
    "target", "expected", "ideal", "ground_truth", "groundTruth", "label", "expected_output",
    "expectedOutput", "expected_answer", "expected_response", "gold", "solution", "golden_answer",
    "correct_answer", "reference_answer", "answers", "Answer", "Antwort",
})  # fmt: skip
_TOOLS = frozenset({"tools", "functions", "tool_choice", "toolConfig"})
MAX_KEYS_TOLD = 20


@dataclass(slots=True, kw_only=True)
class UnknownKey:
    """A key its row's shape does not know: where it was first seen, what it may have been meant to be."""

    line: int
    meant: str | None
    n_rows: int = 1


class ShapeTally:
    """Counts the shapes of one file's rows, and the keys that no shape knows."""

    def __init__(self, source: str, mapping: FieldMapping) -> None:
        self._source = source
        self._paths = mapping.paths
        self._sources = frozenset(mapping.paths.values())
        self._mapped: Counter[str] = Counter()
        self._counts: Counter[str] = Counter()
        self._keys: dict[str, set[str]] = {}
        self._unknown: dict[str, UnknownKey] = {}
        self._notes: Counter[str] = Counter()
        self._homes: dict[str, Counter[tuple[str, str]]] = {}
        self._aside: dict[str, Counter[str]] = {}
        self._n_joined = 0

    def add(self, reading: RowReading) -> None:
        """Count one row."""
        self._mapped.update(reading.mapped)
        # Once a row, however often the row says it: what is counted is rows.
        self._notes.update(dict.fromkeys(reading.notes, 1))
        self._n_joined += isinstance(reading.outcome, Joined)
        shape = reading.shape
        name = shape.name if shape else ""
        homes = self._homes.setdefault(name, Counter())
        for home in reading.homes.items():
            # Bounded: keys come from the data.
            if home in homes or len(homes) < MAX_UNKNOWN_KEYS:
                homes[home] += 1
        aside = self._aside.setdefault(name, Counter())
        for key in reading.aside:
            if key in aside or len(aside) < MAX_UNKNOWN_KEYS:
                aside[key] += 1
        if shape is None:
            return
        self._counts[shape.name] += 1
        self._keys.setdefault(shape.name, set()).update(key for key in reading.keys if key in shape.keys)
        for key in reading.aside:
            self._add_unknown(key, reading, shape)

    def _add_unknown(self, key: str, reading: RowReading, shape: Shape) -> None:
        if key in self._unknown:
            self._unknown[key].n_rows += 1
        elif (
            key in reading.keys
            and key not in {*shape.keys, *self._sources}
            and len(self._unknown) < MAX_UNKNOWN_KEYS
        ):
            # Evaldrop's rows should not have it; in another tool's it only counts when it looks misspelt.
            meant = did_you_mean(key, tuple(shape.keys))
            if meant or shape is CANONICAL or unseen(key):
                self._unknown[key] = UnknownKey(line=reading.outcome.line, meant=meant)

    def merge(self, other: Self) -> None:
        """Add what was counted in the part that follows."""
        self._mapped.update(other._mapped)
        self._counts.update(other._counts)
        self._notes.update(other._notes)
        self._n_joined += other._n_joined
        for name, keys in other._keys.items():
            self._keys.setdefault(name, set()).update(keys)
        _merge_bounded(self._homes, other._homes)
        _merge_bounded(self._aside, other._aside)
        for key, unknown in other._unknown.items():
            if key in self._unknown:
                self._unknown[key].n_rows += unknown.n_rows
            elif len(self._unknown) < MAX_UNKNOWN_KEYS:
                self._unknown[key] = unknown

    def shapes(self) -> dict[str, int]:
        """Count rows per shape, most first; bare rows count as the richer shape they are part of."""
        counts = Counter(self._counts)
        for name in sorted(BARE_SHAPES & counts.keys()):
            richer = [
                other
                for other in counts
                if other not in BARE_SHAPES and self._keys[name] <= KNOWN_SHAPES[other].keys.keys()
            ]
            if richer:
                # By name where counts are equal, so that the same file always has the same shape.
                chosen = max(richer, key=lambda other: (self._counts[other], other))
                counts[chosen] += counts.pop(name)
                self._homes[chosen] += self._homes.pop(name)
                self._aside[chosen] += self._aside.pop(name)
        return dict(counts.most_common())

    def sentences(self, shapes: Mapping[str, int]) -> tuple[str, ...]:
        """Say what was understood: each shape, where every field was found in it, and what was left aside."""
        told = [self._sentence(name) for name in list(shapes)[:MAX_SHAPES_TOLD]]
        mapped = ", ".join(f"{target} from {source}" for target, source in self._paths.items())
        if not told:
            return (
                f"read by the evaluation's fields: {mapped}{self._left('')}" if mapped else "not recognised",
            )
        if mapped:
            told[0] += f"; by the evaluation's fields: {mapped}"
        return tuple(text + self._left(name) for text, name in zip(told, shapes, strict=False))

    def _sentence(self, name: str) -> str:
        shape = KNOWN_SHAPES[name]
        # What is mapped is told by itself.
        homes = [home for home, _ in self._homes[name].most_common() if home[1] not in self._sources]
        fields = []
        for target in CANONICAL_FIELDS:
            found = [source for field, source in homes if field == target]
            if len(found) == 1 and found[0].split(" ")[0] == target:
                fields.append(found[0])
            elif found and target != "metadata":
                fields.append(f"{target} from {' or '.join(map(shown_key, found[:4]))}")
        said = f"recognised as {shape.title}: {'; '.join(fields) or 'nothing in them'}"
        if self._n_joined and shape.is_answer:
            said += f"; {_rows(self._n_joined)} joined an earlier one that asks the same"
        return said

    def _left(self, name: str) -> str:
        keys = self._aside.get(name)
        if not keys:
            return ""
        shown = ", ".join(shown_key(key) for key, _ in keys.most_common(MAX_KEYS_TOLD))
        more = f" and {len(keys) - MAX_KEYS_TOLD} more" if len(keys) > MAX_KEYS_TOLD else ""
        return f". Left aside, kept in metadata: {shown}{more}"

    def mixed(self, shapes: Mapping[str, int]) -> list[Problem]:
        """Say that rows have several shapes, if they do."""
        if len(shapes) < 2:
            return []
        counted = ", ".join(f"{count:,} {KNOWN_SHAPES[name].title}" for name, count in shapes.items())
        do = "Keep one shape in a file, unless this is meant; every row is read by its own."
        return [self._of_file(f"rows have {len(shapes)} shapes: {counted}", do)]

    def unmapped(self) -> list[Problem]:
        """Name the mapped paths that no row has."""
        do = "Correct `fields` in the evaluation."
        return [
            self._of_file(f'fields: no row has "{path}", mapped to {target}', do)
            for target, path in self._paths.items()
            if not self._mapped[target]
        ]

    def hints(self) -> list[Problem]:
        """Name keys that may be mistakes."""
        hints = []
        for key, unknown in self._unknown.items():
            what = f'unknown key "{shown_key(key)}" ({_rows(unknown.n_rows)}), kept in metadata'
            if invisible := unseen(key):
                what += f"; it holds {invisible}"
            meant = (
                _EITHER.format(key=key)
                if key in _RESPONSES
                else f"If it is the ideal answer, write fields: {{reference: {key}}} in the evaluation."
                if key in _IDEALS
                else "Nothing to do, if the questions can be answered without: tools are not sent."
                if key in _TOOLS
                else f'Did you mean "{unknown.meant}"?'
                if unknown.meant
                else "Move it into metadata if it is meant."
            )
            hints.append(Problem(source=self._source, line=unknown.line, what=what, do=meant))
        return hints

    def notes(self) -> list[Problem]:
        """Say what was not taken as it stands, or not carried over."""
        do = "Nothing to do if that is what you want."
        return [self._of_file(f"{note} ({_rows(count)})", do) for note, count in self._notes.items()]

    def _of_file(self, what: str, do: str) -> Problem:
        return Problem(source=self._source, line=None, what=what, do=do)


def _merge_bounded(mine: dict[str, Counter[K]], theirs: Mapping[str, Counter[K]]) -> None:
    for name, found in theirs.items():
        counted = mine.setdefault(name, Counter())
        for key, n in found.items():
            if key in counted or len(counted) < MAX_UNKNOWN_KEYS:
                counted[key] += n


def _rows(count: int) -> str:
    return f"{count:,} row" if count == 1 else f"{count:,} rows"
