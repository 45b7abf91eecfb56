"""Two scores count where the reply calls them scores; coordinates and sums do not."""

import pytest

from evaldrop.evaluation.criteria import Scale
from evaldrop.verdicts.pairs.scores import pair_in_data, parse_pair
from evaldrop.verdicts.verdict import Reading

TEN = Scale.between(1, 10)
SUMS = "The end points are (2, 4) and (10, 3), so the length is 10 - 2 = 8.\n"

PAIRS = [
    ("8 9", (8, 9)),
    ("8 9\nBoth answers help; the second is longer by 3 lines.", (8, 9)),
    ("8.5 9\nBoth help.", (8.5, 9)),
    ("8, 9", (8, 9)),
    ("(8, 9)", (8, 9)),
    ("8/10 9/10", (8, 9)),
    ("8/10, 9/10\nBoth help.", (8, 9)),
    ("8 and 9", (8, 9)),
    ("**8 9**", (8, 9)),
    ("Scores: 8 9", (8, 9)),
    ("```\n8 9\n```\nBoth help.", (8, 9)),
    ("[8, 9]", (8, 9)),
    ('{"scores": [8, 9]}', (8, 9)),
    ('{"assistant_1": 8, "assistant_2": 9}', (8, 9)),
    ('{"score_a": "8", "score_b": "9"}', (8, 9)),
    (SUMS + "Assistant 1: 8\nAssistant 2: 9", (8, 9)),
    (SUMS + "Assistant 1: 8/10 - short\n\nAssistant 2: 9/10 - full", (8, 9)),
    (SUMS + "Assistant 1: 8 (short)\nAssistant 2: 9 (full)\nAssistant 2 is better.", (8, 9)),
    (SUMS + "**Assistant 1:** 8\n**Assistant 2:** 9", (8, 9)),
    (SUMS + "Assistant A: 8\nAssistant B: 9", (8, 9)),
    (SUMS + "Response A scores 8 and Response B scores 9.", (8, 9)),
    (SUMS + "Assistant 1's score is 8. Assistant 2's score is 9.", (8, 9)),
    (SUMS + "I give Assistant 1 a score of 8 and Assistant 2 a score of 9.", (8, 9)),
    (SUMS + "Score for Assistant 1: 8\nScore for Assistant 2: 9", (8, 9)),
    (SUMS + "The tuple of the scores is (8, 9).", (8, 9)),
    (SUMS + "Output: (8, 9)", (8, 9)),
    (SUMS + "Both are good.\n8 9", (8, 9)),
    ("Scores: 8, 9", (8, 9)),
    ("The scores are 8 and 9.", (8, 9)),
    ("Response 1: 8\nResponse 2: 9", (8, 9)),
    ("The first response scores 8 and the second 9", (8, 9)),
    ("The first response gets 8 and the second gets 9.", (8, 9)),
    ("The second response scores 9 and the first 8.", (8, 9)),
    ("The first: 8. The second: 9.", (8, 9)),
    ("First: 8\nSecond: 9", (8, 9)),
    ("A: 8\nB: 9", (8, 9)),
    ("1: 8\n2: 9", (8, 9)),
    ("The first is rated 8, the second 9.", (8, 9)),
    ("The second response scores 9, the first 8.", (8, 9)),
    ("I give the first response an 8 and the second response a 9.", (8, 9)),
    ("8 for the first response and 9 for the second.", (8, 9)),
    ("I give 8 points to Response 1 and 9 to Response 2.", (8, 9)),
    ("The first response deserves 8/10, the second deserves 9/10.", (8, 9)),
    ("Both responses get 8.", (8, 8)),
    ("First - 8\nSecond - 9", (8, 9)),
    ("| Response 1 | 8 |\n| Response 2 | 9 |", (8, 9)),
    (
        "Response 1: 5\nResponse 2: 5\nThe second is right.\nFinal scores:\nResponse 1: 8\nResponse 2: 9",
        (8, 9),
    ),
    ("Scores: 5 5\nThe second is right after all.\nRevised scores: 8 9", (8, 9)),
    ("<think>3 3</think>\n8 9", (8, 9)),
    ('{"first": 8, "second": 9}', (8, 9)),
    ('{"first_score": 8, "second_score": 9}', (8, 9)),
    ('{"second": {"score": 9}, "first": {"score": 8, "rationale": "short"}}', (8, 9)),
    ('{"scores": {"response_1": "8/10", "response_2": "9/10"}}', (8, 9)),
    ('[{"model": "second", "score": 9}, {"model": "first", "score": 8}]', (8, 9)),
    ("Assistant 1:\n3x + 4 = 5\nAssistant 2:\n4x = 1\nScores:\nAssistant 1: 8\nAssistant 2: 9", (8, 9)),
]

