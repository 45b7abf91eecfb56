"""
What cdk-nag's AwsSolutions finds here, and why it is meant: every finding by its name, none by a pattern.

A new wildcard, or a new resource that breaks a rule, is a new finding and fails the tests.
"""

from collections.abc import Mapping

from aws_cdk import Acknowledgment, CfnResource, Stack, Validations
from constructs import Construct, IConstruct

from evaldrop.evaluation.model_ids import model_arns
from evaldrop.steps.start_run.prefixes import DATASETS, EVALUATIONS
from infra.failures import Failures
from infra.functions import Step
from infra.jobs import EvaluationJobs, Jobs
from infra.settings import Settings
from infra.storage import RUNS, Storage
from infra.triggers import Triggers
from infra.workflow import LABELS, Workflow

_NO_ACCESS_LOGS = (
    "Server access logs need a third bucket and a retention policy of the account's own; who wants them, or "
    "CloudTrail data events, sets them for all buckets of the account."
)
_ERRORS_ONLY = (
    "ALL would log every event of every record's child workflow, about 20 lines a record, above what "
    "orchestration costs. Errors are logged, replies are in the result files, executions have their history."
)
RUNTIME = (
    "The Python that the handlers are tested on where it is installed, years from its end of support; the "
    "newest is not to be had everywhere."
)
UPLOADED = "Uploads are not known beforehand; the permission ends at the prefix that they are read from."
RUN_FOLDERS = "A run's folder has a new name; the permission ends at the prefix that runs are kept in."
_ANY_REGION = (
    "A cross-Region inference profile sends a request to any Region of its geography; the model is the one "
    "that the stack's evaluations name."
)
_ANY_GEOGRAPHY = (
    "The Region is not known at synthesis, and with it which geography's profile of the model is called; the "
    "model is the one that the stack's evaluations name."
)
_ONLY_BY_PROFILE = (
    "An application inference profile does not tell its model; a condition allows the call by way of the "
    "profile only."
)
_OWN_EXECUTIONS = (
    "The distributed Map's children have names of Step Functions' own; all belong to this machine."
)
ANY_RUN = (
    "Runs are not known beforehand; those of this machine are described, to say why one failed, or stopped."
)
_ANY_JOB = "Bedrock gives a job's ARN its last part; the model has to be one of the stack's, too."
_ANY_EVALUATION = (
    "Bedrock gives a job's ARN its last part; which models may judge is said by the role that it is given."
)
_ANY_PROMPT_JOB = "Bedrock gives a job's ARN its last part; a job is created on the stack's own models alone."
_ANY_JOB_OF_A_RUN = (
    "Bedrock gives a job's ARN its last part; only jobs named after a stopped run are stopped."
)
_LISTED = (
    "bedrock:ListModelInvocationJobs, bedrock:ListEvaluationJobs and "
    "bedrock:ListAdvancedPromptOptimizationJobs know no resource-level permission (Service Authorization "
    "Reference); a stopped run's jobs are found by their names."
)
_LIFECYCLE = (
    "bedrock:ListFoundationModels knows no resource-level permission (Service Authorization Reference); it "
    "lists which models Bedrock has, and until when."
)
_OPTIMIZED = (
    "bedrock:OptimizePrompt knows no resource-level permission (Service Authorization Reference); it is "
    "given a prompt's text and no record."
)
_NO_RESOURCE = (
    "X-Ray's PutTraceSegments and the logs:*Delivery actions know no resource-level permission (Service "
    "Authorization Reference); CDK adds them for tracing and logging."
)


