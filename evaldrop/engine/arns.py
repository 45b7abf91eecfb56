"""ARNs of executions: what they carry beside names is the caller's to say."""

from dataclasses import dataclass

ACCOUNT = "000000000000"
REGION = "local"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArnParts:
    """Where an execution says it runs. `role` is the state machine's role; None makes one of its name."""

    partition: str = "aws"
    region: str = REGION
    account: str = ACCOUNT
    role: str | None = None

    def states(self, kind: str, name: str) -> str:
        """Return the ARN of something in Step Functions: an execution, a mapRun, a stateMachine …"""
        return f"arn:{self.partition}:states:{self.region}:{self.account}:{kind}:{name}"

    def role_of(self, machine: str) -> str:
        """Return the ARN of the role that a state machine runs under."""
        return self.role or f"arn:{self.partition}:iam::{self.account}:role/{machine}"
