"""The Lambda functions: one per folder of lambdas/, each with a role and a log group of its own."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aws_cdk import Duration, Size
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from evaldrop.steps.prepare_scores.prepare import FUNCTIONS_FILE
from evaldrop.steps.start_run.prefixes import DATASETS, EVALUATIONS
from infra.bundles import Bundle, Bundled, code_of, target_of
from infra.log_groups import log_group
from infra.settings import ROOT, Settings
from infra.storage import RUNS, Storage

RUNTIME = lambda_.Runtime.PYTHON_3_13


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """
    How large a function is.

    Attributes:
        memory_mb: 1,769 MB come with one whole processor; new accounts are held to 3,008.
        timeout_s: At most 900.
        disk_mb: Files for S3 are gathered in /tmp before they are uploaded, and Parquet is read from there.
    """

    memory_mb: int
    timeout_s: int
    disk_mb: int = 512


# Sized for 100,000 records; docs/performance.md has what BuildScorecard was measured at.
STEPS = {
    # Who merges the findings of hundreds of parts holds the digests of ten million IDs.
    "ValidateDataset": Shape(memory_mb=3008, timeout_s=900, disk_mb=10_240),
    "PrepareRecords": Shape(memory_mb=1769, timeout_s=900, disk_mb=10_240),
    "ChoosePrompts": Shape(memory_mb=3008, timeout_s=900, disk_mb=10_240),
    "CheckFirstCalls": Shape(memory_mb=512, timeout_s=120),
    "PrepareJobs": Shape(memory_mb=3008, timeout_s=900, disk_mb=10_240),
    "PrepareEvaluationJobs": Shape(memory_mb=3008, timeout_s=900, disk_mb=10_240),
    "PrepareScores": Shape(memory_mb=1769, timeout_s=900, disk_mb=10_240),
    "BuildScorecard": Shape(memory_mb=3008, timeout_s=900, disk_mb=10_240),
    # It reads the results of a run that failed among its last records, to settle what the run has cost.
    "ReportFailure": Shape(memory_mb=1024, timeout_s=900, disk_mb=10_240),
}
_READING = ("CheckFirstCalls", "ReportFailure")
"""Those that write nothing of a run; CheckFirstCalls restates its cost in `run.json`."""
_OPTIMIZING = (
    "bedrock/optimizer.py",
    "bedrock/simulated/__init__.py",
    "bedrock/simulated/candidate.py",
    "bedrock/simulated/likeness.py",
    "bedrock/simulated/optimizer.py",
    "bedrock/simulated/prompt_features.py",
    "bedrock/simulated/proposer.py",
    "bedrock/simulated/structured.py",
)
"""Bedrock's optimiser, and the rehearsed one with what that imports."""
CAPS_FILE = "caps.json"
START_RUN = Shape(memory_mb=512, timeout_s=60)


class Step(Construct):
    """A function, its role and its log group. The role may write to its log, and nothing else."""

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002 - CDK's word
        *,
        bundle: Bundled,
        shape: Shape,
        environment: Mapping[str, str],
        settings: Settings,
        key: kms.IKey | None,
        dead_letters: sqs.Queue | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(scope, id)
        self.log_group = log_group(self, "Log", settings=settings, key=key)
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        self.log_group.grant_write(self.role)
        self.function = lambda_.Function(
            self,
            "Function",
            description=f"evaldrop {id}",
            function_name=name,
            runtime=RUNTIME,
            architecture=lambda_.Architecture.ARM_64,
            handler=bundle.handler,
            code=code_of(bundle, target_of(self)),
            memory_size=settings.memory_of(id, usual=shape.memory_mb),
            timeout=Duration.seconds(shape.timeout_s),
            ephemeral_storage_size=Size.mebibytes(shape.disk_mb),
            environment={"EVALDROP_STACK": settings.stack_name, **environment},
            log_group=self.log_group,
            logging_format=lambda_.LoggingFormat.JSON,
            application_log_level_v2=lambda_.ApplicationLogLevel.INFO,
            dead_letter_queue=dead_letters,
            # What it may do stands in `allow`: CDK's own grants name every version of a resource with a "*".
            role=self.role.without_policy_updates(),
        )

    def allow(
        self, actions: list[str], resources: list[str], conditions: Mapping[str, Any] | None = None
    ) -> None:
        """Let the function do something more."""
        self.role.add_to_policy(
            iam.PolicyStatement(actions=actions, resources=resources, conditions=conditions)
        )

    def tell(self, name: str, value: str) -> None:
        """Put something more into the function's environment."""
        self.function.add_environment(name, value)


