"""
Planted faults: a response made worse on purpose, in a known way, without a model.

The same seed plants the same fault. What an edit finds no hold for is left out, not made up: a response
without a number gets no wrong number. An edit cannot know whether a response was right: where it was wrong
already, a fault may do no more harm, or (rarely) mend it.
"""

import random
from collections.abc import Callable
from typing import Final, Literal, get_args

from evaldrop.proving.contradicting import contradiction
from evaldrop.proving.leaving_out import dropped_step, truncation
from evaldrop.proving.material import Material, Planted, RecordTexts
from evaldrop.proving.numbers import wrong_number
from evaldrop.proving.wording import padding, rudeness, wrong_language

FaultKind = Literal[
    "wrong_number", "dropped_step", "contradiction", "truncation", "rudeness", "wrong_language", "padding"
]
FAULT_KINDS: Final[tuple[FaultKind, ...]] = get_args(FaultKind)

_EDITS: Final[dict[FaultKind, Callable[[Material], Planted | None]]] = {
    "wrong_number": wrong_number,
    "dropped_step": dropped_step,
    "contradiction": contradiction,
    "truncation": truncation,
    "rudeness": rudeness,
    "wrong_language": wrong_language,
    "padding": padding,
}


def plant(kind: FaultKind, response: str, texts: RecordTexts, *, seed: int) -> Planted | None:
    """
    Return a response with a fault of a kind; None where the response has no hold for it.

    JSON stays JSON, but where it is cut off. Code stays as it is, but for a wrong number, a line left out
    and, where there is nothing but code, a comparison turned round. What is left to chance is decided by the
    seed, the kind and the response.
    """
    source = random.Random(f"{seed}/{kind}/{response}")  # noqa: S311  # no secret
    planted = _EDITS[kind](Material(response=response, texts=texts, random=source))
    is_fault = planted is not None and planted.text.strip() and planted.text.strip() != response.strip()
    return planted if is_fault else None
