"""148 real judge replies: equal to the recorded value, or different by a rule in docs/judging.md."""

import json
import os
import re
from pathlib import Path

import pytest

from evaldrop.evaluation.criteria import Criterion, Scale
from evaldrop.verdicts import JudgeReply, read_pair_scores, read_preference, read_verdicts
from evaldrop.verdicts.verdict import Reading

SHARED_DATA = os.environ.get("EVALDROP_SHARED_DATA")
DOCUMENT = Path(__file__).parents[3] / "docs" / "judging.md"
pytestmark = pytest.mark.skipif(SHARED_DATA is None, reason="EVALDROP_SHARED_DATA names no folder")


def documented():
    """Return what docs/judging.md says is read, by case: the third cell of each row of the table."""
    rows = re.findall(r"^\| (vc\d+) \| [^|]* \| [^|]* \| ([^|]*) \|", DOCUMENT.read_text(), re.MULTILINE)
    return {case: read.strip() for case, read in rows}


def cases():
    lines = (Path(SHARED_DATA or ".") / "verdict_cases.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def read(case) -> Reading:
    """Read a reply by the form that was asked for, as a run does."""
    text, form, scale = case["raw_text"], case["format"], case["scale"]
    if "pair of scores" in form:
        return reading_of(read_pair_scores(JudgeReply(text=text), Scale.between(*scale)))
    if "CoT" in form:
        return reading_of(
            read_preference(JudgeReply(text=text), ("Output (a)", "Output (b)"), tie=False), "ab"
        )
    if "ranks" in form:
        return reading_of(read_preference(JudgeReply(text=text), tuple(scale)), scale)
    if "digit" in form:
        return reading_of(
            read_preference(JudgeReply(text=text), tuple(scale[:2]), tie_words=tuple(scale[2:])), scale
        )
    return score(text, Scale.between(*scale), name=form.partition("/")[2] or "quality")


def score(text: str, scale: Scale, *, name: str) -> Reading:
    reply = JudgeReply(text=text, stop_reason="end_turn")
    [verdict] = read_verdicts(reply, [Criterion(name=name, question="?", scale=scale)], form="text")
    return Reading(verdict.score, verdict.unscored_reason)


def reading_of(said, names=()) -> Reading:
    """Return the scores that a judge gave two responses, else what it calls the better one."""
    places = dict(zip(("first", "second"), names, strict=False)) | {"tie": "tie"}
    return Reading(said.scores or places.get(said.place), said.unscored_reason)


def shown(value) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(shown, value))
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def test_every_reply_equals_its_recorded_value_or_is_a_documented_difference():
    differences = {}
    for case in cases():
        reading = read(case)
        if shown(reading.value) != shown(case["recorded"]):
            differences[case["id"]] = reading.reason or shown(reading.value)
    assert differences == documented()
