"""The simulated candidate: what a model of some quality would answer, knowing a reference."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from random import Random
from typing import Literal

from evaldrop.bedrock.simulated import structured
from evaldrop.bedrock.simulated.likeness import content_words


@dataclass(frozen=True, slots=True, kw_only=True)
class Character:
    """What sets one model apart: quality in [0, 1], words spent relative to 1.0, typical latency."""

    quality: float
    verbosity: float
    latency_ms: float


# The first fragment found in a model id decides. Invented: nothing here says anything about a real model.
CHARACTERS = {
    "nova-micro": Character(quality=0.56, verbosity=0.5, latency_ms=90),
    "nova-lite": Character(quality=0.68, verbosity=0.8, latency_ms=130),
    "nova-pro": Character(quality=0.82, verbosity=1.0, latency_ms=210),
    "nova-premier": Character(quality=0.90, verbosity=1.3, latency_ms=340),
    "haiku": Character(quality=0.78, verbosity=0.9, latency_ms=150),
    "sonnet": Character(quality=0.92, verbosity=1.3, latency_ms=320),
    "opus": Character(quality=0.95, verbosity=1.6, latency_ms=380),
    "llama": Character(quality=0.66, verbosity=1.4, latency_ms=180),
    "mistral": Character(quality=0.63, verbosity=1.1, latency_ms=170),
    "deepseek": Character(quality=0.84, verbosity=1.8, latency_ms=360),
    "gpt-oss": Character(quality=0.75, verbosity=1.2, latency_ms=190),
    "qwen": Character(quality=0.71, verbosity=1.2, latency_ms=200),
}

MIDDLING = 0.75
"""A quality in the middle of those that follow."""
LAPSE_RATE = 0.08
"""At which even the best model slips."""
LAPSE = 0.3
"""How much worse it then is."""
RIGHT = 0.66
"""From how much success an answer is right."""

Effect = Literal["helped", "harmed"]
"""What a prompt's sentences do to an answer: it is right, or it evades; whatever it would have been."""

REFUSAL = "I'm sorry, but I can't help with that request."
OPENINGS = ("", "", "Thanks for asking. ", "Good question. ", "Happy to help. ", "Hello! ")
CLOSINGS = (
    "Tell us if anything else is unclear.",
    "We are glad to look into your case if something differs.",
    "Keep the confirmation e-mail at hand, it makes things quicker.",
    "Have a pleasant day in the garden.",
)
EVASIONS = (
    "I'm not certain about that. Please contact our support team, who will look into it for you.",
    "I'm not able to say without more details. Could you tell me more about your situation?",
    "I don't have that information. It may depend on several things.",
)
VAGUE = ("The exact terms may vary.", "There are some further conditions.", "Details depend on the case.")
REWORDINGS = {
    "within": "in at most",
    "cannot": "can't",
    "do not": "don't",
    "does not": "doesn't",
    "is not": "isn't",
    "are not": "aren't",
    "customers": "buyers",
    "purchase": "order",
    "however": "still",
    "because": "since",
}
REVERSALS = {
    "cannot": "can",
    "can": "cannot",
    "is not": "is",
    "are not": "are",
    "does not": "does",
    "is": "is not",
    "are": "are not",
    "will": "will not",
    "yes": "no",
    "no": "yes",
}
_SENTENCE = re.compile(r"(?<=[.!?])\s+")


def character_of(model_id: str) -> Character:
    """Return the character of a model; one that the table does not know is derived from its name."""
    for fragment, character in CHARACTERS.items():
        if fragment in model_id.lower():
            return character
    # Not Python's own hash of a text, which differs from process to process.
    draw = Random(blake2b(model_id.encode(), digest_size=8).hexdigest())  # noqa: S311 - a rehearsal
    return Character(
        quality=draw.uniform(0.5, 0.9), verbosity=draw.uniform(0.5, 1.8), latency_ms=draw.uniform(80, 400)
    )


def respond(
    prompt: str,
    reference: str | None,
    *,
    character: Character,
    difficulty: float,
    draw: Random,
    ceiling: float = 0.0,
    effect: Effect | None = None,
) -> str:
    """
    Return what the model answers to a prompt.

    Args:
        prompt: The last thing the user said.
        reference: A right answer, as what the model knows; none leads to a general answer.
        character: The model's character.
        difficulty: Of this prompt for every model, in [0, 1], so that models fail on the same records.
        draw: The source of chance, seeded by the request.
        ceiling: The share of answers that is right, of a model of middling quality; 0 leaves it to quality.
        effect: Of the prompt's sentences, if any.
    """
    if effect:
        return (
            draw.choice(EVASIONS) if effect == "harmed" else _at_its_best(prompt, reference, character, draw)
        )
    if ceiling:
        return _near_the_ceiling(prompt, reference, character, difficulty, draw, ceiling)
    if not reference:
        return _generic(prompt, character, draw)
    success = character.quality + 0.35 * (0.5 - difficulty) + 0.25 * (draw.random() - 0.5)
    if draw.random() < LAPSE_RATE:
        success -= LAPSE
    for least, answer in _ANSWERS:
        if success >= least:
            return answer(reference, character, draw)
    cut_off = structured.broken(reference, draw) if structured.is_structured(reference) else None
    return cut_off or draw.choice(EVASIONS)


