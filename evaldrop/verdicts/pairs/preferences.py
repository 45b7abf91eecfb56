"""A preference between two responses."""

import re
from collections.abc import Iterator

from evaldrop.verdicts.loose_json import json_values
from evaldrop.verdicts.pairs.data import place_in_data
from evaldrop.verdicts.pairs.lines import bare as bare_answers
from evaldrop.verdicts.pairs.lines import is_announced, marked
from evaldrop.verdicts.pairs.rankings import ranked_in_prose
from evaldrop.verdicts.pairs.sentences import claims
from evaldrop.verdicts.pairs.words import PairWords, Place
from evaldrop.verdicts.verdict import Reading, agreed, unanswered
from evaldrop.verdicts.wording import is_refusal, plain_text, visible_text

# Prose may surround a JSON reply; more than this and the JSON is a quotation in a text.
_FRAME = 120
# What may close a reply after its data: a fence, a call's bracket, an element's tag.
_CLOSES = re.compile(r"</\w{1,20}>|[\s`.*);]")
_OPENS = re.compile(r"<\w{1,20}>|\bsubmit_\w{1,20}\(|\b\w{1,20}\s?=|[\s`*]")
_TUPLE = re.compile(r"\((\s*['\"][^()\n]{1,80}['\"]\s*,[^()\n]{1,80})\)")


def parse_place(text: str, words: PairWords, *, truncated: bool = False) -> Reading[Place]:
    """
    Read which response a text prefers, `words` being what it may call them.

    docs/judging.md tells what counts, in the order in which it is tried here.
    """
    visible = visible_text(text)
    plain = plain_text(visible)
    # Lists in the order of rank: the first that holds anything decides.
    for reading in (
        agreed(_in_json(visible, words, at_end=True)),
        marked(plain, words, truncated=truncated),
        agreed(_in_json(visible, words, at_end=False)),
    ):
        if reading is not None:
            return reading
    if is_refusal(plain):
        return Reading.unread("refused")
    said = _whole_sentences(plain) if truncated else plain
    sayings: list[Reading[Place]] = [Reading(place) for place in claims(said, words)]
    if not truncated:
        sayings += bare_answers(plain, words)
    reading = agreed(ranked_in_prose(said, words)) or agreed(sayings)
    return reading or unanswered(plain, truncated=truncated)


def _in_json(visible: str, words: PairWords, *, at_end: bool) -> Iterator[Reading[Place]]:
    """Yield what JSON gives that ends the reply, or opens it; other JSON is an example or a quotation."""
    found: list[tuple[Reading[Place], bool]] = []
    # A tuple of Python is a list here; nothing moves.
    for value, start, end in json_values(_TUPLE.sub(r"[\1]", visible)):
        ends_reply = not _CLOSES.sub("", visible[end:])
        line_start = visible.rfind("\n", 0, start) + 1
        own_line = not _OPENS.sub("", visible[line_start:start])
        if ends_reply or (start <= _FRAME and own_line and not is_announced(visible[:line_start])):
            reading = place_in_data(value, words)
            if reading is not None:
                found.append((reading, ends_reply))
    if any(ends_reply for _, ends_reply in found) == at_end:
        yield from (reading for reading, _ in found)


def _whole_sentences(plain: str) -> str:
    """Return a cut reply without the sentence in which it was cut."""
    ends = [match.end() for match in re.finditer(r"[.!?。]+(?=\s|$)|\n", plain)]
    return plain[: ends[-1]] if ends else ""
