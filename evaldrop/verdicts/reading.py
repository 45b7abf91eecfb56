"""From a judge's reply to one verdict per criterion."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, Literal, NamedTuple

from evaldrop.evaluation.criteria.criterion import Criterion
from evaldrop.verdicts.scores.letters import parse_yes_no
from evaldrop.verdicts.scores.parsing import parse_score
from evaldrop.verdicts.scores.structured import (
    VERDICT_KEYS,
    entries_of,
    is_verdict,
    json_rationale,
    plain_key,
    plain_keys,
    rationale_of,
    read_raw,
)
from evaldrop.verdicts.tool import property_names
from evaldrop.verdicts.verdict import (
    SETTLED,
    TRUNCATED,
    JudgeReply,
    Reading,
    UnscoredReason,
    Verdict,
    agreed,
)
from evaldrop.verdicts.wording import bare, plain_text, visible_text

Form = Literal["tool", "text", "yes_no"]


def read_verdicts(reply: JudgeReply, criteria: Sequence[Criterion], *, form: Form) -> list[Verdict]:
    """
    Return one verdict per criterion, in order, whatever the reply looks like. Never raises.

    Args:
        reply: The judge's reply in neutral form.
        criteria: Those of this one call.
        form: How the judge was to answer. `tool`: the verdict tool, and if that was not called, JSON or
            tagged lines in the text. `text`: the text only. `yes_no`: reasoning, then a Y or N on its own
            line, about one binary criterion.
    """
    if reply.stop_reason in SETTLED:
        return unscored_verdicts(criteria, SETTLED[reply.stop_reason], rationale=reply.text)
    names = property_names(criteria)
    if form == "tool" and (plain := _plain_verdicts(reply, criteria, names)) is not None:
        return plain
    return [_verdict(reply, criterion, names, place, form) for place, criterion in enumerate(criteria)]


def _plain_verdicts(
    reply: JudgeReply, criteria: Sequence[Criterion], names: Sequence[str]
) -> list[Verdict] | None:
    """
    Return the verdicts of a call of the tool that is to the letter what was asked for; None for any other.

    As `_verdict` does one by one, in a fraction of the time: nearly every reply of a large run is one.
    """
    given = reply.tool_input
    if (
        type(given) is not dict
        or reply.stop_reason in TRUNCATED
        or given.keys() != _keys_apart(tuple(names), tuple(criterion.name for criterion in criteria))
        or not is_verdict(given)
    ):
        return None
    verdicts = []
    for criterion, name in zip(criteria, names, strict=True):
        said = given[name]
        reading = read_raw(said["score"], criterion.scale)
        if reading is None:
            return None
        verdicts.append(
            Verdict(
                criterion=criterion.name,
                score=reading.value,
                unscored_reason=reading.reason,
                rationale=said["rationale"].strip(),
            )
        )
    return verdicts


@lru_cache(maxsize=256)
def _keys_apart(names: tuple[str, ...], criteria: tuple[str, ...]) -> frozenset[str] | None:
    """Return the keys of a call's criteria; None where one may be read as another's, or a verdict's own."""
    keys = [plain_key(name) for name in names]
    for place, criterion in enumerate(criteria):
        wanted = {plain_key(one) for one in _spelled(names, place, criterion)} - {""}
        if wanted & VERDICT_KEYS or [key for key in keys if key in wanted] != [keys[place]]:
            return None
    return frozenset(names)


def _spelled(names: Sequence[str], place: int, criterion: str) -> tuple[str, ...]:
    """Return how a call of the tool may name a criterion."""
    return (names[place], *_spellings(criterion, tuple(names))[1:])


def unscored_verdicts(
    criteria: Sequence[Criterion], reason: UnscoredReason, *, rationale: str = ""
) -> list[Verdict]:
    """Return a verdict without a score for every criterion: a call that failed is `judge_error`."""
    return [
        Verdict(criterion=criterion.name, score=None, unscored_reason=reason, rationale=rationale)
        for criterion in criteria
    ]


