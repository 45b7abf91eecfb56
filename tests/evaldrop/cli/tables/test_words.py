"""Two texts as one, with the words that differ."""

import random

import pytest

from evaldrop.cli.tables.words import in_one, styled
from evaldrop.report.word_differences import word_differences


def as_one(first, second):
    return styled(in_one(*word_differences(first, second)), has_colour=False).plain


@pytest.mark.parametrize(
    ("first", "second", "shown"),
    [
        ("Answer in four words.", "Answer in two words.", "Answer in [-four-]{+two+} words."),
        ("Answer.", "Answer. Be kind.", "Answer.{+ Be kind.+}"),
        ("Be kind. Answer.", "Answer.", "[-Be kind. -]Answer."),
        ("same", "same", "same"),
        ("", "all new", "{+all new+}"),
        ("", "", "(blank)"),
    ],
)
def test_what_is_gone_stands_before_what_is_new(first, second, shown):
    assert as_one(first, second) == shown


def test_both_texts_are_in_it_whole_whatever_they_are():
    draw = random.Random(7)
    for _ in range(200):
        first, second = (" ".join(draw.choices("a b c . (x) y", k=draw.randint(0, 12))) for _ in range(2))
        stretches = list(in_one(*word_differences(first, second)))
        assert "".join(each.text for each in stretches if each.kind != "new") == first
        assert "".join(each.text for each in stretches if each.kind != "gone") == second
