"""A criterion: one question for the judge, its scale, and what counts as passing."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from evaldrop.checks import Check
from evaldrop.checks.scorers import ScorerSettings
from evaldrop.evaluation.criteria.scales import Scale


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A judged response shown to the judge beside the criterion: one shot of a few-shot prompt."""

    prompt: str
    response: str
    score: float
    rationale: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """
    One named question put to the judge.

    `pass_at` is a score on the scale. Left out, it is yes for a binary scale (no, where low is good), the
    first point beyond the middle of the scale on its good side for points and choices (4 of 1..5, 2 of 0..2,
    6 of 1..10), and the middle for a range.

    `check` is there when code answers it and no judge is asked.
    """

    name: str
    question: str
    scale: Scale = field(default_factory=Scale.binary)
    pass_at: float = math.nan
    higher_is_better: bool = True
    needs_reference: bool = False
    needs_context: bool = False
    weight: float = 1.0
    must_include: tuple[str, ...] = ()
    must_not_include: tuple[str, ...] = ()
    examples: tuple[Example, ...] = ()
    check: Check | None = None

    def __post_init__(self) -> None:
        # NaN means "not given": a default that depends on two other fields.
        if math.isnan(self.pass_at):
            object.__setattr__(
                self, "pass_at", default_pass_at(self.scale, higher_is_better=self.higher_is_better)
            )

    def passes(self, score: float) -> bool:
        """Return whether `score` is at least as good as `pass_at`."""
        return score >= self.pass_at if self.higher_is_better else score <= self.pass_at

    def normalise(self, score: float) -> float:
        """
        Return `score` as a fraction in [0, 1] in which 1 is good, whatever the scale's direction.

        On Amazon Bedrock's scales, which begin at 0, this is integer / (N - 1).

        Raises:
            ValueError: The score is not on the scale; it is never clipped.
        """
        if not self.scale.low <= score <= self.scale.high:
            raise ValueError(
                f"{self.name}: {score:g} is not between {self.scale.low:g} and {self.scale.high:g}"
            )
        share = (score - self.scale.low) / (self.scale.high - self.scale.low)
        return share if self.higher_is_better else 1.0 - share


def checked_criterion(check: Check) -> Criterion:
    """Return the criterion that a check is."""
    kind = check.kind
    return Criterion(
        name=check.name,
        question=check.question,
        scale=Scale.between(0.0, 1.0) if kind.is_scored else Scale.binary(),
        # A mark belongs to the fraction itself, whichever end of it is good.
        pass_at=(kind.pass_at if check.pass_at is None else check.pass_at) if kind.is_scored else math.nan,
        higher_is_better=check.higher_is_better,
        needs_reference=check.needs_reference,
        weight=check.weight,
        check=check,
    )


def scorers_of(criteria: Mapping[str, Criterion]) -> dict[str, Check]:
    """Return the checks that scorers of one's own answer, by name."""
    checks = {name: criterion.check for name, criterion in criteria.items()}
    return {
        name: check
        for name, check in checks.items()
        if check and isinstance(check.parameters, ScorerSettings)
    }


def default_pass_at(scale: Scale, *, higher_is_better: bool) -> float:
    """Return the score that passes when an evaluation names none; see `Criterion`."""
    middle = scale.midpoint()
    if scale.kind == "range":
        return middle
    values = [point.value for point in scale.points]
    if higher_is_better:
        return min(value for value in values if value > middle)
    return max(value for value in values if value < middle)
