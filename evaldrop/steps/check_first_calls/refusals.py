"""Which errors of a call will not pass, and what a person can do about them."""

from collections.abc import Mapping
from typing import Any

from evaldrop.aws_errors import hint_for
from evaldrop.bedrock.error_names import known_name
from evaldrop.evaluation.model_ids import GUARDRAIL_CHECKS, model_name

_CREDENTIALS = (
    "ExpiredTokenException", "IncompleteSignatureException", "InvalidClientTokenIdException",
    "InvalidSignatureException", "MissingAuthenticationTokenException", "SignatureDoesNotMatchException",
    "UnrecognizedClientException",
)  # fmt: skip

# Not among them: throttling, time-outs, 5xx and a model that is not ready. The workflow tries those again,
# and what is left of them is one record's bad luck.
_LASTING = frozenset(
    {
        "AccessDeniedException",
        "Permissions",
        "ResourceNotFoundException",
        "ValidationException",
        *_CREDENTIALS,
    }
)

# Throttling that lasts longer than any run waits: Bedrock's tokens per day, and accounts without money.
_FOR_LONG = (
    "per day",
    "daily",
    "current quota",
    "insufficient_quota",
    "insufficient quota",
    "billing",
    "credits",
)

# A ValidationException may be about one record, and the next one be taken. The last of them is what a
# rehearsal draws, call by call.
_OF_THE_RECORD = (
    "too long", "too many input tokens", "context length", "context window", "content filter",
    "content management policy", "must alternate", "roles must", "start with a user message", "is blank",
    "non-empty", "the model rejected the request",
)  # fmt: skip

_PROFILE = (
    "Name an inference profile as its model: geo.{model} is the one of the Region at hand. `aws bedrock "
    "list-inference-profiles` lists all."
)
_NO_TOOL = "Give the judge `verdict: text`: it is then asked without a tool."
_NO_SUCH_MODEL = (
    "Look at the model's ID and the Region: `aws bedrock list-foundation-models` lists what there is."
)
_NO_FLEX = "Say `delivery: on_demand` for it: the flex tier is not there, or could not be asked for."
_NO_CACHE = "Say `cache: off` for the judge: it is then asked without a prompt cache."

# The first row all of whose words the service said counts.
_BY_WORDS = (
    (("on-demand throughput",), _PROFILE),
    (("model identifier is invalid",), _NO_SUCH_MODEL),
    (("service tier",), _NO_FLEX),
    (("servicetier",), _NO_FLEX),
    (("cache point",), _NO_CACHE),
    (("cachepoint",), _NO_CACHE),
    (("thinking", "tool"), f"{_NO_TOOL} Or leave `thinking` out of its `extra`."),
    (("tool",), _NO_TOOL),
    (("system message",), "Give it a prompt without a system part."),
    (("system prompt",), "Give it a prompt without a system part."),
    (("temperature",), "Leave it out of what is sent: `inference: {{temperature: null}}`."),
    (("top_p",), "Leave it out of what is sent: `inference: {{top_p: null}}`."),
    (("max_tokens",), "Set `max_tokens` in its `inference` to what the model takes."),
    (("maximum tokens",), "Set `max_tokens` in its `inference` to what the model takes."),
)  # fmt: skip

_BY_NAME = {
    "AccessDeniedException": "Ask for access to the model, and allow `bedrock:InvokeModel` on it to who "
    "calls: you, or on AWS the stack's workflow (`models` in cdk.json).",
    "ResourceNotFoundException": _NO_SUCH_MODEL,
}
_BY_NAME["Permissions"] = _BY_NAME["AccessDeniedException"]

_NO_GUARDRAIL_CHECKS = (
    "Allow `bedrock:InvokeGuardrailChecks` to who calls (`guardrail_checks` in cdk.json), where the Region "
    "has it; else leave the check out, and ask a judge by the criteria harmfulness and stereotyping instead."
)
_QUOTA = "Wait until the quota is new, or ask for a higher one (Service Quotas)."
_BY_NAME["ServiceQuotaExceededException"] = _BY_NAME["ThrottlingException"] = _QUOTA
_USE_CASE = "Send Anthropic's use case form once for the account: choose the model in Bedrock's console."

_AT_OTHER_SERVERS = {
    "AccessDeniedException": "Look at OPENAI_API_KEY, and at what it may call.",
    "ResourceNotFoundException": "Look at the model's name and the URL: the server lists its models at "
    "/v1/models.",
    "ThrottlingException": "Look at the account's quota and money.",
}


def _name_and_words(error: Mapping[str, Any]) -> tuple[str, str]:
    said = str(error.get("Cause") or "")
    return known_name(str(error.get("Error") or ""), said), said.lower()


def is_lasting(error: Mapping[str, Any]) -> bool:
    """Tell whether a call would be refused again, whatever the record."""
    name, said = _name_and_words(error)
    if name in ("ThrottlingException", "ServiceQuotaExceededException"):
        return any(words in said for words in _FOR_LONG)
    return name in _LASTING and not any(words in said for words in _OF_THE_RECORD)


def way_out(error: Mapping[str, Any], *, model: str, bedrock: str) -> str:
    """
    Return what to do about a lasting refusal; empty where only the service's own words say it.

    Args:
        error: As the workflow caught it.
        model: Whose call was refused.
        bedrock: The runtime, as --bedrock says it.
    """
    name, said = _name_and_words(error)
    if model == GUARDRAIL_CHECKS:
        return _NO_GUARDRAIL_CHECKS
    if name == "ValidationException":
        found = (hint for words, hint in _BY_WORDS if all(word in said for word in words))
        # Without the geography of a profile that is not there.
        return next(found, "").format(model=model_name(model)[1])
    if "use case" in said:
        return _USE_CASE
    if bedrock.startswith("openai"):
        return _AT_OTHER_SERVERS.get(name, "")
    return _BY_NAME.get(name) or hint_for(name)
