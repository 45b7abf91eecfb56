"""
Copies of a prompt with changes that should not matter to an answer. Deterministic: seed, record and number
decide.
"""

import re
from collections.abc import Iterator
from hashlib import blake2b
from random import Random
from typing import NamedTuple

from evaldrop.datasets import Message, Record
from evaldrop.evaluation import PerturbationName, Robustness

TEMPLATES = (
    "I have a question. {}",
    "{}\n\nThank you in advance.",
    "Could you help me with the following?\n\n{}",
    "Hello! {}",
    "Please answer this: {}",
    "Here is what I need:\n\n{}\n\nThat is all.",
    "{}\n\nPlease take your time.",
    "I would like your help with this. {}",
)
"""Ways to ask the same thing that ask for nothing more."""

# One typing error in about so many words.
_WORDS_PER_TYPO = 10

# A word that a reader still knows with a wrong letter. Code, addresses and numbers are left as they are.
# Bounded: a line of dashes would be searched to its end from each of them.
_WORD = re.compile(r"`[^`]*`|\S{0,500}[\d@/\\<>{}=_]\S*|([^\W\d_]{4,})")
_SPACE = re.compile(r"(?<=\S) (?=\S)")
_WIDER = ("  ", "   ", "\n", "\t", " \n")
_COPY_ID = re.compile(r"~(typos|case|whitespace|paraphrase_template)-\d+$")


class Copy(NamedTuple):
    """A perturbed copy of a record's prompt; `of` is the record's ID."""

    of: str
    perturbation: PerturbationName
    record: Record


def perturbed_copies(record: Record, robustness: Robustness) -> Iterator[Copy]:
    """
    Yield the copies of a record, in the order of their numbers; those that come out alike only once.

    A copy's ID is `<id>~<perturbation>-<number>`, its cluster the record's. It has no given response: nobody
    has answered it. Of a conversation the user's last message is perturbed.
    """
    places = [place for place, message in enumerate(record.messages) if message.role == "user"]
    place = places[-1] if places else None
    text = record.prompt_text if place is None else record.messages[place].content
    for name in robustness.perturbations:
        seen = {text}
        for number in range(1, robustness.n + 1):
            changed = perturb(text, name, number, seed=f"{robustness.seed}\0{record.id}")
            if changed not in seen:
                seen.add(changed)
                yield Copy(record.id, name, _copy(record, place, changed, f"{record.id}~{name}-{number}"))


def is_copy_id(record_id: str) -> bool:
    """Tell whether a record's ID is one that a copy would get."""
    return _COPY_ID.search(record_id) is not None


def perturb(text: str, name: PerturbationName, number: int, *, seed: str) -> str:
    """
    Return a text with a perturbation; the text itself where there is nothing to change.

    Numbers begin at 1; copies 1 and 2 of `case` are all lower and all upper case. `seed` is whatever else
    should make a difference.
    """
    digest = blake2b(f"{seed}\0{name}\0{number}".encode(errors="replace"), digest_size=8)
    draw = Random(digest.hexdigest())  # noqa: S311 - for typing errors, not for secrets
    if name == "typos":
        return _typos(text, draw)
    if name == "case":
        return _case(text, number, draw)
    if name == "whitespace":
        return _whitespace(text, draw)
    order = list(TEMPLATES)
    # The order is the record's, so that copies 1 to n of it are n different templates.
    Random(blake2b(f"{seed}\0{name}".encode(errors="replace"), digest_size=8).hexdigest()).shuffle(order)  # noqa: S311
    # Braces in the prompt stay as they are, for it is the template that is formatted.
    return order[(number - 1) % len(order)].format(text)


def _typos(text: str, draw: Random) -> str:
    words = [found.span(1) for found in _WORD.finditer(text) if found[1]]
    chosen = draw.sample(words, min(len(words), max(1, round(len(words) / _WORDS_PER_TYPO))))
    # From the end, since a change moves what is behind it.
    for start, end in sorted(chosen, reverse=True):
        text = text[:start] + _misspelt(text[start:end], draw) + text[end:]
    return text


def _misspelt(word: str, draw: Random) -> str:
    # The first letter stays: readers, and tokenisers, hang on to it.
    place = draw.randrange(1, len(word) - 1)
    swapped = word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    dropped = word[:place] + word[place + 1 :]
    doubled = word[:place] + word[place] + word[place:]
    # Two like letters swapped give the word itself, and the copy would be none.
    return draw.choice([changed for changed in (swapped, dropped, doubled) if changed != word])


def _case(text: str, number: int, draw: Random) -> str:
    if number <= 2:
        return text.lower() if number == 1 else text.upper()
    return re.sub(r"\S+", lambda word: draw.choice((word[0].lower(), word[0].upper(), word[0])), text)


def _whitespace(text: str, draw: Random) -> str:
    spaces = [found.start() for found in _SPACE.finditer(text)]
    # From the end, since a change moves what is behind it.
    for place in sorted(draw.sample(spaces, (len(spaces) + 2) // 3), reverse=True):
        text = text[:place] + draw.choice(_WIDER) + text[place + 1 :]
    return text


def _copy(record: Record, place: int | None, text: str, record_id: str) -> Record:
    changed: dict[str, object] = {"prompt": text}
    if place is not None:
        message = Message(role="user", content=text)
        changed = {"messages": (*record.messages[:place], message, *record.messages[place + 1 :])}
    elif record.prompt is None:
        # A conversation in which the user says nothing has nothing to perturb but its transcript.
        changed = {"prompt": text, "messages": ()}
    # In one group with its record: copies are no evidence of their own.
    # The line is not among a record's fields that are dumped, and stays.
    return record.model_copy(
        update={**changed, "id": record_id, "group": record.group or record.id, "responses": {}}
    )
