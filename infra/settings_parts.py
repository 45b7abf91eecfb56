"""Settings that hold several values."""

import hashlib
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from evaldrop.steps.start_run.prefixes import DATASETS


class Part(BaseModel):
    """Frozen, and strict about keys: a misspelt one is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Weekly(Part):
    """When the schedule evaluates which datasets again."""

    datasets: tuple[str, ...] = Field(
        default=(), description="Keys in the input bucket; without any there is no schedule."
    )
    cron: str = Field(default="0 6 ? * MON *", description="Minute, hour, day, month, weekday, year.")
    time_zone: str = Field(default="Etc/UTC", description="IANA name.")
    window_minutes: int = Field(default=15, ge=1, le=1440, description="Starts at any moment of this window.")

    @property
    def is_weekly(self) -> bool:
        """Whether there is a schedule, and it starts a run in every seven days."""
        _, _, day, month, weekday, year = [*self.cron.split(), *[""] * 6][:6]
        return bool(self.datasets) and day in ("?", "*") and month == year == "*" and "#" not in weekday

    @model_validator(mode="after")
    def _below_the_prefix(self) -> "Weekly":
        for key in self.datasets:
            if not key.startswith(DATASETS):
                raise ValueError(f'weekly.datasets: "{key}" does not lie below {DATASETS}')
        return self


class Thresholds(Part):
    """When alarms go off."""

    latency_ms: int = Field(default=30_000, ge=1, description="Mean latency of a model, over 15 minutes.")
    failed_percent: float = Field(
        default=20, gt=0, le=100, description="Share of a model's calls that end with an error, 4xx or 5xx."
    )
    throttled_percent: float = Field(default=20, gt=0, le=100, description="Throttled share of invocations.")
    server_errors: int = Field(default=10, ge=1, description="5xx answers of a model in 15 minutes.")


class SignIn(Part):
    """How people sign in to the page: a Cognito user pool, with a second factor."""

    domain: str = Field(
        pattern=r"^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$",
        description="How the address of the sign-in begins; no other in the Region may have it.",
    )
    addresses: tuple[str, ...] = Field(
        default=(), description="Further addresses of the page, such as a domain name of one's own."
    )

    @model_validator(mode="after")
    def _allowed(self) -> "SignIn":
        if taken := [word for word in ("aws", "amazon", "cognito") if word in self.domain]:
            raise ValueError(f'sign_in.domain: Cognito takes no domain with "{taken[0]}" in it')
        for address in self.addresses:
            if not address.startswith(("https://", "http://localhost")):
                raise ValueError(f"sign_in.addresses: {address} is neither https nor this machine")
        return self


EndpointName = Literal[
    "bedrock", "bedrock-runtime", "bedrock-agent-runtime", "states", "sns", "logs", "events", "monitoring"
]  # fmt: skip


class Network(Part):
    """Subnets of one's own for the functions, and how they reach AWS from there."""

    vpc: str = Field(pattern=r"^vpc-([0-9a-f]{8}|[0-9a-f]{17})$", description="The VPC's ID.")
    subnets: tuple[Annotated[str, Field(pattern=r"^subnet-([0-9a-f]{8}|[0-9a-f]{17})$")], ...] = Field(
        min_length=1, description="IDs of private subnets, best in two zones."
    )
    route_tables: tuple[Annotated[str, Field(pattern=r"^rtb-([0-9a-f]{8}|[0-9a-f]{17})$")], ...] = Field(
        default=(),
        description="Route tables of the subnets, for gateway endpoints of S3 and DynamoDB; none: there are.",
    )
    endpoints: tuple[EndpointName, ...] = Field(
        default=("bedrock", "bedrock-runtime", "bedrock-agent-runtime", "states", "sns", "logs", "events"),
        description="Interface endpoints to make; leave out those that the VPC has.",
    )


class ScorerCode(Part):
    """A scorer that the stack makes a function of."""

    python: str = Field(
        pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$",
        description="module:function, as evaluations name it.",
    )
    source: str = Field(description="The module's file or the package's folder, from the checkout's top.")
    requirements: str | None = Field(default=None, description="A file of what pip installs beside it.")
    memory_mb: int = Field(default=512, ge=128, le=10_240)
    timeout_s: int = Field(
        default=660, ge=1, le=900, description="For a whole batch, which is at most 600 s of timeout_s."
    )

    def problem(self, root: Path) -> str | None:
        """Return what is wrong with its files, or None."""
        source, modules = root / self.source, self.python.partition(":")[0].split(".")
        if modules[0] in _TAKEN:
            return f"a module of one's own cannot be called {modules[0]} there"
        if self.requirements and not (root / self.requirements).is_file():
            return f"there is no file {self.requirements}"
        if not source.exists():
            return f"there is no {self.source}"
        # The module's own file in the bundle, which has the source at its top.
        place = source.parent.joinpath(*modules)
        held = (place.with_suffix(".py"), place / "__init__.py")
        if not any(file.is_file() and (file == source or source in file.parents) for file in held):
            return f"{self.source} has no module {'.'.join(modules)}"
        return None

    def function_name(self, stack_name: str) -> str:
        """Return its function's name: known before it is there, for a bundle and a role name it."""
        # Lambda takes 64 characters; what is cut off is in the digest.
        digest = hashlib.sha256(f"{stack_name}\0{self.python}".encode()).hexdigest()[:8]
        called = re.split(r"[:.]", self.python)[-1]
        return f"{stack_name[:24]}-scorer-{called[:20]}-{digest}"


_TAKEN = {"evaldrop", "evaldrop_scorer"}
"""Modules of a scorer's bundle beside its own."""