NO_PAIR = [
    ("", "no_verdict"),
    ("8", "no_verdict"),
    (SUMS, "no_verdict"),
    ("Assistant 1: 8", "no_verdict"),
    ("Assistant 1: 3x + 4\nAssistant 2: 4x + 1", "no_verdict"),
    ("Assistant 1: 10 apples\nAssistant 2: 9 pears", "no_verdict"),
    ("0 9\nThe first is empty.", "out_of_range"),
    ("(11, 3)", "out_of_range"),
    ("8/100 9/100", "out_of_range"),
    ('{"scores": [8, 99]}', "out_of_range"),
    ("8,5 9", "no_verdict"),
    ("8,5 9,5", "no_verdict"),
    ("8-9", "no_verdict"),
    ("8/9", "no_verdict"),
    ("1. 8\n2. 9", "no_verdict"),
    ("8 + 9 = 17", "no_verdict"),
    ("Between 8 and 9", "no_verdict"),
    ("Response 1 says 8. Response 2 says 9.", "no_verdict"),
    ("The first response answers 8 and the second 9.", "no_verdict"),
    ("Response 1: 8\nResponse 2: N/A", "no_verdict"),
    ("8 9 10", "no_verdict"),
    ("Response 1: 10 - 2 = 8\nResponse 2: 4 + 5 = 9", "no_verdict"),
    ("Response 1 finds 8, Response 2 finds 9.", "no_verdict"),
    ("The first has 8 steps and the second 9.", "no_verdict"),
    ("The first response scores 8 and the second 11.", "out_of_range"),
    ("First: 8\nSecond: 90", "out_of_range"),
    ('{"first": 8}', "no_verdict"),
    ('{"first": 8, "first_score": 7, "second": 9}', "no_verdict"),
    ("The second response scores higher than the first.", "no_verdict"),
    ("8 9\nBoth help.\n7 9", "ambiguous"),
    ("Assistant 1: 8\nAssistant 2: 9\nAssistant 1: 7\nAssistant 2: 9", "ambiguous"),
    ("I'm sorry, I cannot score these.", "refused"),
]


@pytest.mark.parametrize(("text", "pair"), PAIRS)
def test_a_pair_is_read(text, pair):
    assert parse_pair(text, TEN) == Reading(pair)


@pytest.mark.parametrize(("text", "reason"), NO_PAIR)
def test_a_pair_is_never_guessed(text, reason):
    assert parse_pair(text, TEN) == Reading(None, reason)


def test_a_reply_cut_before_its_scores_is_truncated():
    assert parse_pair(SUMS, TEN, truncated=True) == Reading(None, "truncated")


@pytest.mark.parametrize(("text", "names"), [
    ("Output (a): 8\nOutput (b): 9", ("Output (a)", "Output (b)")),
    ("m: 8\nM: 9", ("m", "M")), ("Model M scores 9 and model m 8.", ("m", "M")),
    ('{"m": 8, "M": 9}', ("m", "M")), ("model_1: 8, model_2: 9", ("model_1", "model_2")),
    ("left: 8\nright: 9", ("left", "right")), ("The first scores 8 and the second 9.", ("m", "M")),
    ("2: 9\n1: 8", ("1", "2")),
])  # fmt: skip
def test_scores_stand_beside_what_the_prompt_calls_the_two(text, names):
    assert parse_pair(text, TEN, names=names) == Reading((8, 9))


@pytest.mark.parametrize("tool_input", [
    {"first_score": 8, "second_score": "9"}, {"scores": [8, 9]}, {"first": 8, "second": 9},
    {"rationale": "7 7", "score_1": "8/10", "score_2": "9/10"}, {"scores": {"a": 8, "b": 9}},
    {"input": {"first_score": 8, "second_score": 9}}, {"scores": "[8, 9]"},
    {"First Score": 8, "Second Score": 9},
])  # fmt: skip
def test_a_tools_scores_are_read_in_every_plausible_form(tool_input):
    assert pair_in_data(tool_input, TEN) == Reading((8, 9))


@pytest.mark.parametrize("tool_input", [
    {"rationale": "8 9"}, {"first_score": 8}, {"first_score": True, "second_score": 9}, {"scores": [8, 9, 7]},
    {"scores": "8 or 9"}, {},
])  # fmt: skip
def test_a_tools_input_without_two_scores_has_none(tool_input):
    assert pair_in_data(tool_input, TEN) is None
