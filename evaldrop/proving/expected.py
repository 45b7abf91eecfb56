"""Which planted faults should lower which criterion."""

from collections.abc import Collection
from typing import Final

PADDING: Final = "padding"
"""A text that says nothing more: longer, and no better."""

_BY_CRITERION: Final[dict[str, tuple[str, ...]]] = {
    "correctness": ("wrong_number", "dropped_step", "contradiction", "truncation"),
    "completeness": ("dropped_step", "truncation"),
    "faithfulness": ("wrong_number", "contradiction"),
    "groundedness": ("wrong_number", "contradiction"),
    "coherence": ("contradiction", "truncation", "wrong_language"),
    "relevance": ("wrong_language",),
    "helpfulness": ("wrong_number", "dropped_step", "contradiction", "truncation", "wrong_language"),
    "professional_style_and_tone": ("rudeness",),
    "tone": ("rudeness",),
    "conciseness": (PADDING,),
}


def expected_kinds(criterion: str, kinds: Collection[str]) -> tuple[str, ...]:
    """
    Return which of the kinds should lower a criterion.

    What a criterion of one's own means is not known: all kinds but padding, so that none is chosen by what
    came of it.
    """
    known = _BY_CRITERION.get(criterion)
    return tuple(kind for kind in kinds if (kind in known if known is not None else kind != PADDING))
