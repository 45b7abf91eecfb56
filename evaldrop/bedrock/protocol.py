"""What every Bedrock runtime offers and raises. Nothing here knows how a call is made."""

from collections.abc import Mapping
from typing import Any, Protocol

READ_TIMEOUT_S = 300.0  # an Express child lives no longer; a step's own TimeoutSeconds comes first


class ServiceError(Exception):
    """
    A call that Bedrock, or what stands in for it, refused or failed.

    Args:
        code: The service's own name of the error, always with its suffix: `ThrottlingException`.
        message: What the service said, for the person who reads the run.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class BedrockRuntime(Protocol):
    """
    The two operations of the Bedrock runtime that the workflow uses, in boto3's casing.

    A runtime does not retry: retries are the workflow's. Every failed call raises `ServiceError`.
    """

    is_simulated: bool
    """Whether the texts come from a stand-in; every page and file of such a run says SIMULATED."""

    async def converse(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer `{"modelId", "messages", …}` with `{"output", "stopReason", "usage", "metrics", …}`."""
        ...

    async def invoke_model(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer `{"modelId", "body": bytes or str, …}` with `{"body": bytes, "contentType": str}`."""
        ...

    async def close(self) -> None:
        """Give back connections. A closed runtime may not be called again."""
        ...
