"""A judge's question about two responses: which pairs, in which orders, by which tool, in which texts."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from evaldrop.bedrock.families.requests import judge_call
from evaldrop.evaluation import Evaluation, Judge, Pairwise, plain_name
from evaldrop.evaluation.prompts import Prompt
from evaldrop.steps.prepare_records.judge_texts import Fences, around, leading_text, system_text
from evaldrop.verdicts import PREFERENCE_TOOL_NAME, SCORES_TOOL_NAME

JSON = dict[str, Any]

_RATIONALE = {"type": "string", "description": "The evidence, in one to three sentences."}


def preference_tool(pairwise: Pairwise) -> JSON:
    """Return the tool by which a judge says which of two responses is better."""
    names = [plain_name(name) for name in pairwise.names] + ["tie"] * pairwise.tie
    return {
        "name": PREFERENCE_TOOL_NAME,
        "description": "Give the preference between the two responses. Call it once.",
        "input_schema": {
            "type": "object",
            "properties": {"rationale": _RATIONALE, "preferred": {"type": "string", "enum": names}},
            "required": ["rationale", "preferred"],
        },
    }


def scores_tool(pairwise: Pairwise) -> JSON:
    """Return the tool by which a judge gives each of two responses a score."""
    low, high = pairwise.scale
    score = {"type": "number", "minimum": low, "maximum": high}
    return {
        "name": SCORES_TOOL_NAME,
        "description": "Give each of the two responses its score. Call it once.",
        "input_schema": {
            "type": "object",
            "properties": {"rationale": _RATIONALE, "first_score": score, "second_score": score},
            "required": ["rationale", "first_score", "second_score"],
        },
    }


def pair_tool(pairwise: Pairwise) -> JSON:
    """Return the tool of an evaluation's comparisons."""
    return scores_tool(pairwise) if pairwise.verdict == "scores" else preference_tool(pairwise)


def pair_constants(judge: Judge, prompt: Prompt, pairwise: Pairwise) -> JSON:
    """Return the constant part of a judge's comparisons, for the workflow's `judges`."""
    tool = pair_tool(pairwise)
    return judge_call(
        judge,
        system=system_text(judge, prompt, tool=tool["name"]),
        tool=tool if judge.verdict == "tool" else {},
        reminder=f"You did not call {tool['name']}. Call it now; nothing else counts.",
    )


def pairs(evaluation: Evaluation) -> Iterator[tuple[str, str]]:
    """Yield the pairs (candidate, baseline) that an evaluation compares; none when it compares none."""
    names = [candidate.name for candidate in evaluation.candidates]
    pairwise = evaluation.pairwise
    if pairwise is None:
        return
    if pairwise.baseline:
        yield from ((name, pairwise.baseline) for name in names if name != pairwise.baseline)
        return
    for place, baseline in enumerate(names):
        yield from ((name, baseline) for name in names[place + 1 :])


def orders(pairwise: Pairwise, record_id: str, candidate: str, baseline: str) -> list[tuple[str, str]]:
    """
    Return a pair's orders as (first shown, second shown), in the order of the calls.

    Which order comes first is drawn by the record and the pair: the same in every run, and even over
    records.
    """
    straight, turned = (candidate, baseline), (baseline, candidate)
    if pairwise.orders != "both":
        return [straight if pairwise.orders == "candidate_first" else turned]
    seed = "\0".join((record_id, candidate, baseline)).encode()
    odd = hashlib.blake2b(seed, digest_size=1).digest()[0] % 2
    return [turned, straight] if odd else [straight, turned]


def comparison_texts(
    judge: Judge,
    prompt: Prompt,
    values: Mapping[str, Any],
    *,
    pairwise: Pairwise,
    fences: Fences,
    place: tuple[str, str, str],
) -> JSON:
    """
    Return a comparison's texts around its two responses, each behind a fence of its own.

    Args:
        judge: Whose call it is.
        prompt: The judge prompt.
        values: The record's variables.
        pairwise: How pairs are judged.
        fences: The run's.
        place: Record, first-shown candidate and second-shown one: what the fences are drawn by.

    Raises:
        PromptError: The prompt cannot be filled in, or does not show both responses once and in order.
    """
    record_id, first, second = place
    tool = pair_tool(pairwise)["name"]
    fenced = [fences.fence(record_id, judge.name, first, second, which) for which in (1, 2)]
    holes = {name: fences.mark("hole", record_id, name) for name in ("first_response", "second_response")}
    shown = {
        **values,
        "verdict": "tool" if judge.verdict == "tool" else "text",
        "tool": tool,
        "mark": fences.mark("record", record_id),
        "low": f"{pairwise.scale[0]:g}",
        "high": f"{pairwise.scale[1]:g}",
    }
    before, between, after = around(prompt, shown, holes)
    return {
        "before": leading_text(judge, prompt, tool=tool) + before + fenced[0].open,
        "between": fenced[0].close + between + fenced[1].open,
        "after": fenced[1].close + after,
    }
