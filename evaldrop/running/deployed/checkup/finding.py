"""What a check found."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from evaldrop.aws_errors import explain, is_aws_fault

State = Literal["ok", "note", "problem", "unknown"]
Limit = Literal["rpm", "tpm"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFinding:
    """
    One thing that was looked at.

    Attributes:
        subject: What, in a few words.
        state: `ok`; `note`, worth knowing; `problem`, a run would fail or nobody would hear of it; `unknown`,
            it could not be looked up, which is not said to be well.
        said: What was seen.
        way_out: What to do; empty where nothing is to be done.
        model, limits: What an evaluation may state of a model under `limits`; empty where nothing is sure.
    """

    subject: str
    state: State
    said: str
    way_out: str = ""
    model: str = ""
    limits: Mapping[Limit, int] = field(default_factory=dict)


NOT_ANSWERED = "NotImplementedException"
"""What a rehearsed AWS (`evaldrop local`) says of what it has no answer for; AWS itself never does."""


def looked_up(subject: str, look: Callable[[], list[AccountFinding]]) -> list[AccountFinding]:
    """Return what a look at AWS found; where AWS refuses the look, that."""
    try:
        return look()
    except Exception as error:
        if not is_aws_fault(error):
            raise
        return [
            AccountFinding(subject=subject, state="unknown", said=f"could not be looked up: {explain(error)}")
        ]


Client = Callable[[str], Any]
"""Returns boto3's client of a service."""
