"""
What tokens take of Bedrock's quota of tokens by the minute, which is not what they cost.

When a call begins, its input and its `max_tokens` are taken from the quota. When it has ended, that is set
right: input, what was written to a cache, and each token of the answer as often as its model's factor says.
"""

import re
from typing import Final

READ: Final = "2026-11-29"
"""The day the factors were read, in Bedrock's guide under "token burndown"."""

# The first that is found in a model's ID counts. Names of versions are followed by a date or by nothing.
_FACTORS: Final = tuple(
    (re.compile(pattern), factor)
    for pattern, factor in (
        (r"anthropic\.claude-[a-z]+-4-8(?!\d)", 15),
        (r"anthropic\.claude-(opus-5-5|sonnet-5|opus-5|fable-5-1)(?!-?\d{1,2}(?!\d))", 10),
        (r"openai\.gpt-5[.-]6(?!\d)", 10),
        (r"anthropic\.claude", 5),
    )
)


def burndown(model: str) -> int:
    """Return how often a token of a model's answer counts against its quota, by its ID, profile or ARN."""
    return next((factor for pattern, factor in _FACTORS if pattern.search(model)), 1)


def quota_tokens(model: str, sent: float, received: float) -> float:
    """Return the tokens that a call takes of the quota once it has ended; `sent` without cache reads."""
    return sent + received * burndown(model)
