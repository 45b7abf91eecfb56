"""What went wrong with AWS, in words a person can act on. Knows boto3's errors by name, without boto3."""

from collections.abc import Iterator
from contextlib import contextmanager

from evaldrop.errors import AwsError

CREDENTIALS_HINT = (
    "Set them as for any AWS tool: AWS_PROFILE=name, `aws configure`, `aws sso login`, or AWS_ACCESS_KEY_ID "
    "and AWS_SECRET_ACCESS_KEY. Without an AWS account there are `evaldrop run --bedrock simulated` and "
    "`evaldrop local`."
)
REGION_HINT = "Set AWS_DEFAULT_REGION=us-east-1, or `region` in the profile (boto3 does not read AWS_REGION)."

_BY_TYPE = {
    "NoCredentialsError": CREDENTIALS_HINT,
    "PartialCredentialsError": CREDENTIALS_HINT,
    "CredentialRetrievalError": CREDENTIALS_HINT,
    "ProfileNotFound": "`aws configure list-profiles` lists those there are; AWS_PROFILE names one.",
    "NoRegionError": REGION_HINT,
    "InvalidRegionError": REGION_HINT,
    "UnauthorizedSSOTokenError": "Sign in again: `aws sso login`.",
    "SSOTokenLoadError": "Sign in: `aws sso login`.",
    "TokenRetrievalError": "Sign in again: `aws sso login`.",
    "EndpointConnectionError": "Look at the network, the Region, and AWS_ENDPOINT_URL where it is set.",
    "ConnectTimeoutError": "Look at the network, the Region, and AWS_ENDPOINT_URL where it is set.",
}

_EXPIRED = "The session has run out: renew it (`aws sso login`, or new temporary keys) and try again."
_UNKNOWN = "AWS does not accept these credentials; `aws sts get-caller-identity` shows which are used."
_DENIED = "`aws sts get-caller-identity` says as whom; that identity needs a permission for this call."

_BY_CODE = {
    **dict.fromkeys(("ExpiredToken", "ExpiredTokenException", "RequestExpired"), _EXPIRED),
    **dict.fromkeys(
        (
            "InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId",
            "SignatureDoesNotMatch", "InvalidSignatureException", "AuthFailure",
            # As Step Functions names them.
            "InvalidClientTokenIdException", "SignatureDoesNotMatchException",
            "IncompleteSignatureException", "MissingAuthenticationTokenException",
        ),
        _UNKNOWN,
    ),
    # HEAD has no body to name the error in: botocore's code is then the status, 403.
    **dict.fromkeys(("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403"), _DENIED),
}  # fmt: skip


def is_aws_fault(error: Exception) -> bool:
    """Tell whether an error is boto3's or botocore's own."""
    # By its module: importing botocore to ask for its base class would cost every command its import.
    return type(error).__module__.partition(".")[0] in {"boto3", "botocore"}


def code_of(error: Exception) -> str:
    """Return the code by which a service names an error; empty for one that no service answered with."""
    response = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""


def hint_for(code: str) -> str:
    """Return what to do about an error that a service names so; empty where nothing is known."""
    return _BY_CODE.get(code, "")


def explain(error: Exception) -> str:
    """Return the error's own words and, where one is known, what to do."""
    said = str(error)
    hint = _BY_CODE.get(code_of(error)) or _BY_TYPE.get(type(error).__name__)
    return f"{said.rstrip('.')}. {hint}" if hint else said


@contextmanager
def as_service_error(what: str) -> Iterator[None]:
    """Turn what boto3 and botocore raise into a ServiceError: what did not happen, why, and what to do."""
    try:
        yield
    except Exception as error:
        if is_aws_fault(error):
            raise AwsError(f"{what}: {explain(error)}") from error
        raise
