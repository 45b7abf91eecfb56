"""What cdk-nag finds on the table, the API and what protects it, and why it is meant."""

from collections.abc import Iterable, Sequence

from constructs import IConstruct

from evaldrop.steps.start_run.prefixes import API, EVALUATIONS, UPLOADS
from infra.acknowledgements import (
    ANY_RUN,
    RUN_FOLDERS,
    RUNTIME,
    UPLOADED,
    accept,
    accept_wildcard,
    arn_of,
    id_of,
)
from infra.api import Api
from infra.audit import Audit
from infra.functions import Step
from infra.settings import Settings
from infra.steering import Steering
from infra.storage import RUNS, Storage
from infra.workflow import MAP_LABEL, Workflow

_CHECKED_BY_THE_FUNCTION = (
    "The function checks what is asked against the types that its OpenAPI description is made of, on one "
    "machine too, and names the field at fault; API Gateway's validation would refuse some of it without."
)
_KEYS = (
    "Machines call it with an API key, which the function looks up: it refuses a revoked or unknown one, "
    "whatever the usage plan says. The page and the API's description are for anybody, and hold nothing."
)
_NO_WALL = "A web ACL costs from $6 a month; the setting `waf` makes one. A stage's throttle bounds the cost."
_LOG_ROLE = (
    "API Gateway takes a role for its logs only with what this policy allows, for all APIs of the account."
)
_PLUS = "Threat protection takes Cognito's Plus plan, at $0.02 a user; a second factor is required of all."
_INTERFACES = (
    "Lambda's network interfaces have no names beforehand; a function's own code is denied the same actions."
)
_ANY_RUN_STEERED = "Runs are not known beforehand; those of this machine are looked at, and slowed down."
_NO_METRIC_ARNS = (
    "GetMetricData knows no resource-level permission (Service Authorization Reference); counts of "
    "calls are what it is asked for. Lambda's network interfaces have no names beforehand either."
)
_NO_LOGS_OF_LOGS = "It holds the trail that says who reads and writes; its own access logs would say less."
_LOG_POLICY = (
    "IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]"
)


def acknowledge_further(
    *,
    storage: Storage,
    workflow: Workflow,
    steps: Sequence[Step],
    api: Api | None,
    audit: Audit | None,
    steering: Steering | None,
    scorers: Iterable[Step],
    settings: Settings,
) -> None:
    """Acknowledge the findings on what settings turn on."""
    if settings.network:
        for step in steps:
            if steering is None or step is not steering.step:
                accept_wildcard(step.role, "*", _INTERFACES)
    for scorer in scorers:
        accept(scorer.function, "L1", RUNTIME)
    if audit:
        accept(audit.logs, "S1", _NO_LOGS_OF_LOGS)
    if steering:
        _acknowledge_steering(steering.step, workflow)
    if api:
        accept(api.step.function, "L1", RUNTIME)
        _acknowledge_role(api.step.role, storage, workflow)
        _acknowledge_apis(api, settings)


def _acknowledge_role(role: IConstruct, storage: Storage, workflow: Workflow) -> None:
    for prefix in (API, UPLOADS, EVALUATIONS, "prompts/"):
        accept_wildcard(role, f"{arn_of(storage.input)}/{prefix}*", UPLOADED)
    accept_wildcard(role, f"{arn_of(storage.output)}/{RUNS}/*", RUN_FOLDERS)
    name = f"<{id_of(workflow.machine)}.Name>"
    here = "arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>"
    accept_wildcard(role, f"{here}:execution:{name}:*", ANY_RUN)
    accept_wildcard(role, f"{here}:mapRun:{name}/{MAP_LABEL}:*", ANY_RUN)


def _acknowledge_steering(step: Step, workflow: Workflow) -> None:
    accept(step.function, "L1", RUNTIME)
    name = f"<{id_of(workflow.machine)}.Name>"
    here = "arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>"
    accept_wildcard(step.role, f"{here}:execution:{name}:*", _ANY_RUN_STEERED)
    accept_wildcard(step.role, f"{here}:mapRun:{name}/{MAP_LABEL}:*", _ANY_RUN_STEERED)
    accept_wildcard(step.role, "*", _NO_METRIC_ARNS)


def _acknowledge_apis(api: Api, settings: Settings) -> None:
    if api.log_role:
        accept(api.log_role, _LOG_POLICY, _LOG_ROLE)
    for each in api.rest_apis:
        accept(each, "APIG2", _CHECKED_BY_THE_FUNCTION)
        if settings.waf is None:
            accept(each.deployment_stage, "APIG3", _NO_WALL)
        accept(each, "APIG4", _KEYS)
        accept(each, "COG4", _KEYS)
    if api.sign_in:
        accept(api.sign_in.pool, "COG8", _PLUS)
