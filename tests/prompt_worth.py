"""What a prompt is worth to a simulated candidate, so that what a search finds can be held against it."""

from collections.abc import Iterable
from math import prod

from evaldrop.bedrock.simulated.candidate import (
    LAPSE,
    LAPSE_RATE,
    RIGHT,
    character_of,
    failures_near_the_ceiling,
)
from evaldrop.bedrock.simulated.prompt_features import FEATURES, Feature

BY_NAME = {feature.name: feature for feature in FEATURES}
_STEPS = 400


def right_rate(model: str, features: Iterable[Feature], *, prompt_gain: float, ceiling: float = 0.0) -> float:
    """
    Return how often a simulated candidate's answer is right, over records with a reference, at any prompt.

    Args:
        model: Its ID.
        features: The prompt's.
        prompt_gain: The rehearsal's.
        ceiling: Likewise.
    """
    chosen = list(features)
    kept = {
        sign: prod(1 - max(0.0, sign * feature.strength * prompt_gain) for feature in chosen)
        for sign in (1, -1)
    }
    return kept[-1] * (1 - (1 - _base_rate(model, ceiling)) * kept[1])


def _base_rate(model: str, ceiling: float) -> float:
    character = character_of(model)
    difficulties = [(step + 0.5) / _STEPS for step in range(_STEPS)]
    if ceiling:
        return (
            sum(1 - min(1.0, failures_near_the_ceiling(character, each, ceiling)) for each in difficulties)
            / _STEPS
        )
    # The chance that a draw in [0, 1] brings an answer up to what is right.
    needed = [0.5 + (RIGHT - character.quality - 0.35 * (0.5 - each)) / 0.25 for each in difficulties]
    rates = [(1 - LAPSE_RATE) * _above(least) + LAPSE_RATE * _above(least + LAPSE / 0.25) for least in needed]
    return sum(rates) / _STEPS


def _above(least: float) -> float:
    return min(1.0, max(0.0, 1 - least))
