"""Bedrock, as executions meet it: the runtime that `--bedrock` names, behind the role's permissions."""

import asyncio
import re
from collections import deque
from collections.abc import Mapping
from typing import Any, BinaryIO

from evaldrop import storage
from evaldrop.bedrock.protocol import BedrockRuntime, ServiceError
from evaldrop.bedrock.simulated.answer_key import AnswerKey
from evaldrop.evaluation.criteria import Criterion
from evaldrop.evaluation.model_ids import guardrail_arn, model_arns
from evaldrop.running.local_aws.clients import ACCOUNT, REGION
from evaldrop.running.local_aws.events import Created
from evaldrop.running.local_aws.objects import S3Objects
from evaldrop.running.local_aws.permissions import Permissions


class Models:
    """Answers the calls of executions by a runtime, as far as their roles may make them."""

    def __init__(self, runtime: BedrockRuntime, permissions: Permissions) -> None:
        self.runtime = runtime
        self._permissions = permissions
        self._loop: asyncio.AbstractEventLoop | None = None

    async def converse(self, role_arn: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """
        Answer a conversation of a role, if it may have it.

        Raises:
            ServiceError: It may not, or the runtime refuses.
        """
        self._check(role_arn, request)
        return await self.runtime.converse(request)

    async def invoke_model(self, role_arn: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer a body of a model's own, as `converse` does."""
        self._check(role_arn, request)
        return await self.runtime.invoke_model(request)

    async def invoke_guardrail_checks(self, role_arn: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer an InvokeGuardrailChecks request, as `converse` does."""
        self._loop = asyncio.get_running_loop()
        if denial := self._permissions.denial(role_arn, "bedrock:InvokeGuardrailChecks", "*"):
            raise ServiceError("AccessDeniedException", denial)
        return await self.runtime.invoke_guardrail_checks(request)

    def close(self) -> None:
        """Close the runtime, in the loop whose connections it holds."""
        if self._loop is not None and self._loop.is_running():
            asyncio.run_coroutine_threadsafe(self.runtime.close(), self._loop).result(timeout=10)

    def _check(self, role_arn: str, request: Mapping[str, Any]) -> None:
        # The executions' loop: the runtime's connections belong to it, and can be closed there alone.
        self._loop = asyncio.get_running_loop()
        here = {"partition": "aws", "region": REGION, "account": ACCOUNT}
        model = str(request.get("modelId", ""))
        needed = {"bedrock:InvokeModel": model_arns(model, **here)}
        guardrail = request.get("guardrailConfig", {}).get("guardrailIdentifier") or request.get(
            "guardrailIdentifier"
        )
        if guardrail:
            needed["bedrock:ApplyGuardrail"] = [guardrail_arn(guardrail, **here)]
        context = {"bedrock:InferenceProfileArn": model}
        for action, arns in needed.items():
            # A profile across Regions needs the profile itself and its model in each of them.
            for arn in arns:
                if denial := self._permissions.denial(role_arn, action, arn, context):
                    raise ServiceError("AccessDeniedException", denial)


# A run's own, and those of its search for prompts; not those below its `batch/`, which jobs answered.
_RECORDS = re.compile(
    r"(?P<run>runs/[^/]+/[^/]+)/(?:(?:prompts/turn-[0-9]+/)?records|records/part-[0-9]+)\.jsonl"
)

KEPT_FILES = 100
"""A run's references stay in memory, by the file they are in; the oldest go first."""


class Answers:
    """An answer key over runs, read from their `records.jsonl`."""

    def __init__(self, objects: S3Objects) -> None:
        self._objects = objects
        self._keys: deque[AnswerKey] = deque(maxlen=KEPT_FILES)

    def written(self, created: Created) -> None:
        """Take note of an object that was written, if it holds a run's records."""
        if found := _RECORDS.fullmatch(created.key):
            records = storage.uri_of(created.bucket, created.key)
            run = storage.uri_of(created.bucket, found["run"])
            # Newest first: a dataset's later version may have another reference for the same prompt.
            self._keys.appendleft(AnswerKey(records, self._open_read, run=run))

    def _open_read(self, uri: str) -> BinaryIO:
        return self._objects.open_read(*storage.place(uri))

    def __call__(self, prompt: str) -> str | None:
        """Return a reference for a prompt, the newest run's first, or None when there is none."""
        return next((answer for key in list(self._keys) if (answer := key(prompt)) is not None), None)

    def criterion(self, name: str, question: str) -> Criterion | None:
        """Return the criterion of a name and question: the newest run's that asks this, or is named so."""
        found = [each for key in list(self._keys) if (each := key.criterion(name, question)) is not None]
        return next((each for each in found if each.question == question), next(iter(found), None))
