"""Which planted faults should lower which criterion."""

from collections.abc import Collection
from typing import Final

from evaldrop.evaluation.criteria import Criterion

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

_BY_CHECK: Final[dict[str, tuple[str, ...]]] = {
    "max_words": (PADDING,),
    "max_chars": (PADDING,),
    "min_words": ("truncation",),
    "language": ("wrong_language",),
    "number": ("wrong_number",),
    "json": ("truncation",),
    "contains_json": ("truncation",),
    # What no text changes, or what should not be there and no fault puts there.
    **dict.fromkeys(("max_latency_ms", "max_cost_usd", "tool_called", "refusal", "contains_none"), ()),
}
"""By a check's kind, where that says what it can notice."""


def expected_kinds(criterion: Criterion, kinds: Collection[str]) -> tuple[str, ...]:
    """
    Return which of the kinds should lower a criterion.

    What a criterion of one's own means is not known: all kinds but padding, so that none is chosen by what
    came of it.
    """
    check = criterion.check
    if check is None:
        known = _BY_CRITERION.get(criterion.name)
    else:
        known = () if check.is_negated else _BY_CHECK.get(check.kind.name)
    return tuple(kind for kind in kinds if (kind in known if known is not None else kind != PADDING))