class Functions(Construct):
    """The workflow's own functions, by the name of their state."""

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002 - CDK's word
        *,
        storage: Storage,
        settings: Settings,
    ) -> None:
        super().__init__(scope, id)
        validating = validating_environment(settings)
        bundles = {
            "ValidateDataset": validating_bundle("validate_dataset", settings),
            "PrepareRecords": Bundle(name="prepare_records"),
            "ChoosePrompts": choosing_bundle(),
            "CheckFirstCalls": Bundle(name="check_first_calls"),
            "PrepareJobs": Bundle(name="prepare_jobs"),
            "PrepareEvaluationJobs": Bundle(name="prepare_evaluation_jobs"),
            "PrepareScores": Bundle(name="prepare_scores", texts=told_scorers(settings)),
            "BuildScorecard": Bundle(name="build_scorecard"),
            "ReportFailure": Bundle(name="report_failure"),
        }
        self.steps = {
            name: Step(
                self,
                name,
                bundle=bundles[name],
                shape=shape,
                environment=validating if name == "ValidateDataset" else {},
                settings=settings,
                key=storage.encryption_key,
            )
            for name, shape in STEPS.items()
        }
        # It has no resource: which models are leaving Bedrock.
        self.steps["ValidateDataset"].allow(["bedrock:ListFoundationModels"], ["*"])
        # For `by: bedrock`: Step Functions does not take it.
        if settings.has_prompt_optimizer:
            self.steps["ChoosePrompts"].allow(["bedrock:OptimizePrompt"], ["*"])
        if settings.customer_metrics:
            names = json.dumps(settings.customer_metrics)
            self.steps["BuildScorecard"].tell("EVALDROP_CUSTOMER_METRICS", names)
        parts_above = str(settings.parts_above_mb * 1_000_000)
        self.steps["ValidateDataset"].tell("EVALDROP_PARTS_ABOVE", parts_above)
        self._let_read_input(storage)
        self._let_use_runs(storage)

    def _let_read_input(self, storage: Storage) -> None:
        bucket = storage.input.bucket_arn
        below = [DATASETS + "*", EVALUATIONS + "*", "evaluation.yaml", "prompts/*"]
        readable = [f"{bucket}/{key}" for key in below]
        validate = self.steps["ValidateDataset"]
        reading = [self.steps[name] for name in ("PrepareRecords", "ChoosePrompts")]
        validate.allow(["s3:GetObject", "s3:GetObjectVersion"], readable)
        for step in reading:
            step.allow(["s3:GetObject", "s3:GetObjectVersion"], [f"{bucket}/{DATASETS}*"])
        # Without it S3 answers 403 for a file that is not there: a missing sidecar would look forbidden.
        validate.allow(["s3:ListBucket"], [bucket])
        if storage.key:
            for step in (validate, *reading):
                step.allow(["kms:Decrypt"], [storage.key.key_arn])

    def _let_use_runs(self, storage: Storage) -> None:
        bucket, runs = storage.output.bucket_arn, f"{storage.output.bucket_arn}/{RUNS}/*"
        for name, step in self.steps.items():
            if name in _READING:
                continue
            # A large file is uploaded in parts, and the parts of one that failed are taken back.
            step.allow(["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"], [runs])
            step.allow(["s3:ListBucket"], [bucket])
            if storage.key:
                step.allow(["kms:Decrypt", "kms:GenerateDataKey"], [storage.key.key_arn])
        for name in _READING:
            reading = self.steps[name]
            reading.allow(["s3:GetObject"], [runs])
            reading.allow(["s3:ListBucket"], [bucket])
            if storage.key:
                reading.allow(["kms:Decrypt"], [storage.key.key_arn])
        restating = self.steps["CheckFirstCalls"]
        restating.allow(["s3:PutObject"], [f"{runs}/run.json"])
        if storage.key:
            restating.allow(["kms:GenerateDataKey"], [storage.key.key_arn])


def told_scorers(settings: Settings) -> dict[str, str]:
    """Return the file by which PrepareScores knows the stack's own scorers' functions."""
    # A file, and none where there are no such scorers: a function's environment holds 4 KB.
    made = settings.scorer_functions
    return {FUNCTIONS_FILE: json.dumps(made)} if made else {}


def choosing_bundle() -> Bundle:
    """Return the bundle of the function that chooses prompts, with the files that ask for them."""
    return Bundle(name="choose_prompts", data={"prompts": ROOT / "prompts"}, also=_OPTIMIZING)


def validating_bundle(name: str, settings: Settings, also: tuple[str, ...] = ()) -> Bundle:
    """Return the bundle of a function that validates: with the stack's evaluations and its caps."""
    # A file: a function's environment holds 4 KB, and models may be many.
    texts = {CAPS_FILE: settings.caps.model_dump_json()}
    return Bundle(name=name, data=deployed_evaluations(settings), texts=texts, also=also)


def validating_environment(settings: Settings) -> dict[str, str]:
    """Return what such a function is told of it."""
    default = {"EVALDROP_DEFAULT_EVALUATION": settings.default_name} if settings.default_name else {}
    return {"EVALDROP_CAPS": CAPS_FILE, **default}


def deployed_evaluations(settings: Settings) -> dict[str, Path]:
    """Return what ValidateDataset carries: the workflow, released prompts, the stack's evaluations."""
    carried = {"workflow.asl.json": ROOT / "infra" / "workflow.asl.json", "prompts": ROOT / "prompts"}
    for name, (folder, _) in settings.load_evaluations().items():
        carried[f"evaluations/{name}/evaluation.yaml"] = folder / "evaluation.yaml"
        if (folder / "prompts").is_dir():
            carried[f"evaluations/{name}/prompts"] = folder / "prompts"
    return carried