def _verdict(
    reply: JudgeReply, criterion: Criterion, names: Sequence[str], place: int, form: Form
) -> Verdict:
    truncated = reply.stop_reason in TRUNCATED
    read: tuple[Reading[float], str] | None = None
    if form == "tool" and reply.tool_input is not None:
        spelled = _spelled(names, place, criterion.name)
        read = _from_tool(
            reply.tool_input, criterion, names=spelled, alone=len(names) == 1, truncated=truncated
        )
    elif form == "yes_no":
        read = _from_letter(reply.text, criterion, alone=len(names) == 1, truncated=truncated), reply.text
    reading, rationale = read or _from_text(reply.text, criterion, names, truncated=truncated)
    return Verdict(
        criterion=criterion.name,
        score=reading.value,
        unscored_reason=reading.reason,
        rationale=rationale.strip(),
    )


def _from_tool(
    tool_input: Mapping[str, Any], criterion: Criterion, *, names: Sequence[str], alone: bool, truncated: bool
) -> tuple[Reading[float], str] | None:
    entries = entries_of(tool_input, names=names, alone=alone)
    reading = agreed(filter(None, (read_raw(entry.raw, criterion.scale) for entry in entries)))
    if reading is None:
        return None
    rationale = rationale_of(entries)
    # In a cut input the last number may be the first digit of a longer one.
    if truncated and (alone or list(plain_keys(tool_input))[-1:] == [plain_key(names[0])]):
        return Reading.unread("truncated"), rationale
    return reading, rationale


def _from_letter(text: str, criterion: Criterion, *, alone: bool, truncated: bool) -> Reading[float]:
    if not alone or criterion.scale.kind != "binary":
        # One letter cannot answer several questions, nor one with more than two answers.
        return Reading.unread("no_verdict")
    letter = parse_yes_no(text, truncated=truncated)
    if letter.reason == "no_verdict":
        # No letter: perhaps "correctness: yes", or JSON.
        return parse_score(text, criterion.scale, name=criterion.name)
    return Reading(None, letter.reason) if letter.value is None else Reading(float(letter.value))


def _from_text(
    text: str, criterion: Criterion, names: Sequence[str], *, truncated: bool
) -> tuple[Reading[float], str]:
    alone = len(names) == 1
    name, *others = _spellings(criterion.name, tuple(names))
    short = "".join(others)
    reading = parse_score(text, criterion.scale, name=name, short=short, alone=alone, truncated=truncated)
    sections = (
        [] if alone or reading.value is not None else [_section(text, one, names) for one in (name, *others)]
    )
    section = next(filter(None, sections), None)
    if section is not None:
        reading = parse_score(
            section.text, criterion.scale, name=name, short=short, truncated=truncated and section.is_last
        )
    rationale = json_rationale(visible_text(text), names=(name, *others), alone=alone)
    return reading, rationale or (section.text if section else text)


@lru_cache(maxsize=256)
def _spellings(name: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return how a judge may call a criterion: by its name, and without its family when that is enough."""
    short = name.rpartition(".")[2]
    # A short name that two families share says neither's criterion.
    tails = [plain_key(other).endswith(plain_key(short)) for other in names]
    return (name, short) if short != name and sum(tails) == 1 else (name,)


class _Section(NamedTuple):
    """The part of a reply under a heading that names a criterion."""

    text: str
    is_last: bool


def _section(text: str, name: str, names: Sequence[str]) -> _Section | None:
    lines = plain_text(visible_text(text)).split("\n")
    known = {plain_key(other) for other in names} | {plain_key(name)}
    headings = [(at, key) for at, line in enumerate(lines) if (key := _heading(line)) in known]
    for (start, key), (end, _) in pairwise([*headings, (len(lines), "")]):
        if key == plain_key(name):
            return _Section("\n".join(lines[start + 1 : end]), is_last=end == len(lines))
    return None


def _heading(line: str) -> str:
    return plain_key(
        re.sub(r"^(?:[0-9]{1,2}[.)]\s*)?(?:criterion\s*[:\s])?", "", bare(line), flags=re.IGNORECASE)
    )
