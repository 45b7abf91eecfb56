"""What the data plane needs of its surroundings, and how it refuses a request."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from evaldrop.engine import ArnParts, Integration


class ApiError(Exception):
    """A request is refused. `code` is the service's own name for why, `status` the HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        self.code = code
        self.message = message
        self.status = status
        super().__init__(f"{code}: {message}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """
    A state machine as the control plane has it.

    `definition` is its text, substitutions applied; `updated` is in seconds since 1970, None when not known.
    """

    arn: str
    name: str
    role_arn: str
    definition: str
    type: str = "STANDARD"
    updated: float | None = None

    @property
    def arns(self) -> ArnParts:
        """What ARNs of its executions carry."""
        _, partition, _, region, account, *_ = self.arn.split(":")
        return ArnParts(partition=partition, region=region, account=account, role=self.role_arn)


MachineSource = Callable[[str], Machine | None]
IntegrationsFor = Callable[[Machine], Mapping[str, Integration]]
