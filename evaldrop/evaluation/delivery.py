"""How calls reach Bedrock: at once, in the flex tier, or as jobs that may take a day; and in what time."""

import re
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

Delivery = Literal["on_demand", "flex", "batch"]
"""How a candidate's or judge's calls are delivered. Each is a price, too."""

DELIVERIES: tuple[Delivery, ...] = get_args(Delivery)

DeliverySetting = Literal["on_demand", "flex", "batch", "auto"]
"""As an evaluation says it; `auto` is resolved to a Delivery before a run begins."""

MIN_JOB_RECORDS = 100
"""Rows that a batch job has at least; fewer go on demand."""

NO_JOBS = (
    "On one machine a rehearsal alone has them (--bedrock simulated): say delivery: flex or on_demand, or "
    "run it in a stack (evaldrop submit)."
)
"""Why there are no jobs."""

ENDED_JOBS = frozenset({"Completed", "PartiallyCompleted", "Failed", "Stopped", "Expired"})
"""The statuses of a batch job that is over."""

_SECONDS = {"m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"([1-9][0-9]{0,5})\s*([mhd])")


def _in_seconds(value: Any) -> Any:
    if isinstance(value, str):
        found = _DURATION.fullmatch(value.strip())
        if not found:
            raise PydanticCustomError("duration", "Input should be a time such as 30m, 6h or 2d")
        return int(found[1]) * _SECONDS[found[2]]
    return value


Duration = Annotated[
    int,
    BeforeValidator(_in_seconds),
    Field(ge=60),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 60},
                {"type": "string", "pattern": r"^[1-9][0-9]{0,5} ?[mhd]$"},
            ]
        }
    ),
]
"""Seconds, which a file may say as 30m, 6h or 2d."""


class BatchJobs(BaseModel):
    """What holds for the jobs of calls delivered in batch."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    missing: Literal["on_demand", "report"] = Field(
        default="on_demand",
        description="Rows that a job did not answer: called on demand, or reported as unanswered.",
    )
    timeout_h: int = Field(
        default=24, ge=24, le=168, description="Hours after which a job that has not ended expires."
    )


class ModelQuota(BaseModel):
    """What an account may call of a model in a minute."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    rpm: int | None = Field(default=None, ge=1, description="Requests a minute.")
    tpm: int | None = Field(default=None, ge=1, description="Tokens a minute, input and max_tokens.")
