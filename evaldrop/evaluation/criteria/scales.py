"""Scales: the answers a judge may give on a criterion, and what each is worth."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal, Self

from evaldrop.errors import EvaluationError

ScaleKind = Literal["binary", "points", "range", "choices"]

# Judges trained on other prompts answer a yes/no question in these words as well.
YES_WORDS = ("yes", "y", "true", "pass")
NO_WORDS = ("no", "n", "false", "fail")

_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One answer on a scale. `definition` says when it is the right one; lint asks for it."""

    value: float
    label: str
    definition: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """
    The answers allowed on a criterion.

    `points` is ascending by value for `binary` and `points`, in the order given for `choices`, empty for
    `range`. `low` and `high` are the scale's ends. With `halves_allowed` a score may be half-way between
    whole points.
    `not_applicable` says whether the judge may answer that the question does not arise. `ordered`, of
    `choices`: whether one answer is nearer to some than to others; it says how answers are compared.
    """

    kind: ScaleKind
    points: tuple[Point, ...]
    low: float
    high: float
    halves_allowed: bool = False
    not_applicable: bool = False
    # No part of what is asked: runs that differ in it alone asked the same.
    ordered: bool = field(default=False, compare=False)

    @property
    def is_nominal(self) -> bool:
        """Return whether answers are names only: two are the same or they are not."""
        return self.kind == "binary" or (self.kind == "choices" and not self.ordered)

    @classmethod
    def binary(cls, *, yes: str | None = None, no: str | None = None, not_applicable: bool = False) -> Self:
        """Return yes = 1, no = 0; `yes` and `no` define when each is right."""
        points = (Point(value=0.0, label="no", definition=no), Point(value=1.0, label="yes", definition=yes))
        return cls(kind="binary", points=points, low=0.0, high=1.0, not_applicable=not_applicable)

    @classmethod
    def of_points(cls, *points: Point, halves_allowed: bool = False, not_applicable: bool = False) -> Self:
        """Return a scale of labelled points; at least two, with different values."""
        return cls(
            kind="points",
            points=tuple(sorted(points, key=lambda point: point.value)),
            low=min(point.value for point in points),
            high=max(point.value for point in points),
            halves_allowed=halves_allowed,
            not_applicable=not_applicable,
        )

    @classmethod
    def between(cls, low: float, high: float, *, not_applicable: bool = False) -> Self:
        """Return a scale on which every number from `low` to `high` is an answer."""
        return cls(kind="range", points=(), low=low, high=high, not_applicable=not_applicable)

    @classmethod
    def of_choices(cls, *points: Point, not_applicable: bool = False, ordered: bool = False) -> Self:
        """Return a menu: the judge answers with a label, never with its value."""
        return cls(
            kind="choices",
            points=points,
            low=min(point.value for point in points),
            high=max(point.value for point in points),
            not_applicable=not_applicable,
            ordered=ordered,
        )

    def holds(self, score: float) -> bool:
        """Return whether `score` is one of this scale's answers."""
        return self.nearest(score) is not None

    def nearest(self, score: float) -> float | None:
        """Return the answer that equals `score` up to rounding noise, or None when it is not on the scale."""
        if not math.isfinite(score) or not self.low - _TOLERANCE <= score <= self.high + _TOLERANCE:
            return None
        if self.kind == "range":
            return min(max(score, self.low), self.high)
        return next((value for value in self.values() if abs(value - score) <= _TOLERANCE), None)

    def values(self) -> tuple[float, ...]:
        """Return every score the scale can give, ascending; empty for a range."""
        values = {point.value for point in self.points}
        if self.halves_allowed:
            whole = sorted(value for value in values if value.is_integer())
            # Neighbours only: half-way between 1 and 5 is 3, which would be a point nobody defined.
            values |= {(low + high) / 2 for low, high in pairwise(whole) if high - low == 1}
        return tuple(sorted(values))

    def smallest_step(self) -> float | None:
        """Return the smallest distance of two answers; None of a range, on which any distance is one."""
        values = self.values()
        return min(above - below for below, above in pairwise(values)) if len(values) > 1 else None

    def value_of(self, label: str) -> float | None:
        """Return what `label` is worth, None when it is not on the menu. Case and spacing do not matter."""
        # Exact first: a menu may hold both "m" and "M".
        exact = [point.value for point in self.points if point.label == label]
        if exact:
            return exact[0]
        wanted = plain_label(label)
        if self.kind == "binary" and wanted in (*YES_WORDS, *NO_WORDS):
            return 1.0 if wanted in YES_WORDS else 0.0
        values = {point.value for point in self.points if plain_label(point.label) == wanted}
        # Two labels that differ only in case: a reply in a third spelling is neither.
        return values.pop() if len(values) == 1 else None

    def labels(self) -> tuple[str, ...]:
        """Return every word the judge may answer with."""
        if self.kind == "binary":
            return (*YES_WORDS, *NO_WORDS)
        return tuple(point.label for point in self.points)

    def midpoint(self) -> float:
        """Return the middle of the scale."""
        return (self.low + self.high) / 2


