r"""
A check as an evaluation or a record writes it.

    checks:
      - equals                                   # a kind alone: against the record's reference
      - contains: refund                         # a kind and its value; it is called by its kind
      - {name: order_number, regex: 'ORD-\d+', weight: 2}
      - not_contains: as an AI                   # any kind with not_ before it
      - {rouge_l: , pass_at: 0.4}                # a fraction, and what of it passes
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from evaldrop.checks.kinds import KINDS, Kind
from evaldrop.checks.scorers import with_scorer
from evaldrop.checks.subject import Outcome, Subject
from evaldrop.errors import EvaluationError
from evaldrop.nearest import did_you_mean

CHECKED_BY: Final = "check"
"""Who gives the verdicts of checks: what stands in the place of a judge's name."""

NOT: Final = "not_"
_OPTIONS = frozenset({"name", "weight", "pass_at"})
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """
    One check.

    `value` is what stands behind the kind's key, as JSON; `parameters` is what the kind makes of it. A
    negated check says yes where its kind says no. `pass_at` is None where its kind's holds.
    """

    name: str
    kind: Kind
    value: Any
    # Made of the value, by which two checks are the same or not.
    parameters: Any = field(compare=False)
    is_negated: bool = False
    weight: float = 1.0
    pass_at: float | None = None

    def run(self, subject: Subject) -> Outcome:
        """
        Look at a response.

        Raises:
            TypeError: The kind is one that somebody else is asked for.
        """
        if self.kind.run is None:
            raise TypeError(f"a check of the kind {self.kind.name} is not made here")
        said = self.kind.run(self.parameters, subject)
        # Much of what should not be there is bad, but a fraction stays what it is: its direction is turned.
        if not self.is_negated or said.score is None or self.kind.is_scored:
            return said
        return said._replace(score=1.0 - said.score)

    def passes(self, score: float) -> bool:
        """Tell whether a score passes."""
        if not self.kind.is_scored:
            return score >= 1.0
        mark = self.kind.pass_at if self.pass_at is None else self.pass_at
        return score >= mark if self.higher_is_better else score <= mark

    @property
    def higher_is_better(self) -> bool:
        """Whether a high score is good."""
        return self.kind.higher_is_better != (self.is_negated and self.kind.is_scored)

    @property
    def needs_reference(self) -> bool:
        """Whether it compares with the record's reference."""
        if not self.kind.needs_reference:
            return False
        return self.value is None if self.kind.compares is None else self.kind.compares(self.parameters)

    @property
    def question(self) -> str:
        """What it asks, for people."""
        if self.kind.asked_alone is not None and (self.value is None or self.value is True):
            asked = self.kind.asked_alone
        else:
            value = "the reference" if self.value is None else _shown(self.value)
            asked = self.kind.question.format(value=value)
        return f"Not: {asked}" if self.is_negated else asked


def check_from_config(config: str | Mapping[str, Any], *, path: str) -> Check:
    """
    Read one check: a kind's name, or a mapping with a kind as one of its keys.

    Raises:
        EvaluationError: No kind or two, an unknown key, or a value the kind cannot use; begins with `path`.
    """
    content = {config: None} if isinstance(config, str) else config
    if not isinstance(content, Mapping):
        raise EvaluationError(f"{path}: {config!r} is no check. Write a kind, such as contains: refund.")
    content = with_scorer(content)
    kinds = [key for key in content if key not in _OPTIONS]
    if len(kinds) != 1:
        told = f"has {len(kinds)} ({', '.join(map(str, kinds))})" if kinds else "has none"
        raise EvaluationError(f"{path}: a check has one kind, and this one {told}. Kinds: {_kinds()}.")
    key = str(kinds[0])
    is_negated = key.startswith(NOT) and key not in KINDS
    kind = KINDS.get(key.removeprefix(NOT) if is_negated else key)
    if kind is None:
        raise EvaluationError(
            f'{path}: "{key}" is no kind of check.{did_you_mean(key, KINDS)} Kinds: {_kinds()}.'
        )
    value, pass_at = content[kinds[0]], content.get("pass_at")
    if kind.run is None and isinstance(value, Mapping) and "pass_at" in value:
        # Of a call that takes settings the mark may stand among them.
        value, pass_at = {name: each for name, each in value.items() if name != "pass_at"}, value["pass_at"]
    try:
        parameters = kind.read(value)
    except ValueError as error:
        raise EvaluationError(f"{path}.{key}: {error}.") from error
    return Check(
        name=_name(content.get("name", key), path=path),
        kind=kind,
        value=value,
        parameters=parameters,
        is_negated=is_negated,
        weight=_number(content.get("weight", 1), path=f"{path}.weight", low=0),
        pass_at=_pass_at(pass_at, kind, path=f"{path}.pass_at"),
    )


def _kinds() -> str:
    return ", ".join(sorted(KINDS))


def _name(name: Any, *, path: str) -> str:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise EvaluationError(
            f"{path}.name: {name!r} must begin with a letter and hold only letters, digits, _ - ."
        )
    return name


def _pass_at(value: Any, kind: Kind, *, path: str) -> float | None:
    if value is None:
        return None
    if not kind.is_scored:
        raise EvaluationError(f"{path}: {kind.name} says yes or no, and has no pass mark. Leave it out.")
    return _number(value, path=path, low=0, high=1)


def _number(value: Any, *, path: str, low: float, high: float = float("inf")) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        end = "" if high == float("inf") else f" to {high:g}"
        raise EvaluationError(f"{path}: {value!r} is no number from {low:g}{end}.")
    return float(value)


def _shown(value: Any) -> str:
    # Of a scorer with its options, its function.
    text = repr(value.get("of", value) if isinstance(value, Mapping) else value)
    return text if len(text) <= 200 else f"{text[:197]}..."
