"""What somebody asks of evaluation jobs, and what Bedrock would refuse of it whatever the dataset."""

import re
from dataclasses import dataclass

from evaldrop.errors import InputError
from evaldrop.job_formats.limits import Kind
from evaldrop.job_formats.metrics import TaskType

_ROLE = re.compile(r"arn:aws(-[^:]+)?:iam::[0-9]{12}:role/.+")
_URI = re.compile(r"s3://[a-z0-9][-.a-z0-9]{1,61}[a-z0-9](/[-!_*'().a-z0-9A-Z]+)*/?")
_FLOW = re.compile(r"arn:aws(-[^:]+)?:sagemaker:[a-z0-9-]{1,20}:[0-9]{12}:flow-definition/.+")


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedJobs:
    """
    What is asked for.

    Attributes:
        candidates: Names; all of the evaluation when empty. So are `judges`.
        metrics: What to measure instead of what the evaluation says.
        task: Of an algorithmic job; found from the records when None.
        folder: URI of the folder of datasets and output.
    """

    id: str
    kind: Kind
    folder: str
    role: str
    candidates: tuple[str, ...] = ()
    judges: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    task: TaskType | None = None
    flow_definition: str | None = None


def refuse_unusable(wanted: WantedJobs) -> None:
    """
    Refuse a role, a folder or a flow definition that Bedrock would refuse, before anything is uploaded.

    Raises:
        InputError: The message says what it has to be.
    """
    if not _ROLE.fullmatch(wanted.role):
        raise InputError(
            f"--role {wanted.role}: the ARN of a role is needed, such as "
            "arn:aws:iam::111122223333:role/evaluation-jobs. Bedrock takes it to read the dataset, call "
            "models and write the output; docs/bedrock-evaluations.md has its policy."
        )
    if wanted.folder.startswith("s3:") and not _URI.fullmatch(wanted.folder):
        raise InputError(
            f"--output {wanted.folder}: a job takes no such URI. Give s3://BUCKET/FOLDER, with letters, "
            "digits and -!_*'(). in the folder's name."
        )
    if wanted.kind == "human" and not _FLOW.fullmatch(wanted.flow_definition or ""):
        raise InputError(
            f"--flow-definition {wanted.flow_definition}: the ARN of a flow definition is needed, such as "
            "arn:aws:sagemaker:us-east-1:111122223333:flow-definition/reviewers."
        )
