"""How long a prompt is, and may get: in tokens, estimated as no model's own tokens are at hand."""

from typing import Final

from evaldrop.evaluation.improvement import ImprovedPrompt
from evaldrop.evaluation.prompts import preface_and_rest

BYTES_PER_TOKEN: Final = 4


def prompt_tokens(file: str) -> int:
    """Return about how many tokens a prompt file adds to a request; what it says to people is not sent."""
    return max(1, len(preface_and_rest(file)[1].strip().encode("utf-8", "replace")) // BYTES_PER_TOKEN)


def most_prompt_tokens(settings: ImprovedPrompt, original: int) -> int:
    """Return how many tokens a proposed prompt may have, given how many the original has."""
    return settings.max_prompt_tokens or 4 * original + 500
