"""
The simulated judge: finds response and reference in a judge request, compares, gives verdicts.

It reads what the text before the response holds between tags (`<reference>`, `<context>`, `<prompt>`), and
takes the response as data: nothing written in it is followed.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from evaldrop.bedrock.simulated.direction import GOOD_WORDS, Asked, KnownCriteria, best_last
from evaldrop.bedrock.simulated.likeness import content_words, is_evasive, merit

NOISE = 0.05
"""Half the width of the chance added to a merit, which is in [0, 1]."""
FIRST_SHOWN_BIAS = 0.08
"""The rate at which a pairwise verdict goes to the response shown first, whatever it says."""
TIE_WIDTH = 0.04
GOOD_ENOUGH = 0.7
"""Near the ceiling, the merit from which on a response gets full marks."""

_REFERENCE = re.compile(
    r"<(references?|ideal(?:_answer)?)\b([^>]*)>(.*?)</\1[^>]*>", re.IGNORECASE | re.DOTALL
)
_SOURCE = re.compile(
    r"<(context|prompt|question|conversation|messages)\b([^>]*)>(.*?)</\1[^>]*>", re.IGNORECASE | re.DOTALL
)
_RESPONSE = re.compile(r"<(response)\b([^>]*)>(.*?)</\1[^>]*>", re.IGNORECASE | re.DOTALL)
_VERDICT_LINE = re.compile(
    r"^[^\w\n]*(?P<label>[\w .-]*\b(?:verdict|score|rating|preferred|grade)\b[\w .-]*?)"
    r"[*_]*:[*_]*[ \t]*(?P<slot>\S.*)$",
    re.IGNORECASE | re.MULTILINE,
)
_TIE = re.compile(r"tie|equal|both|neither|same|draw", re.IGNORECASE)
_ABSTAIN = re.compile(r"n/?a|unknown|not[ _]applicable|cannot|insufficient|unsure|abstain", re.IGNORECASE)
_BRIEF = re.compile(r"concis|brief|length|verbos|short", re.IGNORECASE)
_PREFERENCE = "preferred"
_PAIR_SCORES = frozenset({"first_score", "second_score"})
_HIGH = GOOD_WORDS | {"yes", "true", "y"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """
    One criterion of a judge's tool: where its answer goes, and the values it may take, worst first.

    `about` is the place of the response it is about, None where it is about all that are shown.
    """

    path: tuple[str, ...] = ()
    field: str
    values: tuple[Any, ...]
    rationale: str | None = None
    about: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a judge request puts before the judge; `is_lenient`: what is good enough gets full marks."""

    responses: tuple[str, ...]
    references: tuple[str, ...]
    sources: tuple[str, ...]
    is_lenient: bool = False

    @classmethod
    def from_blocks(cls, blocks: Sequence[str], *, is_lenient: bool = False) -> "Case":
        """Read the text blocks of the message: text before, the response, (between, another,) text after."""
        before = blocks[0] if blocks else ""
        if len(blocks) >= 5:
            responses: tuple[str, ...] = (blocks[1], blocks[3])
        elif len(blocks) >= 3:
            responses = ("\n".join(blocks[1:-1]),)
        else:
            # A judge prompt of a user's own may put all in one text, with the response between tags.
            before = "\n".join(blocks)
            responses = tuple(found[2].strip() for found in _RESPONSE.findall(before)) or ("",)
        return cls(
            responses=responses,
            references=tuple(found[2].strip() for found in _REFERENCE.findall(before)),
            sources=tuple(found[2].strip() for found in _SOURCE.findall(before)),
            is_lenient=is_lenient,
        )


def questions_of(
    schema: Mapping[str, Any], path: tuple[str, ...] = (), known: KnownCriteria | None = None
) -> list[Question]:
    """
    Return the criteria of a tool's JSON schema: each object that holds one closed set of values.

    `known` are the criteria of the run, by which a judge knows what is good.
    """
    properties: Mapping[str, Any] = schema.get("properties", {})
    closed = {name: values for name, part in properties.items() if len(values := _closed_values(part)) > 1}
    if closed.keys() >= _PAIR_SCORES:
        return [
            Question(path=path, field=field, values=closed[field], rationale="rationale", about=place)
            for place, field in enumerate(sorted(_PAIR_SCORES))
        ]
    if closed:
        field, values = next(iter(closed.items()))
        if field == _PREFERENCE:
            # The first-shown response's name, the other's, then the words for a tie: names are not a scale.
            values = tuple(properties[field]["enum"])
        else:
            values = best_last(values, _asked(schema, path, field, values), known)
        free = (name for name, part in properties.items() if part.get("type") == "string" and name != field)
        return [Question(path=path, field=field, values=values, rationale=next(free, None))]
    return [
        question for name, part in properties.items() for question in questions_of(part, (*path, name), known)
    ]