def plain_label(label: str) -> str:
    """Return `label` without case, and with runs of spaces, hyphens and underscores as one space."""
    return " ".join(label.casefold().replace("_", " ").replace("-", " ").split())


def scale_from_config(value: object, *, path: str) -> Scale:
    """
    Read a scale as an evaluation states it.

    Forms: `binary` · `{1: rude, 2: flat}`, where a label may carry its definition (`rude: insults people`, or
    `{label: rude, definition: …}`) · `{type: range, low: 0, high: 1}` · `{choices: {A: 1.0, B: 0.5}}` ·
    `{type: points, points: {…}, halves: true}`. A mapping with `type` or `choices` takes `not_applicable`;
    one with `choices` takes `ordered`.

    Raises:
        EvaluationError: The value is none of these; the message begins with `path`.
    """
    if value == "binary":
        return Scale.binary()
    if not isinstance(value, Mapping) or not value:
        raise EvaluationError(
            f"{path}: {value!r} is no scale. Write binary, {{1: rude, 2: polite}},"
            " {type: range, low: 0, high: 1} or {choices: {A: 1.0, B: 0.5}}."
        )
    if "type" in value or "choices" in value:
        return _typed_scale(value, path=path)
    return Scale.of_points(*_points(value, path=path))


def _typed_scale(value: Mapping[object, object], *, path: str) -> Scale:
    kind = value.get("type", "choices")
    allowed: dict[object, set[str]] = {
        "binary": {"yes", "no", "true", "false"},
        "points": {"points", "halves"},
        "range": {"low", "high"},
        "choices": {"choices", "ordered"},
    }
    if kind not in allowed:
        raise EvaluationError(f"{path}.type: {kind!r} is no scale. Choose binary, points, range or choices.")
    unknown = {_text(key) for key in value} - allowed[kind] - {"type", "not_applicable"}
    if unknown:
        raise EvaluationError(f"{path}: a {kind} scale has no {', '.join(sorted(unknown))}.")
    not_applicable = _flag(value, "not_applicable", path=path)
    if kind == "binary":
        # `true` and `false` are written for them as well.
        yes, no = (_definition(value, *keys) for keys in (("yes", "true", True), ("no", "false", False)))
        return Scale.binary(yes=yes, no=no, not_applicable=not_applicable)
    if kind == "range":
        return _range(value, not_applicable=not_applicable, path=path)
    if kind == "points":
        points = _points(value.get("points"), path=f"{path}.points")
        halves = _flag(value, "halves", path=path)
        return Scale.of_points(*points, halves_allowed=halves, not_applicable=not_applicable)
    return Scale.of_choices(
        *_choices(value.get("choices"), path=f"{path}.choices"),
        not_applicable=not_applicable,
        ordered=_flag(value, "ordered", path=path),
    )