def _near_the_ceiling(
    prompt: str, reference: str | None, character: Character, difficulty: float, draw: Random, ceiling: float
) -> str:
    if draw.random() < failures_near_the_ceiling(character, difficulty, ceiling):
        return draw.choice(EVASIONS)
    return _at_its_best(prompt, reference, character, draw)


def failures_near_the_ceiling(character: Character, difficulty: float, ceiling: float) -> float:
    """Return the rate of a model's failures on prompts of a difficulty."""
    # By quality from 1.4 times the middling model's failures to half of them, most of them on hard prompts.
    return (1 - ceiling) * (1 + 2 * (MIDDLING - character.quality)) * 2 * difficulty


def _at_its_best(prompt: str, reference: str | None, character: Character, draw: Random) -> str:
    if reference:
        return _faithful(reference, character, draw)
    return _generic(prompt, replace(character, quality=1.0, verbosity=max(1.0, character.verbosity)), draw)


def _faithful(reference: str, character: Character, draw: Random) -> str:
    if structured.is_structured(reference):
        return structured.as_it_is(reference, draw)
    return _dressed(_swapped(reference, REWORDINGS, draw, chance=0.5), character, draw)


def _partial(reference: str, character: Character, draw: Random) -> str:
    if structured.is_structured(reference):
        return structured.with_errors(reference, draw, share=structured.FEW)
    sentences = _SENTENCE.split(reference.strip())
    if len(sentences) > 1:
        kept = " ".join(sentences[: (len(sentences) + 1) // 2])
    else:
        words = reference.split()
        kept = " ".join(words[: max(3, round(len(words) * 0.6))]).rstrip(".,;:") + "."
    return _dressed(f"{kept} {draw.choice(VAGUE)}", character, draw)


def _wrong(reference: str, character: Character, draw: Random) -> str:
    if structured.is_structured(reference):
        return structured.with_errors(reference, draw, share=structured.MANY)
    altered = re.sub(r"\d+", lambda number: _another(number[0], draw), reference)
    if altered == reference:
        altered = _swapped(reference, REVERSALS, draw, chance=1.0, at_most=1)
    if altered == reference:
        altered = "No, that is not offered at the moment; it is handled case by case."
    return _dressed(altered, character, draw)


_ANSWERS: Sequence[tuple[float, Callable[[str, Character, Random], str]]] = (
    (RIGHT, _faithful),
    (0.54, _partial),
    (0.42, _wrong),
)


def _generic(prompt: str, character: Character, draw: Random) -> str:
    words = list(dict.fromkeys(content_words(prompt))) or ["that"]
    named = words[: max(2, round(10 * character.quality))]
    points = [
        f"Regarding {', '.join(named)}: it depends on the circumstances.",
        f"In general, start with {named[0]} and check {named[-1]} before going on.",
        f"What matters most about {named[0]} is to take it step by step.",
        "If in doubt, ask someone who knows the details.",
    ]
    return _dressed(
        " ".join(points[: 1 + round(2 * character.verbosity * character.quality)]), character, draw
    )


def _dressed(text: str, character: Character, draw: Random) -> str:
    closings = draw.sample(CLOSINGS, k=min(len(CLOSINGS), int(character.verbosity * draw.uniform(0.4, 2.0))))
    opening = draw.choice(OPENINGS) if character.verbosity >= 0.8 else ""
    return " ".join([opening + text, *closings]).strip()


def _swapped(text: str, table: dict[str, str], draw: Random, *, chance: float, at_most: int = 0) -> str:
    # Longest first: "is" would else be found within "is not".
    pattern = "|".join(sorted(map(re.escape, table), key=len, reverse=True))

    def swap(found: re.Match[str]) -> str:
        if draw.random() >= chance:
            return found[0]
        new = table[found[0].lower()]
        return new.capitalize() if found[0][0].isupper() else new

    return re.sub(rf"\b(?:{pattern})\b", swap, text, count=at_most, flags=re.IGNORECASE)


def _another(number: str, draw: Random) -> str:
    return str(int(number) + draw.choice((1, 2, 3, 5, 7, 10)))
