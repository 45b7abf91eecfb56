"""What the Tasks of a state machine call, each with the machine's role: functions, models, the topic."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from typing import Any

from evaldrop.engine import (
    Integration,
    TaskError,
    bedrock_invoke_model,
    dynamodb_update_item,
    lambda_invoke,
    sdk_integration,
    sns_publish,
)
from evaldrop.running.batch_jobs import evaluation_integrations, job_integrations, optimization_integrations
from evaldrop.running.local_aws.batch_jobs import RoleJobs
from evaldrop.running.local_aws.clients import ACCOUNT, REGION, Clients
from evaldrop.running.local_aws.evaluation_jobs import Evaluations
from evaldrop.running.local_aws.functions import Functions
from evaldrop.running.local_aws.models import Models
from evaldrop.running.local_aws.objects import S3Objects, refused
from evaldrop.running.local_aws.permissions import Permissions
from evaldrop.running.local_aws.prompt_optimizations import Optimizations
from evaldrop.running.stored_bodies import JSON, get_object, with_stored_bodies


def integrations_of(
    role_arn: str,
    *,
    functions: Functions,
    names: Iterable[str],
    models: Models,
    jobs: RoleJobs,
    evaluations: Evaluations,
    optimizations: Optimizations,
    permissions: Permissions,
    clients: Clients,
) -> Mapping[str, Integration]:
    """Return what the resources of a state machine with a role call, by clients that sign as the role."""
    converse, invoke = partial(models.converse, role_arn), partial(models.invoke_model, role_arn)
    objects = S3Objects(clients)
    handlers = {name: _handler(name, role_arn, functions, permissions) for name in names}

    def sent(service: str, action: str) -> Callable[[JSON], Awaitable[JSON]]:
        def send(request: JSON) -> JSON:
            with refused():
                answer: JSON = getattr(clients(service), action)(**request)
            return answer

        return lambda request: asyncio.to_thread(send, request)

    return {
        "lambda:invoke": lambda_invoke(handlers),
        "aws-sdk:bedrockruntime:converse": sdk_integration("bedrock-runtime", "Converse", converse),
        "aws-sdk:bedrockruntime:invokeGuardrailChecks": sdk_integration(
            "bedrock-runtime", "InvokeGuardrailChecks", partial(models.invoke_guardrail_checks, role_arn)
        ),
        "bedrock:invokeModel": bedrock_invoke_model(with_stored_bodies(invoke, objects)),
        "aws-sdk:s3:getObject": sdk_integration("s3", "GetObject", get_object(objects)),
        "sns:publish": sns_publish(sent("sns", "publish")),
        "dynamodb:updateItem": dynamodb_update_item(sent("dynamodb", "update_item")),
        **job_integrations(
            create=partial(jobs.create, role_arn),
            get=partial(jobs.get, role_arn),
            stop=partial(jobs.stop, role_arn),
        ),
        **evaluation_integrations(
            create=partial(evaluations.create, role_arn), get=partial(evaluations.get, role_arn)
        ),
        **optimization_integrations(
            create=partial(optimizations.create, role_arn), get=partial(optimizations.get, role_arn)
        ),
    }


def _handler(
    name: str, role_arn: str, functions: Functions, permissions: Permissions
) -> Callable[[Any, Any], Any]:
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"

    def handler(event: Any, _context: Any) -> Any:
        # Checked here: the call does not go through the front, which checks requests.
        if denial := permissions.denial(role_arn, "lambda:InvokeFunction", arn):
            raise TaskError("Lambda.AWSLambdaException", denial)
        answer = functions.invoke(name, event)
        if answer.failed:
            raise TaskError(answer.payload["errorType"], json.dumps(answer.payload))
        return answer.payload

    return handler
