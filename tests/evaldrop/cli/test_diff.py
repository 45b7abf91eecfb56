"""`evaldrop diff`: two runs side by side on a terminal, as JSON and as a page."""

import json

import pytest

from evaldrop.cli import main
from tests.evaldrop.report.test_two_runs import write

LONG = "and so on, and on, " * 40
ESCAPE = "\x1b[31mred\u202e"


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """One record scores worse, one has another text, one is the same."""
    out = tmp_path_factory.mktemp("runs")
    long = f"days. {LONG} Bye."
    then = {"r1": (f"It takes three {long}", 1, 5), "r2": ("[bold]yes[/x]", 1, 5), "r3": ("c", 1, 5)}
    now = {**then, "r1": (f"It takes five {long}", 0, 5), "r2": (f"[bold]no[/x] {ESCAPE}", 1, 5)}
    return write(out, "run-2", now), write(out, "run-1", then)


@pytest.fixture
def said(runs, capsys, monkeypatch):
    """Return a function that gives what the command prints at a width."""

    def run(*arguments, width=200):
        monkeypatch.setenv("COLUMNS", str(width))
        assert main(["diff", *runs, *arguments]) == 0
        return capsys.readouterr().out

    return run


@pytest.mark.parametrize("width", [80, 120, 200])
def test_answers_stand_side_by_side_with_the_words_that_differ(said, width):
    lines = said(width=width).splitlines()
    assert max(map(len, lines[2:])) <= width
    text = "\n".join(lines)
    assert "correctness 1 → 0  worse" in text
    assert "because of It takes five days" in text
    (both,) = [line for line in lines if "It takes [-three-]" in line]
    assert "It takes {+five+}" in both
    # What both say is folded where it is long, and told once where all of it is the same.
    assert "[…" in text
    assert text.count("so") < 60
    assert "both the same" in text


def test_texts_of_models_are_shown_and_do_nothing(said):
    text = said("--record", "r2")
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "[bold]{+no+}[/x]{+ \\x1b[31mred\\u202e+}" in " ".join(text.split())


def test_what_is_asked_for_is_shown_and_the_rest_is_counted(said):
    assert "and 2 more: --limit 3 shows all" in said("--limit", "1")
    text = said("--only", "worse")
    assert "r1 · lite" in text
    assert "r2 · lite" not in text
    assert said("--record", "r1").count("so") >= 80, "alone it is whole, twice"
    assert "nothing is like that" in said("--only", "better")


def test_scripts_get_a_document(said):
    content = json.loads(said("--json", "--only", "changed"))
    assert [found["record_id"] for found in content["responses"]] == ["r1", "r2"]
    assert content["comparison"]["records"] == 3
    assert content["responses"][0]["scores"][0]["change"] == "worse"


def test_a_page_is_written_and_opened(said, tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    page = tmp_path / "of two.html"
    assert str(page) in said("--html", str(page), "--open")
    assert opened == [page.as_uri()]
    assert "Content-Security-Policy" in page.read_text()


@pytest.mark.parametrize(("arguments", "words"), [
    (["--record", "r9"], "--record r9: not in both runs."),
    (["--json", "--open"], "Choose one."),
    (["--only", "else"], "changed"),
    (["--limit", "0"], "--limit"),
])  # fmt: skip
def test_wrong_use_is_64_with_a_sentence(runs, capsys, arguments, words):
    assert main(["diff", *runs, *arguments]) == 64
    assert words in capsys.readouterr().err


def test_what_is_no_run_is_64_too(runs, capsys, tmp_path):
    assert main(["diff", runs[0], str(tmp_path)]) == 64
    assert "It is a folder of no run." in capsys.readouterr().err
