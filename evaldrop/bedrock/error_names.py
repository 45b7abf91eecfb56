"""
What an error of a call is, by its name and by what was said with it.

Step Functions has one name for all that Bedrock's model lacks, errors of credentials among them, and puts
the status and the call's IDs at the end of the cause: (Service: BedrockRuntime, Status Code: 403, Request
ID: …).
"""

import re

_UNMODELLED = frozenset({"BedrockException", "BedrockRuntimeException"})
_NAME_BY_WORDS = (
    ("security token included in the request is expired", "ExpiredTokenException"),
    ("credentials cannot be renewed", "ExpiredTokenException"),
    ("security token included in the request is invalid", "UnrecognizedClientException"),
    ("signature", "InvalidSignatureException"),
    ("authentication token", "MissingAuthenticationTokenException"),
    ("status code: 401", "UnrecognizedClientException"),
    ("status code: 403", "AccessDeniedException"),
)

_IDS = re.compile(r",? ?(Extended )?Request ID: [^,)\s]+")


def bare_name(error: str) -> str:
    """Return an error's name without the service it came from, which is told in three ways."""
    return error.rpartition(".")[2]


def is_unmodelled(error: str) -> bool:
    """Tell whether a name is the one that all have which the service's model lacks."""
    return bare_name(error) in _UNMODELLED


def known_name(error: str, cause: str) -> str:
    """Return an error's bare name; for one that the service's model lacks, what its cause shows it to be."""
    name, said = bare_name(error), cause.lower()
    if not is_unmodelled(name):
        return name
    return next((known for words, known in _NAME_BY_WORDS if words in said), name)


def without_ids(cause: str) -> str:
    """Return a cause without the IDs of its call: the same fault then reads the same each time."""
    return _IDS.sub("", cause)
