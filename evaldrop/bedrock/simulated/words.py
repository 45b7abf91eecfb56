"""The stand-in judge's replies to the judge prompts that evaldrop brings, where they ask for words."""

import re
from dataclasses import replace
from random import Random

from evaldrop.bedrock.simulated.judge import Case, Question, decide, worst_first

_CRITERION = re.compile(r'<criterion name="([^"]+)">\n(.*?)\n</criterion>', re.DOTALL)
_LETTER = re.compile(r"single letter Y or N")
_STARRED = re.compile(r"^\[(Input|Context|Reference)\]: (.*?)\n\*\*\*$", re.DOTALL | re.MULTILINE)
_TWO_SCORES = re.compile(r"Score each from (\d+) to (\d+)")
_PREFERRED = re.compile(r"`preferred: first`")
_POINT = re.compile(r"^(-?\d+(?:\.\d+)?)(?::|$)", re.MULTILINE)
_LABEL = re.compile(r"^([^:\n]{1,40})(?::|$)", re.MULTILINE)
_RANGE = re.compile(r"^Answer with a number from (\S+) to (\S+)\.$", re.MULTILINE)


def words_asked_for(instructions: str, case: Case, draw: Random) -> str | None:
    """Return a reply in the form a prompt of ours asks for, None when it is not one of these prompts."""
    if _LETTER.search(instructions):
        rationale, letter = decide(_question("verdict", ("N", "Y")), _between_stars(instructions, case), draw)
        return f"{rationale}\n\n{letter}\n\n{letter}"
    if (bounds := _TWO_SCORES.search(instructions)) and len(case.responses) > 1:
        points = tuple(range(int(bounds[1]), int(bounds[2]) + 1))
        given = [decide(_question("score", points, about=place), case, draw) for place in (0, 1)]
        return f"{given[0][0]}\n\n{given[0][1]} {given[1][1]}"
    if _PREFERRED.search(instructions) and len(case.responses) > 1:
        rationale, place = decide(_question("preferred", ("first", "second", "tie")), case, draw)
        return f"{rationale}\n\npreferred: {place}"
    criteria = _CRITERION.findall(instructions)
    if not criteria:
        return None
    decided = {name: decide(_question(name, _answers(block)), case, draw) for name, block in criteria}
    reasons = dict.fromkeys(rationale for rationale, _ in decided.values())
    return "\n".join([*reasons, "", *(f"{name}: {answer}" for name, (_, answer) in decided.items())])


def _between_stars(instructions: str, case: Case) -> Case:
    """Return the case with what stands between asterisks, which has no tags."""
    parts = _STARRED.findall(instructions)
    return replace(
        case,
        references=tuple(text for name, text in parts if name == "Reference"),
        sources=tuple(text for name, text in parts if name != "Reference"),
    )


def _question(field: str, values: tuple[object, ...], *, about: int | None = None) -> Question:
    return Question(path=(), field=field, values=values, rationale=None, about=about)


def _answers(block: str) -> tuple[object, ...]:
    """Return what a criterion's block offers, worst first: its first line is the question."""
    _, _, offered = block.partition("\n")
    if bounds := _RANGE.search(offered):
        return (bounds[1], bounds[2])
    found = _POINT.findall(offered) or [label.strip() for label in _LABEL.findall(offered) if label.strip()]
    return worst_first(found) or ("no", "yes")
