"""One line of a text that may hold anything."""

import pytest

from evaldrop.one_line import one_line


@pytest.mark.parametrize(("text", "line"), [
    ("as it is", "as it is"), (" two\r\n lines\t", "two lines"), ("a\x1b[2Jb\x00\u2028c\u202e", "a [2Jb c"),
    ("grün 𝛼 🙂", "grün 𝛼 🙂"), ("", ""),
])  # fmt: skip
def test_breaks_and_controls_become_a_space(text, line):
    assert one_line(text) == line


def test_a_long_line_is_cut_to_its_limit():
    assert one_line("x" * 10, 10) == "x" * 10
    assert one_line("x" * 11, 10) == "xxxxxxxx …"
