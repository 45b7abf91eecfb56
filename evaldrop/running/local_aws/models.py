"""Bedrock, as executions meet it: the runtime that `--bedrock` names, behind the role's permissions."""

import asyncio
import threading
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from evaldrop.bedrock.protocol import BedrockRuntime, ServiceError
from evaldrop.evaluation.model_ids import guardrail_arn, model_arns
from evaldrop.running.local_aws.clients import ACCOUNT, REGION
from evaldrop.running.local_aws.permissions import Permissions


class Call(NamedTuple):
    """A call that reached Bedrock. `outcome` is "answered" or the error's code; only the former is billed."""

    model: str
    request: Mapping[str, Any]
    outcome: str


class Models:
    """
    Answers the calls of executions.

    Args:
        runtime: Who answers; it may be replaced at any time.
        permissions: What roles may do.
        seen: Told of every call that came to an end.
    """

    def __init__(
        self,
        runtime: BedrockRuntime,
        permissions: Permissions,
        *,
        seen: Callable[[Call], None] = lambda _call: None,
    ) -> None:
        self.runtime = runtime
        self.seen = seen
        self._permissions = permissions
        self._retired: list[BedrockRuntime] = []
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    def replace(self, runtime: BedrockRuntime) -> None:
        """Have somebody else answer from the next call on."""
        with self._lock:
            self._retired.append(self.runtime)
            self.runtime = runtime

    def as_role(self, role_arn: str) -> "RoleModels":
        """Return what a role's executions call."""
        return RoleModels(self, role_arn)

    async def call(self, role_arn: str, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """
        Answer a request of a role, if it may make it.

        Raises:
            ServiceError: It may not, or the runtime refuses.
        """
        model = str(request.get("modelId", ""))
        outcome = "cancelled"
        self._loop = asyncio.get_running_loop()
        try:
            self._refuse_if_forbidden(role_arn, model, request)
            answer: dict[str, Any] = await getattr(self.runtime, operation)(request)
        except ServiceError as error:
            outcome = error.code
            raise
        else:
            outcome = "answered"
            return answer
        finally:
            self.seen(Call(model, request, outcome))

    def close(self) -> None:
        """Close every runtime that was used, in the loop whose connections they hold."""
        if self._loop is not None and self._loop.is_running():
            asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(timeout=10)

    async def _close(self) -> None:
        for runtime in (*self._retired, self.runtime):
            await runtime.close()

    def _refuse_if_forbidden(self, role_arn: str, model: str, request: Mapping[str, Any]) -> None:
        here = {"partition": "aws", "region": REGION, "account": ACCOUNT}
        needed = {"bedrock:InvokeModel": model_arns(model, **here)}
        guardrail = request.get("guardrailConfig", {}).get("guardrailIdentifier") or request.get(
            "guardrailIdentifier"
        )
        if guardrail:
            needed["bedrock:ApplyGuardrail"] = [guardrail_arn(guardrail, **here)]
        context = {"bedrock:InferenceProfileArn": model}
        for action, arns in needed.items():
            for arn in arns:
                if not self._permissions.allow(role_arn, action, [arn], context):
                    raise ServiceError("AccessDeniedException", denial(role_arn, action, arn))


def denial(role_arn: str, action: str, resource: str) -> str:
    """Return how AWS words that a role may not do something."""
    role = role_arn.rpartition("/")[2]
    return (
        f"User: arn:aws:sts::{ACCOUNT}:assumed-role/{role}/local is not authorized to perform: {action} "
        f"on resource: {resource} because no identity-based policy allows the {action} action"
    )


class RoleModels:
    """Bedrock's two operations, as one role has them."""

    def __init__(self, models: Models, role_arn: str) -> None:
        self._models = models
        self._role_arn = role_arn

    async def converse(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer a conversation."""
        return await self._models.call(self._role_arn, "converse", request)

    async def invoke_model(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer a body of a model's own."""
        return await self._models.call(self._role_arn, "invoke_model", request)
