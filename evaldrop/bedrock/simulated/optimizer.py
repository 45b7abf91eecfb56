"""A rehearsal of Bedrock's prompt optimiser: a longer prompt, some of whose new sentences may help."""

import json
from hashlib import blake2b
from random import Random

from evaldrop.bedrock.simulated.prompt_features import FEATURES, features_in
from evaldrop.bedrock.simulated.proposer import chosen

_HEADING = "You are asked for the following. Work through it with care."


class SimulatedOptimizer:
    """
    Adds a heading and a few sentences, the same for the same text, model and seed.

    Args:
        seed: The rehearsal's.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def optimize(self, text: str, target_model: str) -> str:
        """Return another prompt's text, as a prompt optimiser does."""
        return optimized_text(text, f"{self._seed}\n{target_model}")


def optimized_text(text: str, salt: str) -> str:
    """Return a text with a heading before it and two or three features, the same for the same salt."""
    digest = blake2b(json.dumps([salt, text]).encode(), digest_size=8).digest()
    draw = Random(int.from_bytes(digest))  # noqa: S311 - a rehearsal
    absent = [feature for feature in FEATURES if feature not in features_in(text)]
    lines = "\n".join(f"- {feature.phrase}" for feature in chosen(absent, draw, draw.choice((2, 3))))
    return f"{_HEADING}\n\n{lines}\n\n{text}"
