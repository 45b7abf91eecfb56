"""The words in which two texts differ."""

import pytest

from evaldrop.report import word_differences as module
from evaldrop.report.word_differences import word_differences


def told(first, second):
    """Both texts with what differs in brackets."""
    sides = word_differences(first, second)
    return tuple(
        "".join(part.text if part.kind == "same" else f"[{part.text}]" for part in side) for side in sides
    )


@pytest.mark.parametrize(("first", "second", "marked"), [
    ("", "", ("", "")),
    ("it takes 3 days", "it takes 3 days", ("it takes 3 days", "it takes 3 days")),
    ("it takes 3 days", "it takes 5 days", ("it takes [3] days", "it takes [5] days")),
    ("a b c", "a c", ("a [b ]c", "a c")),
    ("a b c d", "c d a b", ("[a b ]c d", "c d[ a b]")),
    ("", "new", ("", "[new]")),
    ("日本 語", "日本 人", ("日本 [語]", "日本 [人]")),
])  # fmt: skip
def test_what_differs_is_marked_in_both(first, second, marked):
    assert told(first, second) == marked


def test_nothing_of_a_text_is_lost():
    first, second = "the cat\n\n sat — on 12.5 %, twice", "a cat sat\n on  the mat 12.6 %"
    sides = word_differences(first, second)
    assert tuple("".join(part.text for part in side) for side in sides) == (first, second)


def test_texts_too_long_for_words_are_compared_by_lines(monkeypatch):
    monkeypatch.setattr(module, "MOST_CELLS", 20)
    assert told("one two\nthree four\n", "one two\nthree five\n") == (
        "one two\n[three four\n]",
        "one two\n[three five\n]",
    )