def _asked(schema: Mapping[str, Any], path: tuple[str, ...], field: str, values: Sequence[Any]) -> Asked:
    # Of points the schema says what each means, "1 = none; 5 = all of it"; the words of a menu say it.
    said = str(schema["properties"][field].get("description", "")).split("; ")
    ends = (said[0], said[-1]) if len(said) > 1 else (str(values[0]), str(values[-1]))
    return Asked(path[-1] if path else field, str(schema.get("description", "")), ends)


def verdicts(questions: Sequence[Question], case: Case, draw: Random) -> dict[str, Any]:
    """Return the tool's input: a score and a rationale for each question, nested as the schema has them."""
    answer: dict[str, Any] = {}
    for question in questions:
        place = answer
        for name in question.path:
            place = place.setdefault(name, {})
        rationale, value = decide(question, case, draw)
        if question.rationale:
            place[question.rationale] = rationale
        place[question.field] = value
    return answer


def decide(question: Question, case: Case, draw: Random) -> tuple[str, Any]:
    """Return a rationale and the value chosen: a score for one response, the better one of two."""
    shown = case.responses if question.about is None else case.responses[question.about :][:1]
    weighed = [_weigh(question, response, case, draw) for response in shown]
    if len(weighed) > 1:
        return _prefer(question, weighed[0][0], weighed[1][0], draw)
    score, missing = weighed[0]
    place = min(int(score * len(question.values)), len(question.values) - 1)
    return _rationale(shown[0], missing), question.values[place]


def text_verdict(
    instructions: str, case: Case, draw: Random, known: KnownCriteria | None = None
) -> str | None:
    """Return a reply in words that ends in the verdict lines asked for; None when none is asked for."""
    lines = list(_VERDICT_LINE.finditer(instructions))
    if not lines:
        return None
    rationales, last = [], []
    for line in lines:
        values = best_last(_slot_values(line["slot"]), Asked(line["label"].strip(" *_")), known)
        question = Question(field=line["label"], values=values)
        rationale, value = decide(question, case, draw)
        rationales.append(rationale)
        last.append(f"{line['label'].strip()}: {value}")
    return "\n".join([*dict.fromkeys(rationales), "", *dict.fromkeys(last)])


def _weigh(question: Question, response: str, case: Case, draw: Random) -> tuple[float, tuple[str, ...]]:
    score, missing = merit(response, case.references, case.sources)
    if case.is_lenient and score >= GOOD_ENOUGH:
        score = 1.0
    if _BRIEF.search(" ".join((*question.path, question.field))):
        # A seventh of the score at most: brevity must not lift a poor response above a good one.
        score -= 0.15 * min(1.0, len(content_words(response)) / 120)
    return min(1.0, max(0.0, score + draw.uniform(-NOISE, NOISE))), missing


def _prefer(question: Question, first: float, second: float, draw: Random) -> tuple[str, Any]:
    is_menu = question.field == _PREFERENCE and len(question.values) > 1
    ties = (
        list(question.values[2:])
        if is_menu
        else [value for value in question.values if _TIE.search(str(value))]
    )
    # A menu may have no word for a tie.
    sides = [value for value in question.values if value not in ties] or list(question.values)
    if draw.random() < FIRST_SHOWN_BIAS:
        return "The first response makes the better impression.", sides[0]
    if ties and abs(first - second) < TIE_WIDTH:
        return "Both responses state about the same facts.", ties[0]
    ahead, name = (sides[0], "first") if first >= second else (sides[-1], "second")
    return f"The {name} response is closer to what was asked and leaves out less.", ahead


def _rationale(response: str, missing: Sequence[str]) -> str:
    if not response.strip():
        return "There is no response to judge."
    if is_evasive(response):
        return "The response avoids the question. It gives none of the facts that were asked for."
    if not missing:
        return "The response covers what was asked."
    return f"The response covers part of what was expected. It leaves out: {', '.join(missing[:6])}."


def _closed_values(schema: Mapping[str, Any]) -> tuple[Any, ...]:
    values = tuple(schema.get("enum", ()))
    if not values and schema.get("type") == "boolean":
        values = (False, True)
    if not values and schema.get("type") in ("integer", "number") and {"minimum", "maximum"} <= schema.keys():
        values = tuple(range(int(schema["minimum"]), int(schema["maximum"]) + 1))
    return worst_first(values)


