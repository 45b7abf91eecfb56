"""Two scores count where the reply calls them scores; coordinates and sums do not."""

import pytest

from evaldrop.evaluation.criteria import Scale
from evaldrop.verdicts.pairs import parse_pair
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
