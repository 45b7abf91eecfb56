"""Every report answers on its first line which candidate to ship, and then has a line per candidate."""

import re
from xml.etree.ElementTree import fromstring

import pytest

from evaldrop.report.junit import junit_report
from evaldrop.report.markdown import markdown_report
from evaldrop.scorecard.read import read_run
from evaldrop.scorecard.recommendation import recommendation_of
from evaldrop.steps.build_scorecard.build import build_scorecard
from tests.evaldrop.run_folders import record, response, row, run_json, write_run
from tests.evaldrop.scorecard.recommendation.cards import candidate, pair, scorecard

SAID = (
    "Ship haiku: nobody is shown to be better (if at all, by at most 0.05), "
    "and sonnet costs 2.4 times as much."
)


@pytest.fixture
def card():
    ones = {"haiku": candidate(0.80, cost=1.0), "sonnet": candidate(0.81, cost=2.4)}
    return scorecard(ones, [pair("haiku", "sonnet", -0.01)])


def test_summary_md_has_it_first(card):
    first, _, gate, *rest = markdown_report(card).splitlines()
    heading, _, *rows = rest[next(at for at, line in enumerate(rest) if line.startswith("|")) :]
    assert first == f"**{SAID}**"
    assert gate == "**Gate: none was set** · [report](report.html) · support"
    assert heading == "| candidate | overall (95 %) | USD/1,000 | p90 | gate |"
    assert rows[0] == "| **haiku** | 0.80 (0.77–0.83) | $1.00 | 200 ms | no gate |"


def test_junit_has_it_first(card):
    root = fromstring(junit_report(card))
    assert root.find("testsuite/system-out").text.splitlines()[0] == SAID


def test_names_in_it_are_inert(card):
    name = "<img src=x onerror=alert(1)> [a](http://b) @team"
    ones = {name: candidate(0.80, cost=1.0), "sonnet": candidate(0.81, cost=2.4)}
    hostile = scorecard(ones, [pair(name, "sonnet", -0.01)])
    text = markdown_report(hostile)
    assert "<img" not in text
    assert "[a](" not in text
    assert "@team" not in text
    root = fromstring(junit_report(hostile))
    assert "<img" in root.find("testsuite/system-out").text


def test_a_scorecard_of_before_recommendations_is_asked_now(card):
    assert card.recommendation is None
    assert recommendation_of(card).reason == SAID


def test_a_real_run_has_it_in_every_file_and_typed(tmp_path):
    folder = tmp_path / "support" / "run-1"
    records = [record(f"r{n}") for n in range(40)]
    rows = [
        row(
            f"r{n}",
            response("lite", scores={"correctness": 0, "tone": 2}),
            response("haiku", scores={"correctness": 1, "tone": 5}),
        )
        for n in range(40)
    ]
    write_run(folder, run=run_json(), records=records, succeeded=rows)
    built = build_scorecard(str(folder))
    said = built.recommendation.reason
    assert said.startswith("Ship haiku: it is better than lite by ")
    read = read_run(str(folder)).scorecard.recommendation
    assert read == built.recommendation
    assert [(one.candidate, one.standing) for one in read.ranking] == [("haiku", "chosen"), ("lite", "worse")]
    assert (folder / "summary.md").read_text().startswith(f"**{said}**")
    page = (folder / "report.html").read_text()
    body = re.sub(r"<[^>]+>", " ", page[page.index("<body>") :]).split(None, 8)
    assert body[:8] == said.split(None, 8)[:8]


def test_an_interval_of_dollars_is_no_formula_on_github(card):
    cost = card.candidates["haiku"].cost_usd.model_copy(update={"per_1000_interval": (0.9, 1.1)})
    cards = card.candidates | {"haiku": card.candidates["haiku"].model_copy(update={"cost_usd": cost})}
    text = markdown_report(card.model_copy(update={"candidates": cards}))
    assert "| &#36;0.90–&#36;1.10 |" in text
    assert not re.search(r"\$[^|\n]*\$", text)
