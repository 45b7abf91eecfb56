"""
Sentences of a prompt that simulated candidates answer better or worse by; all others they pass over.

What a prompt is worth is thereby known: a search that finds the helpful ones has found something, and one
that claims a gain where `prompt_gain` is 0 is wrong. Nothing here says anything about a real model.
"""

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any, NamedTuple

from evaldrop.bedrock.simulated.candidate import Effect


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

_SOUGHT = tuple((feature, feature.phrase.lower()) for feature in FEATURES)


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


def _draw(feature: Feature, about: str) -> float:
    digest = blake2b(about.encode(errors="replace"), key=feature.name.encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64
