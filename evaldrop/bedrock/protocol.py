"""What every Bedrock runtime offers and raises."""

import base64
from collections.abc import Mapping
from typing import Any, Protocol

import orjson

from evaldrop.engine.errors import DATA_LIMIT_EXCEEDED, ServiceError

AUTHORIZATION = "EVALDROP_OPENAI_AUTHORIZATION"
"""The environment variable with the `Authorization` header of an OpenAI-compatible server."""

READ_TIMEOUT_S = 300.0  # an Express child lives no longer; a step's own TimeoutSeconds comes first


REPLY_TOO_LARGE = DATA_LIMIT_EXCEEDED
"""The error of a reply that was not read to its end, as of one that no state holds. It is not tried again."""

__all__ = [
    "CODE_BY_STATUS", "READ_TIMEOUT_S", "REPLY_TOO_LARGE", "BedrockEvaluations", "BedrockJobs",
    "BedrockOptimizations", "BedrockRuntime", "ServiceError", "json_body",
]  # fmt: skip


class BedrockRuntime(Protocol):
    """
    The operations of the Bedrock runtime that the workflow uses, in boto3's casing.

    A runtime does not retry: retries are the workflow's. Every failed call raises `ServiceError`.
    """

    is_simulated: bool
    """Whether no model wrote the texts; every page and file of such a run says SIMULATED."""

    async def converse(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer `{"modelId", "messages", …}` with `{"output", "stopReason", "usage", "metrics", …}`."""
        ...

    async def invoke_model(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer `{"modelId", "body": bytes or str, …}` with `{"body": bytes, "contentType": str}`."""
        ...

    async def invoke_guardrail_checks(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer `{"messages", "checks"}` with `{"results", "usage"}`: severities by category."""
        ...

    async def close(self) -> None:
        """Give back connections. A closed runtime may not be called again."""
        ...


class BedrockJobs(Protocol):
    """
    The operations of Bedrock's control plane that batch inference needs, in boto3's casing.

    Like a runtime it does not retry, and every failed call raises `ServiceError`.
    """

    async def create_model_invocation_job(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Begin a job: `{"jobName", "roleArn", "modelId", "inputDataConfig", …}` to `{"jobArn"}`."""
        ...

    async def get_model_invocation_job(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer `{"jobIdentifier"}` with the job as it was asked for, its status, message and counts."""
        ...

    async def stop_model_invocation_job(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Have the job of `{"jobIdentifier"}` stop; what it has answered is in its output."""
        ...

    async def list_model_invocation_jobs(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer `{"nameContains", "statusEquals", …}` with `{"invocationJobSummaries"}`, newest first."""
        ...

    async def close(self) -> None:
        """End what is under way in this process."""
        ...


class BedrockEvaluations(Protocol):
    """
    The operations of Bedrock's control plane that the workflow's evaluation jobs need, in boto3's casing.

    As `BedrockJobs`: no retries, and every failed call raises `ServiceError`.
    """

    async def create_evaluation_job(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Begin a job: `{"jobName", "roleArn", "evaluationConfig", …}` to `{"jobArn"}`."""
        ...

    async def get_evaluation_job(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer `{"jobIdentifier"}` with the job as it was asked for, its status and messages."""
        ...

    async def stop_evaluation_job(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Have the job of `{"jobIdentifier"}` stop."""
        ...

    async def list_evaluation_jobs(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer `{"nameContains", "statusEquals", …}` with `{"jobSummaries"}`, newest first."""
        ...

    async def close(self) -> None:
        """End what is under way in this process."""
        ...


class BedrockOptimizations(Protocol):
    """
    The operations of Bedrock's control plane that its prompt optimisation jobs need, in boto3's casing.

    As `BedrockJobs`: no retries, and every failed call raises `ServiceError`. A job has no role of its own,
    and does what whoever creates it may.
    """

    async def create_advanced_prompt_optimization_job(
        self, request: Mapping[str, Any], *, role_arn: str | None = None
    ) -> dict[str, Any]:
        """Begin a job for a role: `{"jobName", "inputConfig", "modelConfigurations", …}` to `{"jobArn"}`."""
        ...

    async def get_advanced_prompt_optimization_job(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer `{"jobIdentifier"}` with the job as it was asked for, its status and message."""
        ...

    async def stop_advanced_prompt_optimization_job(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Have the job of `{"jobIdentifier"}` stop."""
        ...

    async def list_advanced_prompt_optimization_jobs(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer with `{"jobSummaries"}` of all jobs, the newest first; no name narrows them down."""
        ...

    async def close(self) -> None:
        """End what is under way in this process."""
        ...


# Bedrock's names for the statuses that mean the same to every server.
CODE_BY_STATUS = {
    403: "AccessDeniedException",
    404: "ResourceNotFoundException",
    408: "ModelTimeoutException",
    429: "ThrottlingException",
    502: "ServiceUnavailableException",
    503: "ServiceUnavailableException",
}


def code_by_status(status: int, own: Mapping[int, str]) -> str:
    """Return Bedrock's error name for an HTTP status of 300 or more, given those that a server adds."""
    other = "ValidationException" if status < 500 else "InternalServerException"
    return own.get(status) or CODE_BY_STATUS.get(status, other)


def json_body(request: Mapping[str, Any]) -> bytes:
    """
    Encode a request; bytes become base64, as Bedrock's JSON carries blobs.

    Raises:
        ServiceError: `ValidationException` when JSON cannot carry it, lone surrogates in a text included.
    """
    try:
        return orjson.dumps(request, default=_blob)
    except TypeError as fault:
        raise ServiceError("ValidationException", f"the request cannot be sent as JSON: {fault}") from fault


def _blob(value: object) -> str:
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(value).decode()
    raise TypeError(f"a request holds a {type(value).__name__}, which JSON cannot carry")
