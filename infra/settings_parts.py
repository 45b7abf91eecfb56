"""Settings that hold several values."""

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
