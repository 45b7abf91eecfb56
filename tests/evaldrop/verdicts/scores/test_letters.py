"""Letters: one that is the answer counts, one inside a word never does."""

import pytest

from evaldrop.verdicts.scores.letters import parse_yes_no
from evaldrop.verdicts.verdict import Reading

LONG = "The submission explains each step and names its sources plainly enough for a reader to follow. " * 4

LETTERS = [
    ("Y", True),
    ("N", False),
    ("y", True),
    ("Yes", True),
    ("No.", False),
    ("Step by step.\nThe criterion is met.\n\nY\n\nY", True),
    ("Step by step.\nThe criterion is not met.\n\nN\nN", False),
    ("**Y**", True),
    ('"N"', False),
    ("(Y)", True),
    ("Y\nThe submission is short.", True),
    (LONG + "\nY", True),
    (LONG + " Y", True),
    (LONG + " The answer is N.", False),
    ("Final answer: Y", True),
    ("The verdict is: N, as it rambles on", False),
    ("Yes. It is short.", True),
    ("No, it rambles.", False),
    ("Y - it is short", True),
    ("```\nN\n```", False),
    ("1. Short? Yes\n2. Plain? Yes\n\nN", False),
]

NO_LETTER = [
    ("certainly", "no_verdict"),
    ("The submission is concise, certainly", "no_verdict"),
    ("It is on.", "no_verdict"),
    ("Hungary", "no_verdict"),
    ("Question", "no_verdict"),
    ("", "no_verdict"),
    ("Y or N?", "no_verdict"),
    ("Y/N", "no_verdict"),
    ("No one can say", "no_verdict"),
    ("Vitamin N", "no_verdict"),
    ("Y\nN", "ambiguous"),
    ("Reasoning.\nY\n\nOn reflection:\nN", "ambiguous"),
    ("N/A", "not_applicable"),
    ("I'm sorry, I cannot assess this.", "refused"),
]


@pytest.mark.parametrize(("text", "yes"), LETTERS)
def test_a_letter_on_its_own_is_read(text, yes):
    assert parse_yes_no(text) == Reading(yes)


@pytest.mark.parametrize(("text", "reason"), NO_LETTER)
def test_no_letter_is_made_up(text, reason):
    assert parse_yes_no(text) == Reading(None, reason)


def test_a_reply_cut_before_its_letter_is_truncated():
    assert parse_yes_no(LONG, truncated=True) == Reading(None, "truncated")
