"""
Sentences of a prompt that simulated candidates answer better or worse by; all others they pass over.

What a prompt is worth is thereby known: a search that finds the helpful ones has found something, and one
that claims a gain where `prompt_gain` is 0 is wrong. Nothing here says anything about a real model.
"""

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from math import prod
from typing import Any, NamedTuple

from evaldrop.bedrock.simulated.candidate import (
    LAPSE,
    LAPSE_RATE,
    RIGHT,
    Effect,
    character_of,
    failures_near_the_ceiling,
)


class Feature(NamedTuple):
    """
    One sentence.

    Attributes:
        name: What tests and notes call it.
        phrase: The sentence; that no prompt, example or dataset of evaldrop's has it is tested.
        strength: Times `prompt_gain` it is the share of failures that it turns into right answers, or, where
            negative, of right answers that it turns into failures. In [-1, 1].
    """

    name: str
    phrase: str
    strength: float


FEATURES = (
    Feature("figures", "Keep every figure, name and date exactly as the material has it.", 1.0),
    Feature("conditions", "State each condition and exception that applies, in the order it is met.", 0.7),
    Feature("answer_first", "Open with the answer itself, in one plain sentence.", 0.5),
    Feature("silent", "Where the material is silent on a point, name that point and go on.", 0.4),
    Feature("reader", "Write as for an attentive reader with no training in the field.", 0.0),
    Feature("calm", "Keep a calm and friendly tone from the first word to the last.", 0.0),
    Feature(
        "slowly",
        "Before you write, read the request twice from beginning to end, list for yourself all that it asks "
        "for, weigh how the parts of it hang together, and only then begin; when you have finished, go "
        "through what you have written once more and compare it, part by part, with your own list.",
        0.0,
    ),
    Feature("elsewhere", "When in any doubt at all, send the reader to somebody else.", -0.6),
    Feature("no_figures", "Leave out figures and dates, which readers skip.", -0.4),
    Feature("curt", "Be done in a handful of words.", -0.8),
)
BY_NAME = {feature.name: feature for feature in FEATURES}

_SOUGHT = tuple((feature, feature.phrase.lower()) for feature in FEATURES)
_STEPS = 400


def features_in(text: str) -> tuple[Feature, ...]:
    """Return the features of a text, in the table's order."""
    said = text.lower()
    return tuple(feature for feature, phrase in _SOUGHT if phrase in said)


def features_of(request: Mapping[str, Any]) -> tuple[Feature, ...]:
    """Return the features of a Converse request, in its system text and messages."""
    blocks = [*request.get("system", ())]
    for message in request.get("messages", ()):
        blocks += message["content"]
    return features_in("\n".join(block["text"] for block in blocks if "text" in block))


def effect_on(features: Iterable[Feature], about: str, gain: float) -> Effect | None:
    """
    Return what the features do to one answer; None where they do nothing.

    By what is asked and not by the whole request: two prompts with one feature fare alike on a record.
    """
    if not gain:
        return None
    done = [feature for feature in features if _draw(feature, about) < abs(feature.strength) * gain]
    if any(feature.strength < 0 for feature in done):
        return "harmed"
    return "helped" if done else None


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


def _draw(feature: Feature, about: str) -> float:
    digest = blake2b(about.encode(errors="replace"), key=feature.name.encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64
