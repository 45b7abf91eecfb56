"""
Which errors of a call may have passed by now, so that the same call may be answered: `--retry-errors`.

One list for who counts them, who says so at a run's end, and who calls again.
"""

from collections.abc import Mapping
from typing import Final

from evaldrop.bedrock.error_names import is_unmodelled, known_name

ACCESS: Final = "refused access"
CREDENTIALS: Final = "credentials"
BUSY: Final = "throttled or out of quota"
NO_MODEL: Final = "no such model, or not ready"
SERVER: Final = "the service failed or could not be reached"
UNMODELLED: Final = "credentials, or the service failed"
TIMEOUT: Final = "timed out"
JOB: Final = "the evaluation job did not complete"
LEFT_OUT: Final = "left out after its first calls"

# By the bare name. Whoever asks for another try may have renewed, paid, asked for access or pulled a model
# meanwhile; a refusal costs nothing.
_PASSING: Final[Mapping[str, str]] = {
    **dict.fromkeys(("AccessDeniedException", "Permissions"), ACCESS),
    **dict.fromkeys(
        (
            "ExpiredTokenException", "ExpiredToken", "RequestExpired", "RequestExpiredException",
            "IncompleteSignatureException", "InvalidClientTokenIdException", "InvalidSignatureException",
            "MissingAuthenticationTokenException", "SignatureDoesNotMatchException",
            "UnrecognizedClientException",
        ),
        CREDENTIALS,
    ),
    **dict.fromkeys(
        ("ThrottlingException", "TooManyRequestsException", "ServiceQuotaExceededException"), BUSY
    ),
    **dict.fromkeys(
        ("ResourceNotFoundException", "ModelNotReadyException", "ConflictException"), NO_MODEL
    ),
    **dict.fromkeys(
        (
            "InternalServerException", "InternalFailureException", "ServiceUnavailableException",
            "ModelErrorException", "ModelStreamErrorException", "SdkClientException",
            # S3's, from which a long request is read.
            "InternalErrorException", "S3Exception", "SlowDownException",
            # What Step Functions calls an error that the service's model does not have.
            "BedrockException", "BedrockRuntimeException",
        ),
        SERVER,
    ),
    **dict.fromkeys(("Timeout", "ModelTimeoutException"), TIMEOUT),
    "LeftOut": LEFT_OUT,
    "EvaluationJobFailed": JOB,
}  # fmt: skip

# Bedrock refuses whole accounts under the name that is for bad requests.
_OF_THE_ACCOUNT: Final = ("operation not allowed", "account is not authorized", "account is not allowed")


def passing_cause(error: str, cause: str = "") -> str | None:
    """
    Return what may have passed, in words; None where the same request would fail again.

    Args:
        error: The error's name, with or without the service before it: `BedrockRuntime.ThrottlingException`.
        cause: What was said with it. Without it an error counts by its name alone.
    """
    if is_unmodelled(error) and not cause:
        return UNMODELLED
    name = known_name(error, cause)
    if name == "ValidationException":
        is_refused = any(words in cause.lower() for words in _OF_THE_ACCOUNT)
        return ACCESS if is_refused else None
    return _PASSING.get(name)


def may_pass(error: str, cause: str = "") -> bool:
    """Tell whether the same call may be answered now; see `passing_cause`."""
    return passing_cause(error, cause) is not None


def count_passing(error_names: Mapping[str, int]) -> int:
    """Return how many of failed calls may be answered now, of their number by error name."""
    return sum(number for name, number in error_names.items() if may_pass(name))
