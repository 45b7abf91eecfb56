"""`summary.md` fits a comment: what counts first, narrow tables, no place, 65,536 characters at most."""

import pytest

from evaldrop.errors import InputError
from evaldrop.report.markdown import MOST_CHARACTERS, checked_url, markdown_report
from evaldrop.scorecard.model.scorecard import GateCheck, SliceComparisons
from evaldrop.scorecard.read import read_run
from tests.browser.pages import write_baseline, write_varied


@pytest.fixture(scope="module")
def card(tmp_path_factory):
    evaluation = tmp_path_factory.mktemp("home") / "someone" / "runs" / "support"
    baseline = write_baseline(evaluation / "run-0")
    return read_run(write_varied(evaluation / "run-1", baseline=baseline)).scorecard


def grown(card, *, candidates, criteria, slices=0, name=""):
    """A scorecard with as many of everything, their numbers those of the first."""
    info, failed = card.criteria["correctness"], card.failure_groups["correctness"]
    named = [f"candidate {number}{name}" for number in range(candidates)]
    asked = [f"criterion {number}{name}" for number in range(criteria)]
    known = dict.fromkeys(asked, card.candidates["lite"].criteria["correctness"])
    one = card.candidates["lite"].model_copy(update={"criteria": known})
    pairs = tuple(
        card.comparisons[0].model_copy(
            update={"a": a, "b": b, "criterion": criterion, "decisive": True, "better": a}
        )
        for criterion in asked
        for a in named
        for b in named
        if a < b
    )
    checks = [
        GateCheck(expression=f"{criterion}.mean > 1", decision="fail", sentence=f"{who}: {'word ' * 300}")
        for criterion in asked
        for who in named
    ]
    groups = tuple(
        group.model_copy(update={"candidates": dict.fromkeys(named, 3)}) for group in failed.groups
    )
    return card.model_copy(
        update={
            "candidates": dict.fromkeys(named, one),
            "criteria": dict.fromkeys(asked, info),
            "comparisons": pairs,
            "slices": {f"slice {n}": SliceComparisons(n=50, comparisons=pairs[:20]) for n in range(slices)},
            "gate": card.gate.model_copy(update={"decision": "fail", "checks": tuple(checks)}),
            "alarms": ("An alarm *said* " * 200,) * 30,
            "hints": ("A hint. " * 400,) * 60,
            "failure_groups": dict.fromkeys(asked, failed.model_copy(update={"groups": groups})),
            "recommendation": None,
            "baseline": None,
        }
    )  # fmt: skip


def test_what_to_ship_what_fell_the_gate_and_the_report_come_first(card):
    blocks = markdown_report(card).split("\n\n")
    assert blocks[0] == f"**{card.recommendation.reason}**"
    assert blocks[1].splitlines()[0].startswith("> - ❌ **lite is worse than the blessed run**: ")
    assert blocks[2] == "**Gate: none was set** · [report](report.html) · support"
    assert blocks[4].startswith("| candidate |")
    assert blocks[5].startswith("**Why ")


def test_it_says_why_the_candidate_that_counts_failed(card):
    text = markdown_report(card)
    assert "**Why haiku failed**, by what judges wrote\n\n- correctness: " in text


def test_no_place_of_this_machine_or_account_is_in_it(card):
    here = card.baseline.uri.rsplit("/", 3)[0]
    said = (
        f"{here}/run-0/scores.parquet is not there",
        f"It said: C:\\Users\\me\\f.txt, s3://bucket/{'k/' * 3}x.jsonl",
    )
    dataset = card.dataset.model_copy(update={"uri": f"{here}/data/faq.jsonl"})
    text = markdown_report(card.model_copy(update={"dataset": dataset, "alarms": said}))
    assert here not in text
    assert "someone" not in text
    assert "dataset faq.jsonl" in text
    assert "⚠️ scores.parquet is not there" in text
    assert "It said: f.txt, x.jsonl" in text


@pytest.mark.parametrize(("candidates", "criteria", "slices", "name"), [
    (12, 10, 500, ""), (12, 10, 500, " |*_" * 20), (3, 6, 2, ""), (1, 1, 0, "x" * 5_000),
])  # fmt: skip
def test_it_never_has_more_than_a_comment_holds(card, candidates, criteria, slices, name):
    large = grown(card, candidates=candidates, criteria=criteria, slices=slices, name=name)
    text = markdown_report(large)
    assert len(text) <= MOST_CHARACTERS
    assert text.count("<details>") == text.count("</details>")
    assert text.endswith("</sub>\n")


def test_what_is_left_out_is_said(card):
    assert "does not fit into a comment" in markdown_report(
        grown(card, candidates=12, criteria=10, slices=500)
    )
    assert "does not fit into a comment" not in markdown_report(card)


def widths(text):
    """Return about how many pixels each table takes on GitHub."""
    found, width = [], 0
    for line in text.splitlines():
        if line.startswith("| "):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            width = max(
                width, sum(max(map(len, cell.replace("**", "").split("<br>"))) * 7.6 + 27 for cell in cells)
            )
        elif width and not line:
            found, width = [*found, width], 0
    return found


@pytest.mark.parametrize(("candidates", "criteria"), [(2, 2), (3, 6), (6, 5), (12, 10)])
def test_tables_are_narrow_enough_for_a_comment(card, candidates, criteria):
    text = markdown_report(grown(card, candidates=candidates, criteria=criteria))
    assert max(widths(text)) <= 880 * 1.2


def test_of_few_candidates_and_many_criteria_the_criteria_go_down(card):
    text = markdown_report(grown(card, candidates=3, criteria=6))
    assert "| criterion | candidate 0 | candidate 1 | candidate 2 |" in text


def test_the_link_is_the_report_where_it_will_be_read(card):
    text = markdown_report(card, checked_url("https://ci.example/runs/7/report.html?a=(1)&b=<2>"))
    assert "[report](https://ci.example/runs/7/report.html?a=%281%29&b=%3C2%3E)" in text


@pytest.mark.parametrize("url", [
    "javascript:alert(1)", "ftp://a/b", "report.html", "https://", "https://a b", "http://a\u202eb", "http://[",
    "https://a/" + "x" * 2_000, "https://ann:secret@ci.example/report.html",
])  # fmt: skip
def test_only_a_page_on_the_web_is_linked(url):
    with pytest.raises(InputError, match="--report-url: give an http"):
        checked_url(url)
