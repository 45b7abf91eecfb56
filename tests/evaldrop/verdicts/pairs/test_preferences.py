"""Choices and preferences: a whole answer counts, and one on a single aspect does not."""

import pytest

from evaldrop.evaluation.criteria import Scale
from evaldrop.evaluation.criteria.scales import Point
from evaldrop.verdicts import TIE, JudgeReply, read_preference
from evaldrop.verdicts.scores.parsing import parse_score
from evaldrop.verdicts.verdict import Reading

LONG = "The submission explains each step and names its sources plainly enough for a reader to follow. " * 4

PREFERENCES = [
    ("[[A]]", "A"),
    ("My final verdict is: [[B]]", "B"),
    ("[[C]]", TIE),
    ("[[A>>B]]", "A"),
    ("[[B>A]]", "B"),
    ("[[A<B]]", "B"),
    ("[[A=B]]", TIE),
    ("A", "A"),
    ("B.", "B"),
    ("Tie", TIE),
    ("Winner: B", "B"),
    ("Winner: Assistant B", "B"),
    ("Verdict: A", "A"),
    ("**Verdict: tie**", TIE),
    ('{"winner": "A"}', "A"),
    ('{"winner": "assistant_b"}', "B"),
    ('{"preferred": "B", "reason": "shorter"}', "B"),
    ('{"verdict": "tie"}', TIE),
    ("Therefore, Output (A) is better.", "A"),
    ("Response B is clearly better because it is shorter.", "B"),
    ("Assistant A is the better one.", "A"),
    ("I would choose Response B.", "B"),
    ("The better response is Response A.", "A"),
    (
        "In terms of length, Output (A) is better. Hence, on the whole, Output (B) is better.",
        "B",
    ),
    ("Output (A) is better at rhymes. Output (B) is better.", "B"),
    ("While Output (A) is better, it is too long. Therefore, Output (B) is better.", "B"),
    ("If brevity counts, Output (A) is better. Therefore, Output (B) is better.", "B"),
    ("Output (A) is not better, and Output (B) is better.", "B"),
    ("Therefore, Output (A) is better as it tells whether the sum is right.", "A"),
    ("Both are equally good.", TIE),
    ("It is a tie.", TIE),
    ("Neither Output (A) nor Output (B) is better.", TIE),
    ("<answer>B</answer>", "B"),
]

NO_PREFERENCE = [
    ("", "no_verdict"),
    ("Output (A) is better at rhymes.", "no_verdict"),
    ("A good response names its sources.", "no_verdict"),
    ("# Output (A):\n\n" + LONG, "no_verdict"),
    ("Therefore, Output (A)", "no_verdict"),
    ("Output (B) is better.\n\nOutput (A) is better because it is shorter.", "ambiguous"),
    ("[[A]] [[B]]", "ambiguous"),
    ("I cannot compare these responses.", "refused"),
]


def parse_preference(text, names=("A", "B"), *, tie=True):
    said = read_preference(JudgeReply(text=text), names, tie=tie)
    called = {"first": names[0], "second": names[1], "tie": TIE, None: None}
    return Reading(called[said.place], said.unscored_reason)


@pytest.mark.parametrize(("text", "preferred"), PREFERENCES)
def test_a_preference_is_read(text, preferred):
    assert parse_preference(text) == Reading(preferred)


@pytest.mark.parametrize(("text", "reason"), NO_PREFERENCE)
def test_a_preference_is_never_guessed(text, reason):
    assert parse_preference(text) == Reading(None, reason)


@pytest.mark.parametrize("text", ["[[C]]", "[[A=B]]", "Tie", "Both are equally good."])
def test_a_tie_that_was_not_offered_is_no_verdict(text):
    assert parse_preference(text, tie=False) == Reading(None, "no_verdict")


def test_names_other_than_letters_are_returned_as_given():
    assert parse_preference("Therefore, Output (b) is better.", ("a", "b")) == Reading("b")
    assert parse_preference("Response 2 is better.", ("1", "2")) == Reading("2")


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("2\nResponse 2 answers the question that was asked.", 1),
        ("1\n\n" + LONG, 0),
        ("Tie\nBoth say the same.", 2),
        ("tie", 2),
        ("Answer: 2", 1),
        ("3\nNeither.", None),
        ("Response 2 has 1 mistake.", None),
    ],
)
def test_a_choice_is_on_the_menu_or_none(text, chosen):
    menu = [Point(value=float(place), label=label) for place, label in enumerate(("1", "2", "Tie"))]
    assert parse_score(text, Scale.of_choices(*menu)).value == chosen
