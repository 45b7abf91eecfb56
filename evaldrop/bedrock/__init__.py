"""The runtimes behind `--bedrock`: Bedrock itself, stand-ins for it, and what they all offer."""

from evaldrop.bedrock.opening import open_runtime
from evaldrop.bedrock.protocol import BedrockRuntime, ServiceError

__all__ = ["BedrockRuntime", "ServiceError", "open_runtime"]
