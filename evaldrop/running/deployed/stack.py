"""A deployed stack, as its outputs describe it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evaldrop import storage
from evaldrop.aws_errors import as_service_error, code_of
from evaldrop.errors import InputError
from evaldrop.running.deployed import clients
from evaldrop.steps.start_run.events import Intake
from evaldrop.steps.start_run.prefixes import RUNS
from evaldrop.steps.validate_dataset.caps import Caps


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """
    A stack that takes datasets.

    Attributes:
        dead_letters: URL of the queue of events that started nothing.
        caps: What a run may ask, but for its models and guardrails, which only the stack knows.
        history_table: Name of the table of its history; None where it has none.
        usage_plan: ID of its API's usage plan; None where it has no API.
    """

    name: str
    input_bucket: str
    output_bucket: str
    machine_arn: str
    topic_arn: str
    dead_letters: str
    max_dataset_bytes: int
    caps: Caps
    history_table: str | None = None
    usage_plan: str | None = None

    @property
    def history(self) -> str | None:
        """URI of the store of its runs and keys; None where it has none."""
        return f"dynamodb:{self.history_table}" if self.history_table else None

    @property
    def out(self) -> str:
        """URI of the folder that runs are kept in."""
        return f"s3://{self.output_bucket}/{RUNS}"

    @property
    def intake(self) -> Intake:
        """What it takes in, as its StartRun sees it."""
        return Intake(bucket=self.input_bucket, out=self.out, max_bytes=self.max_dataset_bytes)

    def execution_arn(self, run_id: str) -> str:
        """Return the ARN of the execution that is a run."""
        return f"{self.machine_arn.replace(':stateMachine:', ':execution:')}:{run_id}"


_OUTPUTS = {
    "InputBucket": "input_bucket",
    "OutputBucket": "output_bucket",
    "StateMachine": "machine_arn",
    "ResultsTopic": "topic_arn",
    "DeadLetterQueue": "dead_letters",
    "MaxDatasetBytes": "max_dataset_bytes",
    "Caps": "caps",
}
_OPTIONAL_OUTPUTS = {"HistoryTable": "history_table", "ApiUsagePlan": "usage_plan"}


def deployed_stack(name: str) -> Stack:
    """Return a stack as `find_stack` does, by boto3's own CloudFormation client."""
    return find_stack(name, clients.client("cloudformation"))


def find_stack(name: str, cloudformation: Any) -> Stack:
    """
    Return a deployed stack by its name.

    Raises:
        InputError: There is none of this name, or it is none of this version of evaldrop.
        AwsError: CloudFormation would not say.
    """
    with as_service_error(f'stack "{name}" cannot be looked up'):
        try:
            (described,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
        except cloudformation.exceptions.ClientError as error:
            # CloudFormation has no code of its own for it: a malformed name is a ValidationError, too.
            if code_of(error) == "ValidationError" and "does not exist" in str(error):
                raise InputError(
                    f'there is no stack "{name}" in {cloudformation.meta.region_name}. Name it with --stack '
                    "or EVALDROP_STACK; AWS_DEFAULT_REGION and AWS_PROFILE say where it is looked for. Not "
                    "deployed yet? docs/deploying.md; without an AWS account: evaldrop local."
                ) from error
            raise
    outputs = _outputs(described)
    # Here and not at first use: an older stack would take the upload and not understand its metadata.
    if missing := sorted(_OUTPUTS.keys() - outputs.keys()):
        raise InputError(
            f'stack "{name}" ({described["StackStatus"]}) has no output {", ".join(missing)}: it is no stack '
            "of evaldrop, not deployed to its end, or of an earlier version. Deploy it again "
            "(docs/deploying.md)."
        )
    return _stack(name, outputs)


def stack_that_keeps(out: str) -> Stack | None:
    """
    Return the stack whose runs are kept in a folder in S3, whatever its name; None where there is none.

    Raises:
        AwsError: CloudFormation would not say.
    """
    bucket = storage.place(out).bucket
    with as_service_error(f"the stack of {out} cannot be looked up"):
        for page in clients.client("cloudformation").get_paginator("describe_stacks").paginate():
            for described in page["Stacks"]:
                outputs = _outputs(described)
                if outputs.get("OutputBucket") == bucket and outputs.keys() >= _OUTPUTS.keys():
                    found = _stack(described["StackName"], outputs)
                    return found if found.out == out.rstrip("/") else None
    return None


def _outputs(described: Mapping[str, Any]) -> dict[str, str]:
    return {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", ())}


def _stack(name: str, outputs: Mapping[str, str]) -> Stack:
    values: dict[str, Any] = {field: outputs[key] for key, field in _OUTPUTS.items()}
    values |= {field: outputs.get(key) for key, field in _OPTIONAL_OUTPUTS.items()}
    values["max_dataset_bytes"] = int(values["max_dataset_bytes"])
    return Stack(name=name, **{**values, "caps": Caps.model_validate_json(values["caps"])})
