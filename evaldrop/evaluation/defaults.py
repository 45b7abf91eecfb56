"""Sampling parameters where an evaluation states none: defaults, left out where the model refuses them."""

from collections.abc import Mapping
from typing import Any

from evaldrop.evaluation.model_limits import Thinking, limits_of, thinking_of

THINKING_TOKENS = 4096
"""Room for the thoughts of a model that takes no budget for them: max_tokens holds thoughts and answer."""


def default_inference(defaults: Mapping[str, float], called: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return the parameters that are stated, and of the others the defaults that the model takes.

    Args:
        defaults: Of a candidate or judge whose model refuses nothing.
        called: The candidate or judge as its file has it, before it is validated.
    """
    stated = called.get("inference", {})
    model, family, extra = called.get("model"), called.get("family"), called.get("extra")
    model = model if isinstance(model, str) else ""
    family = family if isinstance(family, str) else None
    thinking = thinking_of(model, family, extra if isinstance(extra, Mapping) else {})
    taken = {
        **defaults,
        **({"max_tokens": _with_room(defaults["max_tokens"], thinking)} if "max_tokens" in defaults else {}),
    }
    if thinking.takes_no_inference:
        taken = {}
    elif _refuses_temperature(limits_of(model, family).sampling, stated, thinking):
        taken.pop("temperature", None)
    return {**taken, **stated}


def _with_room(max_tokens: float, thinking: Thinking) -> float:
    if not thinking.is_on:
        return max_tokens
    return max_tokens + (thinking.budget or THINKING_TOKENS)


def _refuses_temperature(sampling: str | None, stated: Mapping[str, Any], thinking: Thinking) -> bool:
    if sampling == "none" or thinking.is_on:
        return True
    return sampling == "one" and stated.get("top_p") is not None