def worst_first(values: Sequence[Any]) -> tuple[Any, ...]:
    """Order a scale: numbers by size, yes and no by meaning, else as given; abstentions are left out."""
    usable = [value for value in values if value is not None and not _ABSTAIN.fullmatch(str(value))]
    if all(isinstance(value, int | float) for value in usable):
        return tuple(sorted(usable))
    if all(str(value).isdecimal() for value in usable):
        return tuple(sorted(usable, key=int))
    if len(usable) == 2:
        return tuple(sorted(usable, key=lambda value: str(value).lower() in _HIGH))
    return tuple(usable)


def _slot_values(slot: str) -> tuple[Any, ...]:
    if span := re.search(r"(\d+)\s*(?:-|–|to|\.\.)\s*(\d+)", slot):
        return tuple(range(int(span[1]), int(span[2]) + 1))
    cleaned = re.sub(r"[<>\[\]()`\"'*.]", " ", slot)
    offered = [part.strip() for part in re.split(r"\||/|,|\bor\b", cleaned) if part.strip()]
    return worst_first(offered) if len(offered) > 1 else tuple(range(1, 6))


# Replies in words, to the judge prompts that evaldrop brings

_CRITERION = re.compile(r'<criterion name="([^"]+)">\n(.*?)\n</criterion>', re.DOTALL)
_ASKED = re.compile(r"^\[Criterion\]: ([^:\n]+): (.*)$", re.MULTILINE)
_LETTER = re.compile(r"single letter Y or N")
_STARRED = re.compile(r"^\[(Input|Context|Reference)\]: (.*?)\n\*\*\*$", re.DOTALL | re.MULTILINE)
_TWO_SCORES = re.compile(r"Score each from (\d+) to (\d+)")
_PREFERRED = re.compile(r"`preferred: first`")
_POINT = re.compile(r"^(-?\d+(?:\.\d+)?)(?::|$)", re.MULTILINE)
_LABEL = re.compile(r"^([^:\n]{1,40})(?::|$)", re.MULTILINE)
_RANGE = re.compile(r"^Answer with a number from (\S+) to (\S+)\.$", re.MULTILINE)


def words_asked_for(
    instructions: str, case: Case, draw: Random, known: KnownCriteria | None = None
) -> str | None:
    """Return a reply in the form a prompt of ours asks for, None when it is not one of these prompts."""
    if _LETTER.search(instructions):
        # Its texts are between asterisks, without tags.
        starred = _STARRED.findall(instructions)
        references = tuple(text for name, text in starred if name == "Reference")
        sources = tuple(text for name, text in starred if name != "Reference")
        starred_case = replace(case, references=references, sources=sources)
        named = _ASKED.search(instructions)
        asked = Asked(named[1], named[2]) if named else Asked("verdict")
        question = Question(field="verdict", values=best_last(("N", "Y"), asked, known))
        rationale, letter = decide(question, starred_case, draw)
        return f"{rationale}\n\n{letter}\n\n{letter}"
    if (bounds := _TWO_SCORES.search(instructions)) and len(case.responses) > 1:
        points = tuple(range(int(bounds[1]), int(bounds[2]) + 1))
        given = [decide(Question(field="score", values=points, about=place), case, draw) for place in (0, 1)]
        return f"{given[0][0]}\n\n{given[0][1]} {given[1][1]}"
    if _PREFERRED.search(instructions) and len(case.responses) > 1:
        question = Question(field="preferred", values=("first", "second", "tie"))
        rationale, place = decide(question, case, draw)
        return f"{rationale}\n\npreferred: {place}"
    criteria = _CRITERION.findall(instructions)
    if not criteria:
        return None
    decided = {
        name: decide(Question(field=name, values=_answers(name, block, known)), case, draw)
        for name, block in criteria
    }
    reasons = dict.fromkeys(rationale for rationale, _ in decided.values())
    return "\n".join([*reasons, "", *(f"{name}: {answer}" for name, (_, answer) in decided.items())])


def _answers(name: str, block: str, known: KnownCriteria | None) -> tuple[object, ...]:
    """Return what a criterion's block offers, worst first: its first line is the question."""
    question, _, offered = block.partition("\n")
    if bounds := _RANGE.search(offered):
        return best_last((bounds[1], bounds[2]), Asked(name, question), known)
    found = _POINT.findall(offered) or [label.strip() for label in _LABEL.findall(offered) if label.strip()]
    values = worst_first(found) or ("no", "yes")
    lines = {line.partition(":")[0].strip(): line for line in offered.splitlines()}
    ends = (lines.get(str(values[0]), ""), lines.get(str(values[-1]), ""))
    return best_last(values, Asked(name, question, ends), known)
