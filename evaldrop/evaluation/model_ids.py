"""
What the ID of a model tells: its maker, the layout of its own bodies, its geography, its ARNs.

What the model refuses is in `model_limits`.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

GUARDRAIL_CHECKS: Final = "amazon.guardrail-checks"
"""What stands for a model where guardrail checks are priced: per 1,000,000 text units of 1,000 characters."""


class IdPattern(NamedTuple):
    """
    What is known of models whose IDs, in lower case, match a pattern.

    Attributes:
        vendor: Who made them: judges favour their own maker's models.
        family: The layout of their own bodies in Bedrock, by its name in `bedrock.families`.
        is_one_text: Whether such a body is one text, which a response could break out of: it cannot judge.
        is_rare: Whether hardly any models have such bodies; messages name those last.
    """

    pattern: str
    vendor: str | None = None
    family: str | None = None
    is_one_text: bool = False
    is_rare: bool = False


# For each thing to know, the first row that matches and tells it counts: a model made from another maker's,
# such as NVIDIA's Llama, is the other's.
ID_PATTERNS = (
    IdPattern(r"anthropic\.", "Anthropic", "anthropic"),
    IdPattern(r"claude", "Anthropic"),
    IdPattern(r"amazon\.nova", "Amazon", "nova"),
    IdPattern(r"amazon\.|\bnova-|titan", "Amazon"),
    IdPattern(r"meta\.llama", "Meta", "llama", is_one_text=True),
    IdPattern(r"meta\.|llama", "Meta"),
    # Later ones take chat's bodies.
    IdPattern(
        r"mistral\.(mistral-7b|mixtral|mistral-(large|small)-2402)", family="mistral", is_one_text=True
    ),
    IdPattern(r"mistral\.", "Mistral", "chat"),
    IdPattern(r"mistral|mixtral|ministral|pixtral", "Mistral"),
    IdPattern(r"cohere\.command-(text|light)", "Cohere", "cohere_command", is_one_text=True, is_rare=True),
    IdPattern(r"cohere\.command-r", "Cohere", "cohere", is_one_text=True, is_rare=True),
    IdPattern(r"cohere\.|command-r", "Cohere"),
    IdPattern(r"deepseek\.r1", "DeepSeek", "deepseek", is_one_text=True, is_rare=True),
    IdPattern(r"deepseek", "DeepSeek"),
    IdPattern(r"amazon\.titan", family="titan", is_one_text=True, is_rare=True),
    IdPattern(r"ai21\.j2", "AI21", "jurassic", is_one_text=True, is_rare=True),
    IdPattern(r"qwen", "Qwen"),
    IdPattern(r"openai\.|\bgpt-|\bo[134](?:-|$)", "OpenAI"),
    IdPattern(r"google\.|gemma|gemini", "Google"),
    IdPattern(r"ai21\.|jamba", "AI21"),
    IdPattern(r"moonshot|kimi", "Moonshot"),
    IdPattern(r"minimax", "MiniMax"),
    IdPattern(r"writer\.|palmyra", "Writer"),
    IdPattern(r"nvidia|nemotron", "NVIDIA"),
    IdPattern(r"(openai|qwen|deepseek|ai21|moonshot(ai)?|minimax|google|nvidia|writer|zai)\.", family="chat"),
)

GEOGRAPHIES: Mapping[str, str] = {
    "us-gov": r"us-gov-.+",
    "us": r"us-(?:east|west)-\d+|ca-central-1",
    "eu": r"eu-.+|il-central-1",
    "jp": r"ap-northeast-[13]",
    "au": r"ap-southeast-[246]",
    "in": r"ap-south-[12]",
    "apac": r"ap-.+|me-central-1",
    "ca": r"ca-.+",
    "sa": r"sa-.+",
    "me": r"me-.+",
    "af": r"af-.+",
}
"""
Prefixes of inference profiles, which are the geographies that a request stays in, and the Regions that their
profiles are called from. Of two geographies of one Region the first is the one to take.
"""
ANYWHERE = "global"
"""Prefix of the profiles that any commercial Region may answer."""
HERE = "geo"
"""evaldrop's own prefix for the profile of the Region at hand; `regions` resolves it."""
# A maker has to follow: a model whose own name begins with such letters has no geography.
_PROFILE = re.compile(rf"^({'|'.join((*GEOGRAPHIES, ANYWHERE, HERE))})\.(?=[a-z0-9-]+\.)")


def _matching(model: str) -> Iterable[IdPattern]:
    return (row for row in ID_PATTERNS if re.search(row.pattern, model.lower()))


def model_vendor(model: str) -> str | None:
    """Return who made a model, None when its ID does not tell."""
    return next((row.vendor for row in _matching(model) if row.vendor), None)


def model_family(model: str) -> str | None:
    """Return the layout of a model's own bodies, None when its ID does not tell."""
    return next((row.family for row in _matching(model) if row.family), None)


def families() -> list[str]:
    """Return the names of the layouts that there are, the rare ones last."""
    rows = sorted(ID_PATTERNS, key=lambda row: row.is_rare)
    return list(dict.fromkeys(row.family for row in rows if row.family))


def families_in_words(write: Callable[[str], str] = str) -> str:
    """Return what `family` may be, for messages."""
    rare = {row.family for row in ID_PATTERNS if row.is_rare}
    *others, last = (write(name) for name in families() if name not in rare)
    rest = ", ".join(write(name) for name in families() if name in rare)
    return f"{', '.join(others)} or {last}" + (f" (of older models {rest})" if rest else "")


def is_one_text(family: str | None) -> bool:
    """Tell whether a family's body is one text."""
    return any(row.is_one_text for row in ID_PATTERNS if row.family == family)


def model_name(model: str) -> tuple[str | None, str]:
    """Return a model's geography, None without an inference profile, and its ID without both ARN and that."""
    name = model.rpartition("/")[2] if model.startswith("arn:") else model
    profile = _PROFILE.match(name)
    return (profile[1], name[profile.end() :]) if profile else (None, name)


def model_arns(model: str, *, partition: str, region: str, account: str) -> list[str]:
    """
    Return the resources that bedrock:InvokeModel on a model touches.

    A cross-Region profile sends a request to any Region of its geography, so its foundation model is allowed
    in all of them (Bedrock user guide, "Prerequisites for inference profiles"). An application profile does
    not tell its models: a policy that allows them has to name the profile in a condition. With `geo.` it is
    the profile of whichever geography, or the model itself, for the Region may not be known here.

    Args:
        model: Model ID, inference profile ID or ARN, as evaluations give it.
        partition: Of the stack, such as `aws`.
        region: Of the stack.
        account: Of the stack.
    """
    bedrock = f"arn:{partition}:bedrock"
    geography, name = model_name(model)
    if model.startswith("arn:"):
        # An application profile has its own random ID in this place, which is no model's.
        is_profile = model.split(":", 5)[5].startswith("inference-profile/")
        return [model, f"{bedrock}:*::foundation-model/{name}"] if is_profile else [model]
    if geography:
        profile = f"*.{name}" if geography == HERE else model
        return [
            f"{bedrock}:{region}:{account}:inference-profile/{profile}",
            f"{bedrock}:*::foundation-model/{name}",
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
