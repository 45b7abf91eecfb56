"""Which ARNs a role needs to call a model: foundation models, inference profiles, cross-Region ones too."""

import re
from collections.abc import Iterable

from evaldrop.evaluation.definition import GIVEN, Evaluation

_VENDORS: tuple[tuple[str, str], ...] = (
    (r"anthropic\.|claude", "Anthropic"),
    (r"amazon\.|\bnova-|titan", "Amazon"),
    (r"meta\.|llama", "Meta"),
    (r"mistral|mixtral|ministral|pixtral", "Mistral"),
    (r"cohere\.|command-r", "Cohere"),
    (r"deepseek", "DeepSeek"),
    (r"qwen", "Qwen"),
    (r"openai\.|\bgpt-|\bo[134](?:-|$)", "OpenAI"),
    (r"google\.|gemma|gemini", "Google"),
    (r"ai21\.|jamba", "AI21"),
    (r"moonshot|kimi", "Moonshot"),
    (r"minimax", "MiniMax"),
    (r"writer\.|palmyra", "Writer"),
    (r"nvidia|nemotron", "NVIDIA"),
)


def model_vendor(model: str) -> str | None:
    """Return who made a model, None when its ID does not tell."""
    return next((vendor for pattern, vendor in _VENDORS if re.search(pattern, model.lower())), None)


# Prefixes of cross-Region inference profiles: the geography a request stays in.
_PROFILE = re.compile(r"^(us|us-gov|eu|apac|jp|au|ca|in|sa|me|af|global)\.(?=[a-z0-9-]+\.)")


def called_models(evaluations: Iterable[Evaluation], further: Iterable[str] = ()) -> list[str]:
    """Return every model that evaluations call, once, in order."""
    called = (one.model for each in evaluations for one in (*each.candidates, *each.judges))
    return sorted({model for model in (*called, *further) if model != GIVEN})


def named_guardrails(evaluations: Iterable[Evaluation], further: Iterable[str] = ()) -> list[str]:
    """Return every guardrail that candidates run behind, once, in order."""
    named = (one.guardrail.id for each in evaluations for one in each.candidates if one.guardrail)
    return sorted({*named, *further})


def model_arns(model: str, *, partition: str, region: str, account: str) -> list[str]:
    """
    Return the resources that bedrock:InvokeModel on a model touches.

    A cross-Region profile sends a request to any Region of its geography, so its foundation model is allowed
    in all of them (Bedrock user guide, "Prerequisites for inference profiles"). An application profile does
    not tell its models: whoever allows them has to name the profile in a condition.

    Args:
        model: Model ID, inference profile ID or ARN, as evaluations give it.
        partition: Of the stack, such as `aws`.
        region: Of the stack.
        account: Of the stack.
    """
    bedrock = f"arn:{partition}:bedrock"
    if model.startswith("arn:"):
        kind, _, name = model.split(":", 5)[5].partition("/")
        if kind == "inference-profile":
            return [model, f"{bedrock}:*::foundation-model/{_PROFILE.sub('', name)}"]
        return [model]
    if _PROFILE.match(model):
        return [
            f"{bedrock}:{region}:{account}:inference-profile/{model}",
            f"{bedrock}:*::foundation-model/{_PROFILE.sub('', model)}",
        ]
    return [f"{bedrock}:{region}::foundation-model/{model}"]


def application_profiles(models: Iterable[str]) -> list[str]:
    """Return those models that are application inference profiles; only their ARN tells."""
    return [model for model in models if ":application-inference-profile/" in model]


def guardrail_arn(guardrail: str, *, partition: str, region: str, account: str) -> str:
    """Return the ARN of a guardrail given by ID or ARN."""
    if guardrail.startswith("arn:"):
        return guardrail
    return f"arn:{partition}:bedrock:{region}:{account}:guardrail/{guardrail}"
