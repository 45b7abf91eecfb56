"""What a terminal shows first."""

import io

import pytest
from rich.console import Console

from evaldrop.cli.tables.scorecard import print_recommendation, print_scorecard
from evaldrop.scorecard.model.scorecard import Gate
from tests.evaldrop.scorecard.recommendation.cards import candidate, gate, pair, scorecard, since


def printed(show, card, width=80):
    console = Console(file=io.StringIO(), width=width, highlight=False)
    show(console, card)
    return console.file.getvalue()


def many(n):
    """So many candidates with long names, a gate and a blessed run; those beside the first cost more."""
    names = [f"anthropic-claude-{place}" for place in range(n)]
    return scorecard(
        {
            name: candidate(0.8 - place / 100, cost=12.345 * (place + 1), p90=12_345.0)
            for place, name in enumerate(names)
        },
        [pair(a, b, 0.0) for place, a in enumerate(names) for b in names[place + 1 :]],
        gate=gate(**dict.fromkeys(names, "inconclusive")),
        baseline=since(dict.fromkeys(names, (-0.123, "undecided")), width=0.3),
    )


@pytest.mark.parametrize("n", [2, 6, 12])
def test_the_answer_and_a_line_per_candidate_fit_a_screen(n):
    text = printed(print_recommendation, many(n))
    lines = text.splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert lines[0].startswith("Not decided: ")
    (start,) = [place for place, line in enumerate(lines) if line.startswith("candidate ")]
    rows = [line for line in lines[start + 1 :] if "$" in line]
    assert start + 1 + len(rows) <= 24
    assert len(rows) == n
    for line in rows:
        assert "(0." in line
        assert "12.3 s" in line
        assert "inconclusive" in line
        assert "−0.12 open" in line


def test_few_names_go_on_several_lines_and_many_are_cut_and_told_below():
    few, crowd = (printed(print_recommendation, many(n)) for n in (3, 12))
    assert "anthropic-     0.80" in few
    assert "\nclaude-0 " in few
    rows = [line.split()[0] for line in crowd.splitlines() if "$" in line]
    assert len(set(rows)) == 12
    for place, cut in enumerate(rows):
        assert f"{cut} is anthropic-claude-{place}\n" in crowd


def test_the_first_line_says_what_to_ship():
    card = scorecard(
        {"haiku": candidate(0.80, cost=1.0), "sonnet": candidate(0.81, cost=2.4)},
        [pair("haiku", "sonnet", -0.01)],
    )
    lines = printed(print_scorecard, card, 120).splitlines()
    assert lines[0].startswith("Ship haiku: nobody is shown to be better")
    assert lines[2].split() == ["haiku", "0.80", "(0.77–0.83)", "$1.00", "200", "ms", "no", "gate"]


def test_without_rules_no_gate_has_passed():
    card = scorecard({"haiku": candidate()}, gate=Gate(decision="pass", reasons=("no gate",)))
    text = printed(print_scorecard, card)
    assert "gate: no gate" in text
    assert "pass" not in text.split("gate: no gate")[1]


def test_names_and_rules_are_shown_and_not_obeyed():
    card = scorecard({"[red]a[/red]": candidate()}, gate=gate(**{"[red]a[/red]": "pass"}))
    assert "Ship [red]a[/red]: it passes the gate." in printed(print_recommendation, card)
