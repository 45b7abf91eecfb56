"""The store's values: runs, keys, limits, usage. Times are ISO 8601 in UTC, to the second; money is USD."""

import re
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from evaldrop.run.request import Labels, Owner

_IN_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", re.ASCII)


def in_utc(moment: str) -> str:
    """
    Return a time in the one form that runs are sorted by: `2026-11-29T10:00:00+00:00`.

    A date is its midnight, and a time without an offset is UTC's.

    Raises:
        ValueError: It is no time in ISO 8601.
    """
    found = datetime.fromisoformat(moment)
    # As all stored ones are: a list of runs is hundreds of them.
    if _IN_UTC.fullmatch(moment):
        return moment
    there = found if found.tzinfo else found.replace(tzinfo=UTC)
    return there.astimezone(UTC).isoformat(timespec="seconds")


Moment = Annotated[str, AfterValidator(in_utc)]
Usd = Annotated[float, Field(ge=0, allow_inf_nan=False)]
State = Literal["admitted", "running", "finished", "failed", "stopped"]
"""
`admitted`: noted and counted, its dataset is on the way. `failed`: it ended without a scorecard. Whether a
finished run passed its gate is its decision's to say.
"""
ENDED: tuple[State, ...] = ("finished", "failed", "stopped")


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class StoredCandidate(_Value):
    """A candidate of a finished run, in a line."""

    name: str
    model: str
    overall: float | None = None
    overall_interval: tuple[float, float] | None = None
    cost_usd: Usd | None = None
    latency_ms_p50: float | None = None


class Ending(_Value):
    """How a run ended, and what it used."""

    state: Literal["finished", "failed", "stopped"]
    ended_at: Moment
    cost_usd: Usd | None = Field(default=None, description="None: unknown, so the estimate stays charged.")
    estimated_usd: Usd = Field(
        default=0, description="Of `cost_usd`: by the plan, for records whose calls nobody knows."
    )
    input_tokens: int = Field(default=0, ge=0)
    output_tokens: int = Field(default=0, ge=0)
    records: int | None = Field(default=None, ge=0)
    decision: str | None = None
    recommendation: str | None = Field(default=None, description="Which candidate to ship: the sentence.")
    summary: str | None = None
    regressed: tuple[str, ...] = ()
    why: str | None = Field(default=None, description="What ended a run that failed.")
    candidates: tuple[StoredCandidate, ...] = ()


class ChosenCandidate(_Value):
    """Which candidate was taken in the end, by whom."""

    candidate: str
    chosen_at: Moment
    chosen_by: str | None = None
    note: str | None = Field(default=None, max_length=1000)


class StoredRun(_Value):
    """A run as the store knows it."""

    run_id: str
    state: State
    started_at: Moment
    dataset: str = Field(description="URI of the dataset.")
    evaluation: str | None = Field(default=None, description="Name; None until it is known.")
    folder: str | None = Field(default=None, description="URI of the run's folder; None until it has one.")
    owner: Owner = Owner()
    labels: Labels = ()
    simulated: bool = False
    holders: tuple[str, ...] = Field(
        default=(), description="Requests that may still put its dataset, until it has begun."
    )
    admitted_at: Moment | None = Field(
        default=None,
        description="When `admit` noted it; None where it began without. It counts to this day and month.",
    )
    estimate_usd: Usd | None = Field(default=None, description="Reserved of its key's dollars at the start.")
    rest_usd: Usd | None = Field(
        default=None,
        description="Reserved beside what it has cost, while another execution goes on with its rest.",
    )
    request_sha256: str | None = Field(
        default=None, description="Of the request that asked for it: the same key with another is a conflict."
    )
    ending: Ending | None = None
    choice: ChosenCandidate | None = None

    def __hash__(self) -> int:
        # Of all fields, as pydantic would, it takes longer than reading them.
        return hash(self.run_id)


class RunQuery(_Value):
    """Which runs, the newest first. Each that is not None narrows; times are of `started_at`."""

    user: str | None = None
    key_id: str | None = None
    customer: str | None = None
    evaluation: str | None = None
    state: State | None = None
    since: Moment | None = Field(default=None, description="Included.")
    until: Moment | None = Field(default=None, description="Excluded.")
    limit: int = Field(default=50, ge=1, le=1000)
    after: str | None = Field(default=None, description="`Page.after` of the page before.")


class Page(_Value):
    """Runs, the newest first; `after` asks for those behind them, and is None at the end."""

    runs: tuple[StoredRun, ...]
    after: str | None = None


class Limits(_Value):
    """What a key may do. A day and a month are UTC's. None: no limit."""

    requests_per_second: Annotated[float, Field(gt=0)] = 10
    burst: Annotated[int, Field(ge=1)] = 20
    requests_per_day: Annotated[int, Field(ge=1)] | None = 500
    runs_per_month: Annotated[int, Field(ge=1)] | None = 5000
    usd_per_day: Usd | None = None
    usd_per_month: Usd | None = None


CustomerName = Annotated[str, Field(min_length=1, max_length=100)]
MOST_CUSTOMERS = 100
"""Of a key: a stack has a metric of each customer it has had runs of."""
Role = Literal["viewer", "runner", "admin"]
"""viewer reads; runner also starts and stops runs of its own; admin sees and stops all, and all usage."""


class Key(_Value):
    """An API key. Its secret is kept nowhere: `digest` is the SHA-256 of it, in hex."""

    key_id: str
    name: str = Field(min_length=1, max_length=100)
    digest: str | None = Field(default=None, description="None where API Gateway keeps the key.")
    owner: Owner = Owner()
    role: Role = "runner"
    customers: Annotated[tuple[CustomerName, ...], Field(max_length=MOST_CUSTOMERS)] = Field(
        default=(), description="On whose account its runs may go as well; an admin's, on anybody's."
    )
    limits: Limits = Limits()
    created_at: Moment
    revoked_at: Moment | None = None


class Usage(_Value):
    """What was used in a month, or on a day."""

    runs: int = 0
    records: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    usd: Usd = Field(default=0, description="Of runs that have ended.")
    reserved_usd: Usd = Field(default=0, description="Estimates of runs that go on.")
    estimated_usd: Usd = Field(
        default=0,
        description="Of `usd`: by estimates, of runs that ended without a scorecard and whose calls are not "
        "all known.",
    )
