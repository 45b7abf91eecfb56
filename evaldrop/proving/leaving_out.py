"""Something left out: a step, a sentence, a field; or all that follows, as when an answer is cut off."""

import re
import unicodedata
from typing import Final

from evaldrop.proving.json_form import JsonForm, json_form, path_shown
from evaldrop.proving.material import Material, Planted, shown
from evaldrop.proving.pieces import Piece, pieces

_NUMBERED: Final = re.compile(r"([ \t]*)(\d{1,3})([.)、])")
_FEWEST_CHARACTERS: Final = 8
"""A shorter text cut in two is another answer, or none."""


def dropped_step(material: Material) -> Planted | None:
    """Leave out a list's item, or a sentence where there is no list; a field of JSON; a line of code."""
    form = json_form(material.response)
    if form is not None:
        return _without_member(material, form)
    text = material.response
    parts = pieces(text)
    items = [part for part in parts if part.is_item]
    if len(items) > 1:
        dropped = material.most_telling_piece(items)
        rest = text[: dropped.start] + _renumbered(text, dropped)
        return Planted(rest.rstrip() if dropped.end == len(text) else rest, _left_out("item", text, dropped))
    # What announces something, as "Here is the code:", takes nothing with it.
    sentences = [part for part in parts if not part.is_code and part.of(text).rstrip()[-1] not in ":："]
    if sentences and len(parts) > 1:
        dropped = material.most_telling_piece(sentences)
        return Planted(
            (text[: dropped.start] + text[dropped.end :]).rstrip(), _left_out("sentence", text, dropped)
        )
    lines = _free_lines(text, [part for part in parts if part.is_code])
    if not lines:
        return None
    dropped = material.most_telling_piece(lines)
    return Planted(text[: dropped.start] + text[dropped.end :], _left_out("line", text, dropped))


def _left_out(noun: str, text: str, piece: Piece) -> str:
    return f"left out the {noun} “{shown(piece.of(text))}”"


def _without_member(material: Material, form: JsonForm) -> Planted | None:
    members = form.members()
    if len(members) < 2:
        return None
    path = material.most_telling(
        [path for path, _ in members], [f"{path[-1]} {value}" for path, value in members]
    )
    return Planted(form.without(path), f"left out {path_shown(path)}")


def _renumbered(text: str, dropped: Piece) -> str:
    """Return what follows an item, its list's numbers one lower: a gap in them would give the fault away."""
    rest = text[dropped.end :]
    first = _NUMBERED.match(dropped.of(text))
    if first is None:
        return rest
    wanted, lines = int(first[2]), list[str]()
    for line in rest.splitlines(keepends=True):
        match = _NUMBERED.match(line)
        if match and match[1] == first[1] and int(match[2]) == wanted + 1:
            line = f"{match[1]}{wanted}{match[3]}{line[match.end() :]}"
            wanted += 1
        lines.append(line)
    return "".join(lines)


def _free_lines(text: str, lines: list[Piece]) -> list[Piece]:
    """Return lines of code that open no block and are not all that is in one."""
    if len(lines) < 3:
        return []
    depths = [len(line.of(text)) - len(line.of(text).lstrip()) for line in lines]
    free = list[Piece]()
    for at, line in enumerate(lines):
        before, behind = depths[at - 1] if at else 0, depths[at + 1] if at + 1 < len(lines) else -1
        is_alone = before < depths[at] and behind < depths[at]
        if (
            behind <= depths[at]
            and not is_alone
            and not line.of(text).rstrip().endswith(("{", "}", ":", "("))
        ):
            free.append(line)
    return free


def truncation(material: Material) -> Planted | None:
    """Cut a response off after 40 to 70 % of its characters, within a word where it has words."""
    text = material.response.strip()
    if len(text) < _FEWEST_CHARACTERS:
        return None
    at = round(len(text) * material.random.uniform(0.4, 0.7))
    # Not behind a full stop, where the cut would not show; nor within a character and its accents.
    while at > 1 and not (text[at - 1].isalnum() and not unicodedata.combining(text[at])):
        at -= 1
    return Planted(text[:at], f"cut off after {at} of {len(text)} characters") if at > 1 else None
