"""
No text that a model writes holds a run up: what reads it takes time in proportion to its length.

A pattern that begins anew at each place of a run takes time with the square of the run's length: seconds for
a reply of ten thousand characters, minutes for one of a hundred thousand. Here every reader gets such runs
behind the beginnings of what it looks for. The bound is wide, and of processor time, for a busy machine; what
takes time with the square is beyond it by far.
"""

import itertools
import signal
import time

import pytest

from evaldrop.bedrock.families.thinking import split_thinking
from evaldrop.evaluation.criteria import Criterion, Scale
from evaldrop.evaluation.criteria.scales import Point
from evaldrop.evaluation.metrics import METRICS
from evaldrop.steps.prepare_records.perturbations import perturb
from evaldrop.verdicts import JudgeReply, read_pair_scores, read_preference, read_verdicts
from evaldrop.verdicts.injection import InjectionFinder
from evaldrop.verdicts.loose_json import json_values

# Long enough for what grows with the square to take several times as long as what may be.
SIZE = 30_000
MOST_S = 3.0

# Behind each a run of blanks, of digits, of marks; then the things themselves, again and again.
BEGINNINGS = (
    "", "x", "Score: 4", "[[ ", "\\boxed{ ", "8", " A* : 8", "A: 8 and B: 9", "The first", "1.",
    "Winner:", "give the first 8 and the second", "The first is better", "ich bevorzuge die erste",
    "I prefer", "both get", "<think>", "<think", "<|channel|>", "```", '"', "(", "tone (", "{",
    '{"score": ', "Ranking:", "not ", "第一", "评分", "judge", "this response deserves", "ignore all ",
    "[begin of response]", "<response ", "=",
)  # fmt: skip
RUNS = (" ", "\t\n", "\n", "1", "*", "-", "a", "一", "🙂")
REPEATED = (
    "Score: 4\n", "tone: 4, ", "the first is better than ", "preferred: first\n", "[[A]] ", "8 9 ",
    "preferred: second\n[[A]]\n", "Assistant 1: 8\n", '{"score": 4}', "[1, ", '{"a": ', "<think>",
    "</think>", "\n<think>", "`a", "'a b c d e f g' ", "1. first\n2. second\n", "wait, no, 4 ",
    "4 out of ", "a, ", "a. ", "|a|b|\n|-|-|\n", "/*", "// ", "<quote>", "~~a", "$1", "第一更好",
    "评分：4", "if ", "so the first ", "QUFB", "![a](", "{{a",
)  # fmt: skip


# Of them a prompt's changes look for no more: words, and what is to stay as it is.
OF_A_PROMPT = ("", "x", "8", "1.", "```", '"', "(", "{")


def texts(beginnings):
    for beginning, run in itertools.product(beginnings, RUNS):
        yield beginning + run * (SIZE // len(run)) + "x"
    for unit in REPEATED:
        yield unit * (SIZE // len(unit))


def criterion(name, scale):
    return Criterion(name=name, question="q", scale=scale)


STARS = Scale.of_points(*(Point(value=float(n), label=str(n)) for n in range(1, 6)), halves_allowed=True)
CHOICES = Scale.of_choices(Point(value=1.0, label="A"), Point(value=0.0, label="no answer"))
FINDER = InjectionFinder(
    criteria=["tone"], judge_prompts=["You are a careful judge of answers to questions."]
)
READERS = {
    "a score": lambda text: read_verdicts(JudgeReply(text=text), [criterion("tone", STARS)], form="text"),
    "a choice": lambda text: read_verdicts(JudgeReply(text=text), [criterion("tone", CHOICES)], form="tool"),
    "a letter": lambda text: read_verdicts(
        JudgeReply(text=text), [criterion("tone", Scale.binary())], form="yes_no"
    ),
    "a tool's input": lambda text: read_verdicts(
        JudgeReply(tool_input={"tone": {"score": text, "rationale": text}}),
        [criterion("tone", STARS)],
        form="tool",
    ),
    "a preference": lambda text: read_preference(JudgeReply(text=text), ("first", "second")),
    "a preference in data": lambda text: read_preference(
        JudgeReply(tool_input={"preferred": text}), ("first", "second")
    ),
    "two scores": lambda text: read_pair_scores(JudgeReply(text=text), Scale.between(1, 10)),
    "thoughts": split_thinking,
    "an injection": FINDER.find,
    "loose JSON": json_values,
    "a prompt": lambda text: perturb(text, "typos", 1, seed="s"),
    "metrics": lambda text: [metric.compute(text, ["a b c"]) for metric in METRICS.values()],
}


class TooSlow(Exception):  # noqa: N818 - raised by a clock
    pass


def seconds(read, text):
    """Processor time that reading took; it is ended where it takes too long."""

    def end(_number, _frame):
        raise TooSlow

    before = signal.signal(signal.SIGVTALRM, end)
    began = time.process_time()
    signal.setitimer(signal.ITIMER_VIRTUAL, MOST_S)
    try:
        read(text)
    except TooSlow:
        return float("inf")
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
    return time.process_time() - began


@pytest.mark.nightly
@pytest.mark.parametrize("name", READERS)
def test_a_reply_of_thirty_thousand_characters_is_read_in_seconds(name):
    beginnings = OF_A_PROMPT if name == "a prompt" else BEGINNINGS
    slow = [f"{text[:30]!r}…" for text in texts(beginnings) if seconds(READERS[name], text) > MOST_S]
    assert not slow
