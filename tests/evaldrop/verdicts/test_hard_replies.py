"""
Hard replies, read through what a run calls as a careful person reads them: none is read as another score.

A line of `hard_replies.jsonl` is a reply: how it was `asked` for, each criterion's scale by name, and the
score of each that is wanted, null where none can be read. A line of `hard_pairs.jsonl` is a reply on two
responses called first and second: the place that is preferred, or both scores on a scale from 1 to 10.
"""

import json
from pathlib import Path

import pytest

from evaldrop.evaluation.criteria import Criterion, Scale, built_in
from evaldrop.evaluation.criteria.scales import Point
from evaldrop.verdicts import JudgeReply, read_pair_scores, read_preference, read_verdicts


def points(*labels, first=1, halves=False):
    return Scale.of_points(
        *(Point(value=float(n), label=label) for n, label in enumerate(labels, start=first)),
        halves_allowed=halves,
    )


def menu(**choices):
    return Scale.of_choices(*(Point(value=value, label=label) for label, value in choices.items()))


QUALITY = ("wrong", "mostly wrong", "half right", "mostly right", "right")
SCALES = {
    "five": points(*QUALITY),
    "five_halves": points(*QUALITY, halves=True),
    "tone": points("rude", "flat", "polite", "warm", "delightful"),
    "digits": points(*"12345"),
    "halves": points(*"12345", halves=True),
    "ten": points(*(f"p{letter}" for letter in "abcdefghij")),
    "zero_two": points("incorrect", "partially correct", "correct", first=0),
    "yes_no": Scale.binary(not_applicable=True),
    "unit": Scale.between(0, 1),
    "percent": Scale.between(0, 100),
    "signed": Scale.between(-2, 2),
    "menu": menu(A=1.0, B=0.5, C=0.0),
    "numbered": menu(**{"1": 0.0, "2": 0.5, "3": 1.0}),
}


def rows(name):
    return [
        json.loads(line) for line in (Path(__file__).parent / name).read_text(encoding="utf-8").splitlines()
    ]


CASES, PAIRS = rows("hard_replies.jsonl"), rows("hard_pairs.jsonl")


def criterion(name, scale):
    return built_in(name) if scale == "built_in" else Criterion(name=name, question="?", scale=SCALES[scale])


def scores_of(case):
    reply = JudgeReply(
        text=case.get("text", ""),
        tool_input=case.get("tool_input"),
        stop_reason=case.get("stop_reason", "end_turn"),
    )
    criteria = [criterion(name, scale) for name, scale in case["scales"].items()]
    return [verdict.score for verdict in read_verdicts(reply, criteria, form=case["asked"])]


def outcome_of(case):
    reply = JudgeReply(text=case.get("text", ""), tool_input=case.get("tool_input"))
    if case["asked"] == "preference":
        return read_preference(reply, ("first", "second")).place
    scores = read_pair_scores(reply, Scale.between(1, 10)).scores
    return list(scores) if scores else None


def misread(cases, asked, read):
    """Return the replies to one form that are read otherwise than they should be, and how."""
    pairs = [(case, read(case)) for case in cases if case["asked"] == asked]
    assert pairs
    return [(case, got) for case, got in pairs if got != case["want"]]


# A test for each form, not for each of thousands of rows: one row takes less than a test's own time.
@pytest.mark.parametrize("asked", sorted({case["asked"] for case in CASES}))
def test_a_reply_is_read_as_a_careful_person_reads_it(asked):
    assert misread(CASES, asked, scores_of) == []


@pytest.mark.parametrize("asked", sorted({case["asked"] for case in PAIRS}))
def test_a_reply_on_a_pair_is_read_as_a_careful_person_reads_it(asked):
    assert misread(PAIRS, asked, outcome_of) == []