def _range(value: Mapping[object, object], *, not_applicable: bool, path: str) -> Scale:
    low, high = (
        _number(value.get(end, default), path=f"{path}.{end}") for end, default in (("low", 0), ("high", 1))
    )
    if low >= high:
        raise EvaluationError(f"{path}: low ({low:g}) must be below high ({high:g}).")
    return Scale.between(low, high, not_applicable=not_applicable)


def _points(value: object, *, path: str) -> list[Point]:
    if not isinstance(value, Mapping) or len(value) < 2:
        raise EvaluationError(f"{path}: a scale of points needs two or more, like {{1: rude, 2: polite}}.")
    points = []
    for key, entry in value.items():
        worth = _number(key, path=f"{path}: point")
        label, definition = _label_and_definition(entry, path=f"{path}.{_text(key)}")
        # A judge's reply "2" could otherwise mean the point 2 or the point labelled so.
        if _is_number(label) and float(label) != worth:
            raise EvaluationError(
                f"{path}.{_text(key)}: the label {label} reads as another point. Use a word."
            )
        points.append(Point(value=worth, label=label, definition=definition))
    _refuse_doubles(points, path=path)
    if len({point.value for point in points}) < len(points):
        raise EvaluationError(f"{path}: the same point is given twice.")
    return points


def _choices(value: object, *, path: str) -> list[Point]:
    if not isinstance(value, Mapping) or len(value) < 2:
        raise EvaluationError(f"{path}: a list of choices needs two or more, like {{A: 1.0, B: 0.5}}.")
    points = []
    for key, entry in value.items():
        label, where = _text(key), f"{path}.{_text(key)}"
        if isinstance(entry, Mapping):
            score = _number(entry.get("score"), path=f"{where}.score")
            points.append(Point(value=score, label=label, definition=_definition(entry, "definition")))
        else:
            points.append(Point(value=_number(entry, path=where), label=label))
    _refuse_doubles(points, path=path)
    if len({point.value for point in points}) < 2:
        raise EvaluationError(f"{path}: every choice has the same score, so none can be better than another.")
    return points


def _refuse_doubles(points: list[Point], *, path: str) -> None:
    labels = [point.label for point in points]
    twice = sorted({label for label in labels if labels.count(label) > 1})
    if twice:
        raise EvaluationError(f"{path}: {', '.join(twice)} is given twice.")


def _label_and_definition(entry: object, *, path: str) -> tuple[str, str | None]:
    if isinstance(entry, Mapping):
        if "label" not in entry:
            raise EvaluationError(f"{path}: a point written as a mapping needs a label.")
        return _text(entry["label"]), _definition(entry, "definition")
    if not isinstance(entry, str | int | float) or not _text(entry):
        raise EvaluationError(f"{path}: {entry!r} is no label.")
    # With the space: a label may hold a colon, as a time or a ratio does.
    label, colon, definition = _text(entry).partition(": ")
    return label.strip(), definition.strip() if colon else None


def _definition(entry: Mapping[object, object], *keys: object) -> str | None:
    value = next((entry[key] for key in keys if key in entry), None)
    return None if value is None else _text(value)


def _flag(value: Mapping[object, object], key: str, *, path: str) -> bool:
    flag = value.get(key, False)
    if flag in ("yes", "no"):  # words in YAML 1.2, and written by many
        return flag == "yes"
    if not isinstance(flag, bool):
        raise EvaluationError(f"{path}.{key}: {flag!r} is neither true nor false.")
    return flag


def _text(value: object) -> str:
    # Written as `true` and `false`, they are answered by yes and no.
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value).strip()


def _number(value: object, *, path: str) -> float:
    if isinstance(value, str) and _is_number(value):
        return float(value)
    # For Python, true is a number, too.
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise EvaluationError(f"{path}: {value!r} is no number.")
    return float(value)


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