def acknowledge(
    *,
    storage: Storage,
    steps: Mapping[str, Step],
    workflow: Workflow,
    jobs: Jobs,
    evaluation_jobs: EvaluationJobs,
    triggers: Triggers,
    failures: Failures,
    settings: Settings,
) -> None:
    """Acknowledge the findings on a stack's constructs."""
    for bucket in (storage.input, storage.output):
        accept(bucket, "S1", _NO_ACCESS_LOGS)
    accept(workflow.machine, "SF1", _ERRORS_ONLY)
    for step in (*steps.values(), triggers.start_run):
        accept(step.function, "L1", RUNTIME)
    accept_wildcard(workflow.machine.role, "*", _NO_RESOURCE)
    input_arn, output_arn = arn_of(storage.input), arn_of(storage.output)
    accept_wildcard(steps["CheckFirstCalls"].role, f"{output_arn}/{RUNS}/*/run.json", RUN_FOLDERS)
    for name in steps:
        accept_wildcard(steps[name].role, f"{output_arn}/{RUNS}/*", RUN_FOLDERS)
    for role in (workflow.machine.role, jobs.role, evaluation_jobs.role):
        accept_wildcard(role, f"{output_arn}/{RUNS}/*", RUN_FOLDERS)
    any_job = "arn:<AWS::Partition>:bedrock:<AWS::Region>:<AWS::AccountId>:model-invocation-job/*"
    for role in (workflow.machine.role, evaluation_jobs.role):
        accept_wildcard(role, any_job, _ANY_JOB)
    any_evaluation = any_job.replace("model-invocation-job", "evaluation-job")
    accept_wildcard(workflow.machine.role, any_evaluation, _ANY_EVALUATION)
    any_prompt_job = any_job.replace("model-invocation-job", "advanced-prompt-optimization-job")
    accept_wildcard(workflow.machine.role, any_prompt_job, _ANY_PROMPT_JOB)
    accept_wildcard(failures, any_prompt_job, _ANY_JOB_OF_A_RUN)
    for step, prefix in (
        *((steps["ValidateDataset"], prefix) for prefix in (DATASETS, EVALUATIONS, "prompts/")),
        *((steps[name], DATASETS) for name in ("ChoosePrompts", "PrepareRecords")),
        (triggers.start_run, DATASETS),
    ):
        accept_wildcard(step.role, f"{input_arn}/{prefix}*", UPLOADED)
    accept_wildcard(steps["CheckFirstCalls"].role, f"{output_arn}/{RUNS}/*/run.json", RUN_FOLDERS)
    accept_wildcard(steps["ValidateDataset"].role, "*", _LIFECYCLE)
    if settings.successors:
        accept_wildcard(triggers.start_run.role, "*", _LIFECYCLE)
    if settings.has_prompt_optimizer:
        accept_wildcard(steps["ChoosePrompts"].role, "*", _OPTIMIZED)
    for user in (workflow, jobs, evaluation_jobs):
        _acknowledge_models(user, settings)
    any_model = "arn:<AWS::Partition>:bedrock:*::foundation-model/*"
    accept_wildcard(workflow.machine.role, any_model, _ONLY_BY_PROFILE)
    machine = f"execution:<{id_of(workflow.machine)}.Name>"
    here = "arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>"
    for executions in (f"{machine}:*", *(f"{machine}/{label}:*" for label in LABELS)):
        accept_wildcard(workflow, f"{here}:{executions}", _OWN_EXECUTIONS)
    accept_wildcard(failures, f"{here}:{machine}:*", ANY_RUN)
    for job in (any_job, any_evaluation):
        accept_wildcard(failures, job, _ANY_JOB_OF_A_RUN)
    accept_wildcard(failures, "*", _LISTED)
    if settings.api:
        accept_wildcard(triggers.start_run.role, f"{here}:{machine}:*", ANY_RUN)


def _acknowledge_models(user: Construct, settings: Settings) -> None:
    here = {"partition": "<AWS::Partition>", "region": "<AWS::Region>", "account": "<AWS::AccountId>"}
    for model in settings.models_in(settings.region):
        for arn in model_arns(model, **here):
            if "*" in arn:
                accept_wildcard(user, arn, _ANY_REGION if ":*::" in arn else _ANY_GEOGRAPHY)


def arn_of(construct: Construct) -> str:
    """Return a construct's ARN, as a finding has it."""
    return f"<{id_of(construct)}.Arn>"


def id_of(construct: Construct) -> str:
    """Return the logical ID of a construct's own resource."""
    resource = construct.node.default_child
    assert isinstance(resource, CfnResource)
    return str(Stack.of(construct).get_logical_id(resource))


def accept_wildcard(scope: IConstruct, resource: str, reason: str) -> None:
    """Acknowledge a permission on a pattern of resources."""
    accept(scope, f"IAM5[Resource::{resource}]", reason)


def accept(scope: IConstruct, finding: str, reason: str) -> None:
    """Acknowledge a finding by its name."""
    Validations.of(scope).acknowledge(Acknowledgment(id=f"AwsSolutions-{finding}", reason=reason))
