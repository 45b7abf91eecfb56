"""What is read of a judge's text: its end, and of runs no more than anybody writes."""

import pytest

from evaldrop.evaluation.criteria import Scale
from evaldrop.verdicts.scores.parsing import parse_score
from evaldrop.verdicts.wording import MOST_READ, visible_text, without_runs

SCALE = Scale.between(1, 5)


def test_of_a_reply_without_end_the_end_is_read_from_a_whole_line():
    text = "It is good.\n" * 10_000 + "Score: 4"
    seen = visible_text(text)
    assert len(seen) <= MOST_READ
    assert seen.startswith("It is good.\n")
    assert parse_score(text, SCALE).value == 4
    assert parse_score("Score: 4\n" + "It is good.\n" * 10_000, SCALE).reason == "no_verdict"


def test_thoughts_do_not_count_for_its_length():
    assert parse_score(f"Score: 4\n<think>{'so ' * 50_000}</think>", SCALE).value == 4


def test_a_reply_of_any_usual_length_is_read_whole():
    text = "Score: 4\n" + "x" * (MOST_READ - 9)
    assert visible_text(text) == text


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("a" + " " * 16 + "b", "a" + " " * 16 + "b"),
        ("a" + " " * 5000 + "b", "a" + " " * 16 + "b"),
        ("a" + "\n" * 5000 + "b", "a\n\nb"),
        ("a" + " \n" * 5000 + "    b", "a\n\n    b"),
        ("=" * 5000, "=" * 40),
        ("1" * 40, "1" * 40),
        ("Score: " + "1" * 41, "Score: …"),
        ("a" * 5000, "a" * 5000),
    ],
)
def test_runs_are_shortened_and_lines_stay_lines(text, short):
    assert without_runs(text) == short


def test_a_reply_in_json_may_speak_of_channels():
    assert parse_score('{"rationale": "it writes <|channel|>", "score": 4}', SCALE).value == 4
