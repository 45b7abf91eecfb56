"""Which shapes a dataset's rows have, in words: what was recognised, what is mixed, what looks misspelt."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from evaldrop.datasets.checks import did_you_mean
from evaldrop.datasets.fields import FieldMapping
from evaldrop.datasets.reading import RowReading
from evaldrop.datasets.records import Problem
from evaldrop.datasets.shapes import BARE_SHAPES, CANONICAL, SHARED_KEYS, Shape

MAX_UNKNOWN_KEYS = 100


@dataclass(slots=True, kw_only=True)
class _UnknownKey:
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
        self._shape_of: dict[str, Shape] = {}
        self._keys: dict[str, set[str]] = {}
        self._unknown: dict[str, _UnknownKey] = {}
        self._notes: Counter[str] = Counter()

    def add(self, reading: RowReading) -> None:
        """Count one row."""
        self._mapped.update(reading.mapped)
        # Once a row, however often the row says it: what is counted is rows.
        self._notes.update(dict.fromkeys(reading.notes, 1))
        shape = reading.shape
        if shape is None:
            return
        self._counts[shape.name] += 1
        self._shape_of[shape.name] = shape
        seen = self._keys.setdefault(shape.name, set())
        for key in reading.keys:
            if key in shape.keys:
                seen.add(key)
            elif key in self._unknown:
                self._unknown[key].n_rows += 1
            elif key not in self._sources and len(self._unknown) < MAX_UNKNOWN_KEYS:
                # Evaldrop's rows should not have it; in another tool's it only counts when it looks misspelt.
                meant = did_you_mean(key, tuple(shape.keys))
                if meant or shape is CANONICAL:
                    self._unknown[key] = _UnknownKey(line=reading.outcome.line, meant=meant)

    def shapes(self) -> dict[str, int]:
        """Count rows per shape, most first; bare rows count as the richer shape they are part of."""
        counts = Counter(self._counts)
        for name in sorted(BARE_SHAPES & counts.keys()):
            richer = [
                other
                for other in counts
                if other not in BARE_SHAPES and self._keys[name] <= self._shape_of[other].keys.keys()
            ]
            if richer:
                # By name where counts are equal, so that the same file always has the same shape.
                counts[max(richer, key=lambda other: (self._counts[other], other))] += counts.pop(name)
        return dict(counts.most_common())

    def sentence(self, shapes: Mapping[str, int]) -> str:
        """Say what the most frequent shape is, which of its keys occur and what they are mapped to."""
        mapped = ", ".join(f"{target} from {source}" for target, source in self._paths.items())
        if not shapes:
            return f"read by the evaluation's fields: {mapped}" if mapped else "not recognised"
        shape = self._shape_of[next(iter(shapes))]
        seen = self._keys[shape.name]
        own_first = sorted(shape.keys, key=lambda key: shape is not CANONICAL and key in SHARED_KEYS)
        keys = [key for key in own_first if key in seen]
        said = f"recognised as {shape.title} ({', '.join(keys)})"
        if shape is not CANONICAL:
            targets = dict.fromkeys(name for key in keys for name in shape.keys[key].split(", "))
            said += f"; mapped to {', '.join(targets)}"
        return f"{said}; by the evaluation's fields: {mapped}" if mapped else said

    def mixed(self, shapes: Mapping[str, int]) -> list[Problem]:
        """Say that rows have several shapes, if they do."""
        if len(shapes) < 2:
            return []
        counted = ", ".join(f"{count:,} {self._shape_of[name].title}" for name, count in shapes.items())
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
        """Name keys that may be mistakes, and what a tool's rows held that could not be carried over."""
        hints = []
        for key, unknown in self._unknown.items():
            what = f'unknown key "{key[:100]}" ({_rows(unknown.n_rows)}), kept in metadata'
            meant = (
                f'Did you mean "{unknown.meant}"?'
                if unknown.meant
                else "Move it into metadata if it is meant."
            )
            hints.append(Problem(source=self._source, line=unknown.line, what=what, do=meant))
        do = "Nothing to do if that is what you want."
        return hints + [self._of_file(f"{note} ({_rows(count)})", do) for note, count in self._notes.items()]

    def _of_file(self, what: str, do: str) -> Problem:
        return Problem(source=self._source, line=None, what=what, do=do)


def _rows(count: int) -> str:
    return f"{count:,} row" if count == 1 else f"{count:,} rows"
