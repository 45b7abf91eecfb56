"""The checks of an evaluation that are calls: whom they call, under which name, and at which price."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from evaldrop.errors import EvaluationError
from evaldrop.evaluation.model_ids import GUARDRAIL_CHECKS

# Whoever reads a reply or prices it needs the words of this module alone, and no check.
if TYPE_CHECKING:
    from evaldrop.checks import Check
    from evaldrop.checks.called import ContentFilters, Similarity

PREFIX: Final = "check:"
"""What a check's name begins with where judges are named: no judge's own name has a colon."""

EMBED: Final = "embed"
CHECK_GUARDRAIL: Final = "guardrail_checks"
CALLED_APIS: Final = frozenset({EMBED, CHECK_GUARDRAIL})

TEXT_UNIT: Final = 1000
"""Characters of a text unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalledCheck:
    """
    A check whose calls the workflow makes, as judges' are made.

    `name` is the check's with `check:` before it, under which its calls are kept, refused and paid for.
    """

    name: str
    check: "Check"
    model: str
    api: Literal["embed", "guardrail_checks"]
    timeout_s: int = 20

    @property
    def constants(self) -> dict[str, Any]:
        """What each of its calls has in common."""
        asked: Similarity | ContentFilters = self.check.parameters
        return {**asked.constants, "timeout_s": self.timeout_s}


def called_checks(configs: Iterable[str | Mapping[str, Any]]) -> tuple[CalledCheck, ...]:
    """Return those of an evaluation's checks that call somebody; what cannot be read is left out."""
    return tuple(_called(configs))


def _called(configs: Iterable[str | Mapping[str, Any]]) -> Iterator[CalledCheck]:
    from evaldrop.checks import check_from_config
    from evaldrop.checks.called import ContentFilters, Similarity

    for config in configs:
        # It is told where the evaluation is checked.
        with suppress(EvaluationError):
            check = check_from_config(config, path="checks")
            asked = check.parameters
            if isinstance(asked, Similarity):
                yield CalledCheck(name=PREFIX + check.name, check=check, model=asked.model, api=EMBED)
            elif isinstance(asked, ContentFilters):
                name = PREFIX + check.name
                yield CalledCheck(name=name, check=check, model=GUARDRAIL_CHECKS, api=CHECK_GUARDRAIL)


def is_called_check(judge: str) -> bool:
    """Tell whether what stands in a judge's place is a check."""
    return judge.startswith(PREFIX)
