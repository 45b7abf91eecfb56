"""A judge's question about two responses: which pairs, in which orders, by which tool, in which texts."""

import hashlib
from collections.abc import Mapping
from typing import Any

from evaldrop.bedrock.families.requests import judge_call
from evaldrop.evaluation import Judge, Pairwise, plain_name
from evaldrop.evaluation.delivery import Delivery
from evaldrop.evaluation.prompts import Prompt
from evaldrop.steps.prepare_records.judge_texts import Fences, around, leading_text, system_text
from evaldrop.verdicts.tool import PREFERENCE_TOOL_NAME, SCORES_TOOL_NAME

JSON = dict[str, Any]


def pair_tool(pairwise: Pairwise) -> JSON:
    """Return the tool by which a judge gives two responses their scores, or says which is better."""
    answers: JSON
    if pairwise.verdict == "scores":
        name, given = SCORES_TOOL_NAME, "each of the two responses its score"
        low, high = pairwise.scale
        score = {"type": "number", "minimum": low, "maximum": high}
        answers = {"first_score": score, "second_score": score}
    else:
        name, given = PREFERENCE_TOOL_NAME, "the preference between the two responses"
        ties = pairwise.tie_words or ("tie",)
        names = [*map(plain_name, pairwise.names), *(ties if pairwise.tie else ())]
        answers = {"preferred": {"type": "string", "enum": names}}
    rationale = {"type": "string", "description": "The evidence, in one to three sentences."}
    return {
        "name": name,
        "description": f"Give {given}. Call it once.",
        "input_schema": {
            "type": "object",
            "properties": {"rationale": rationale, **answers},
            "required": ["rationale", *answers],
        },
    }


def pair_constants(judge: Judge, prompt: Prompt, pairwise: Pairwise, delivery: Delivery) -> JSON:
    """Return the constant part of a judge's comparisons, for the workflow's `judges`."""
    tool = pair_tool(pairwise)
    return judge_call(
        judge,
        system=system_text(judge, prompt, tool=tool["name"]),
        tool=tool if judge.verdict == "tool" else {},
        reminder=f"You did not call {tool['name']}. Call it now; nothing else counts.",
        delivery=delivery,
    )


def orders(pairwise: Pairwise, record_id: str, candidate: str, baseline: str) -> list[tuple[str, str]]:
    """
    Return a pair's orders as (first shown, second shown), in the order of the calls.

    Of both orders, which comes first is drawn by the record and the pair: the same in every run, and even
    over records. `drawn` asks one order, drawn the same way.
    """
    straight, turned = (candidate, baseline), (baseline, candidate)
    if pairwise.orders == "both":
        return [turned, straight] if _is_odd(record_id, candidate, baseline) else [straight, turned]
    if pairwise.orders == "drawn":
        # By the names in their own order: whichever of the two is the baseline, the same one is shown first.
        one, other = sorted(straight)
        return [(other, one) if _is_odd(record_id, one, other, "drawn") else (one, other)]
    return [straight if pairwise.orders == "candidate_first" else turned]


def _is_odd(*seed: str) -> bool:
    return bool(hashlib.blake2b("\0".join(seed).encode(), digest_size=1).digest()[0] % 2)


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

    `place` is the record, the candidate shown first and the one shown second: what the fences are drawn by.

    Raises:
        PromptError: The prompt cannot be filled in, or does not show both responses once and in order.
    """
    record_id, first, second = place
    tool = pair_tool(pairwise)["name"]
    first_fence, second_fence = (
        fences.fence(record_id, judge.name, first, second, which) for which in (1, 2)
    )
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
        "before": leading_text(judge, prompt, tool=tool) + before + first_fence["open"],
        "between": first_fence["close"] + between + second_fence["open"],
        "after": second_fence["close"] + after,
    }
