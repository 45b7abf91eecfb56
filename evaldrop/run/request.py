"""
The state machine's input.

Apart from `run.json`'s module, so that StartRun needs only pydantic.
"""

import secrets
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
)

from evaldrop.run.place import RUN_FILE, has_begun, out_of, run_folder

__all__ = ["RUN_FILE", "RunRequest", "has_begun", "new_run_id", "out_of", "run_folder"]

# Emoji are joined by one, and Persian is written with the other.
_JOINERS = "\u200c\u200d"
# Controls, what turns text around or has no width, half characters, separators of lines.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# Letters by category, and yet blank.
_FILLERS = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"


def _readable(label: str) -> str:
    unseen = [
        each
        for each in label
        if each in _FILLERS or (unicodedata.category(each) in _UNSEEN and each not in _JOINERS)
    ]
    if unseen:
        name = unicodedata.name(unseen[0], "a control character").lower()
        raise ValueError(f"a label is a name, and U+{ord(unseen[0]):04X} ({name}) in it is not seen")
    if not label.strip(f"{_JOINERS} \u00a0"):
        raise ValueError("a label is a name, and this one is blank")
    return label


Label = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_readable)]
"""What somebody calls a run, such as `new prompt` or `branch=main`: to find it by, and to filter runs."""
Labels = Annotated[tuple[Label, ...], Field(max_length=20)]


class Owner(BaseModel):
    """Who started a run; all None where it was dropped into the bucket, or ran on the command line."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    user: str | None = Field(default=None, description="Of a sign-in; or whom the key belongs to.")
    key_id: str | None = Field(default=None, description="The API key's ID, never its secret.")
    customer: str | None = Field(default=None, max_length=100, description="On whose account it goes.")


NOBODY = Owner()
"""Of a run that somebody dropped into the bucket, or started on the command line."""


class RunRequest(BaseModel):
    """The state machine's input: which dataset to evaluate, by which evaluation, and where to put the run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # It is the execution's name, for which Step Functions takes these characters and no more than 80.
    run_id: str = Field(pattern=r"^[0-9A-Za-z_-]{1,80}$")
    dataset: str = Field(description="URI of the dataset.")
    dataset_version: str | None = Field(default=None, description="S3 version ID.")
    evaluation: str | None = Field(
        default=None, description="URI of the evaluation; looked for when not given."
    )
    out: str = Field(description="URI of the folder that runs are kept in.")
    folder: str | None = Field(
        default=None, description="The run's own, where it is another than <out>/<evaluation>/<run_id>."
    )
    bedrock: str = Field(default="aws", description="The Bedrock runtime, as --bedrock says it.")
    limit: int | None = Field(default=None, ge=1, description="Evaluate only the first so many records.")
    max_in_flight: int | None = Field(
        default=None, ge=1, description="Overrides the evaluation's max_concurrency."
    )
    go_on: bool = Field(
        default=False,
        description="Go on without a candidate or judge whose first calls are refused, instead of ending.",
    )
    budget_usd: float | None = Field(
        default=None,
        gt=0,
        allow_inf_nan=False,
        description="What the run may cost, instead of the evaluation's budget_usd; absent where not given.",
    )
    rest: bool = Field(
        default=False,
        description="In a stack: evaluate only the run's records without a result; absent where not.",
    )
    region: str | None = Field(
        default=None,
        description="AWS Region that models are called from; None where it is unknown.",
    )
    parent: str | None = Field(
        default=None,
        description="URI of a run's folder: its responses are judged again, and only what is new is called.",
    )
    successors: dict[str, tuple[str, ...]] = Field(
        default_factory=dict,
        description="Model ID without geography: models that answer beside it; absent where there are none.",
    )
    labels: Labels = Field(default=(), description="What the run is to be found by.")
    owner: Owner = Field(default=NOBODY, description="Who started it; absent in JSON where nobody is named.")

    @classmethod
    def of_run(cls, run: Mapping[str, Any]) -> "RunRequest":
        """Return the request that a state's `run` holds, beside some keys of its own."""
        return cls.model_validate({name: run[name] for name in cls.model_fields if name in run})

    @model_serializer(mode="wrap")
    def _without_nobody(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # The input of an execution whose owner nobody names stays what it was: the same name with another
        # input is refused, and an event that is delivered again after an update would be.
        content: dict[str, Any] = write(self)
        if self.owner == NOBODY:
            content.pop("owner", None)
        if self.budget_usd is None:
            content.pop("budget_usd", None)
        if not self.rest:
            content.pop("rest", None)
        if not self.successors:
            content.pop("successors", None)
        return content

    @property
    def simulated(self) -> bool:
        """Whether no model is called and no money spent."""
        return self.bedrock.startswith("simulated")


def new_run_id(now: datetime | None = None) -> str:
    """Return an ID that sorts by time, also within a second, and that no two runs share."""
    now = now or datetime.now(UTC)
    # 4096ths of the second, before what is by chance.
    return f"{now:%Y%m%dT%H%M%SZ}-{now.microsecond * 4096 // 1_000_000:03x}{secrets.randbelow(1 << 20):05x}"


def began_at(run_id: str) -> str | None:
    """Return when a run began, as its ID says it (ISO 8601, to the second); None where it does not."""
    try:
        moment = datetime.strptime(run_id.partition("-")[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None
    return moment.isoformat(timespec="seconds")
