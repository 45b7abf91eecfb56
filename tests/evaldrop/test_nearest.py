"""What was probably meant by a mistyped word."""

import pytest

from evaldrop.nearest import did_you_mean, nearest

NAMES = ["latest", "support-answers", "faq", "--limit", "Haiku"]


@pytest.mark.parametrize(("word", "meant"), [
    ("suport", "support-answers"),
    ("fag", "faq"),
    ("--limt", "--limit"),
    ("haiko", "Haiku"),
    ("LATE", "latest"),
])  # fmt: skip
def test_the_nearest_name_is_found_whole_or_by_its_beginning(word, meant):
    assert nearest(word, NAMES) == [meant]
    assert did_you_mean(word, NAMES) == f" Did you mean {meant}?"


@pytest.mark.parametrize("word", ["", "q", "nobody", "x" * 100_000])
def test_what_is_like_nothing_is_given_no_guess(word):
    assert did_you_mean(word, NAMES) == ""
