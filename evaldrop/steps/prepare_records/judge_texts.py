"""A judge's question: the verdict tool, and the request's texts before and after a response."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from evaldrop.bedrock.families.requests import judge_call, takes_system
from evaldrop.errors import PromptError
from evaldrop.evaluation import Judge
from evaldrop.evaluation.criteria import Criterion, Scale
from evaldrop.evaluation.delivery import Delivery
from evaldrop.evaluation.prompts import Prompt
from evaldrop.verdicts.tool import VERDICT_TOOL_NAME, verdict_tool


@dataclass(frozen=True, slots=True, kw_only=True)
class Fences:
    """Makes fences that no candidate can know and that this run can make again when it is resumed."""

    nonce: str

    def mark(self, *names: object) -> str:
        """Return the random number of a place: sixteen hexadecimal digits."""
        words = "\0".join(map(str, names)).encode()
        return hashlib.blake2b(words, key=bytes.fromhex(self.nonce), digest_size=8).hexdigest()

    def fence(self, *names: object) -> dict[str, str]:
        """Return the two lines around one response in one judge request."""
        mark = self.mark("response", *names)
        return {"open": f'<response mark="{mark}">\n', "close": f'\n</response mark="{mark}">'}


def criteria_for_prompt(criteria: Iterable[Criterion]) -> list[dict[str, Any]]:
    """Return criteria as the judge prompts see them."""
    return [
        {
            "name": criterion.name,
            "question": criterion.question,
            "points": _points(criterion.scale),
            "range": [f"{criterion.scale.low:g}", f"{criterion.scale.high:g}"]
            if criterion.scale.kind == "range"
            else None,
            "must_include": criterion.must_include,
            "must_not_include": criterion.must_not_include,
            "not_applicable": criterion.scale.not_applicable,
            "examples": [
                {**asdict(example), "score": f"{example.score:g}"} for example in criterion.examples
            ],
        }
        for criterion in criteria
    ]


def _points(scale: Scale) -> list[dict[str, str | None]]:
    """Return each answer with what it means: a number and its label, or a label that is the answer itself."""
    points = []
    for point in scale.points:
        answer = f"{point.value:g}" if scale.kind == "points" else point.label
        means = [text for text in (point.label if scale.kind == "points" else None, point.definition) if text]
        points.append({"answer": answer, "definition": " - ".join(means) or None})
    return points


def judge_constants(
    judge: Judge, prompt: Prompt, criteria: Sequence[Criterion], delivery: Delivery
) -> dict[str, Any]:
    """Return the constant part of a judge's requests on some criteria, for the workflow's `judges`."""
    tool: Mapping[str, Any] = verdict_tool(criteria) if judge.verdict == "tool" else {}
    reminder = (
        f"You did not call {VERDICT_TOOL_NAME}. Call it now, with every criterion in it; nothing else counts."
    )
    return judge_call(
        judge,
        system=system_text(judge, prompt, tool=VERDICT_TOOL_NAME),
        tool=tool,
        reminder=reminder,
        delivery=delivery,
    )


def system_text(judge: Judge, prompt: Prompt, *, tool: str) -> str:
    """Return the system text of a judge prompt; it may depend on the form of verdict but not on a record."""
    turns = prompt.render({"verdict": judge.verdict, "tool": tool}, only=lambda role: role == "system")
    return "\n\n".join(turn.text for turn in turns)


def leading_text(judge: Judge, prompt: Prompt, *, tool: str) -> str:
    """Return what goes before a judge's text when its request has no other place for a system text."""
    if takes_system(judge):
        return ""
    system = system_text(judge, prompt, tool=tool)
    return f"{system}\n\n" if system else ""


def around(prompt: Prompt, values: Mapping[str, Any], holes: Mapping[str, str]) -> list[str]:
    """
    Return the texts of a judge prompt's message around its responses.

    Args:
        prompt: The judge prompt.
        values: Its variables, the responses not among them.
        holes: Name of each response's variable, in the order they must appear, and a text that occurs nowhere
            else.

    Raises:
        PromptError: The prompt does not show each response exactly once and in order.
    """
    turns = prompt.render({**values, **holes}, only=lambda role: role != "system")
    if len(turns) != 1:
        raise PromptError(
            f"prompt {prompt.name}: a judge prompt has one ## user message; this has {len(turns)}."
        )
    pieces, rest = [], turns[0].text
    for name, hole in holes.items():
        before, found, rest = rest.partition(hole)
        if not found or hole in rest:
            raise PromptError(f"prompt {prompt.name}: show {{{{ {name} }}}} exactly once.")
        pieces.append(before)
    return [*pieces, rest]
