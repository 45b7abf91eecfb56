"""Reports over one scorecard: self-contained, inert, and honest about simulation."""

import base64
import csv
import gzip
import hashlib
import io
import json
import re
from html.parser import HTMLParser
from typing import NamedTuple
from xml.etree import ElementTree as ET

import pytest

from evaldrop import storage
from evaldrop.report import page as page_module
from evaldrop.steps.build_scorecard.build import build_scorecard
from tests.evaldrop.run_folders import CORRECTNESS, TONE, record, response, row, run_json, write_run

GOOD = {"correctness": 1, "tone": 5}
HOSTILE = '</script><script>alert(1)</script><img src=x onerror="alert(1)">'
TEXTS = ("report.html", "summary.md", "scorecard.csv", "junit.xml")


class ReportRow(NamedTuple):
    ordinal: int
    flags: int
    id: str
    category: str | None
    prompt: str
    system: str | None
    context: str | None
    reference: list[str]
    answers: list[list]
    metadata: object = None
    preferences: object = None
    dataset_fields: object = None


class Page(HTMLParser):
    """What a browser would find: elements, attributes, and the text of scripts and styles."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.text, self.chunks, self.inside = [], {}, [], None
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self.inside = (tag, dict(attrs).get("type"))
            if dict(attrs).get("class") == "chunk":
                self.inside = "chunk"

    def handle_endtag(self, tag):
        self.inside = None

    def handle_data(self, data):
        if self.inside == "chunk":
            self.chunks.append(data)
        elif self.inside:
            self.text.setdefault(self.inside, []).append(data)


@pytest.fixture
def build(tmp_path):
    """Return a function that builds a run of some rows and returns its files' texts."""

    def write(records, rows, **run):
        folder = str(tmp_path / "support" / "run-1")
        write_run(folder, run=run_json(**run), records=records, succeeded=rows)
        build_scorecard(folder)
        return {name: storage.read_bytes(storage.join(folder, name)).decode() for name in TEXTS}

    return write


@pytest.fixture
def plain(build):
    gate = ["correctness.pass_rate >= 0.99", "cost_usd < 5", "cost_usd < 0.01"]
    records = [record(f"r{n}", category="billing" if n % 2 else "returns") for n in range(12)]
    rows = [
        row(
            f"r{n}",
            response("lite", scores={"correctness": n % 3 > 0, "tone": 3}),
            response("haiku", scores=GOOD),
        )
        for n in range(12)
    ]
    return build(records, rows, evaluation={"gate": gate, "metrics": ["exact_match"]})


def rows_of(page):
    return [
        ReportRow(*entry)
        for text in page.chunks
        for entry in json.loads(gzip.decompress(base64.b64decode(text)))
    ]


def test_the_page_loads_nothing(plain):
    page = Page(plain["report.html"])
    loading = [
        tag
        for tag, attributes in page.elements
        if tag == "link" or {"src", "srcset", "data"} & set(attributes)
    ]
    assert loading == []
    assert "http://" not in plain["report.html"]
    assert "https://" not in plain["report.html"]
    assert "@import" not in plain["report.html"]


def test_the_policy_lets_only_this_style_and_script_run(plain):
    page = Page(plain["report.html"])
    (policy,) = [a["content"] for tag, a in page.elements if tag == "meta" and "http-equiv" in a]
    (style,), (script,) = page.text["style", None], page.text["script", None]
    for kind, text in (("style", style), ("script", script)):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy


def test_no_element_has_a_style_or_a_handler_of_its_own(plain):
    for _, attributes in Page(plain["report.html"]).elements:
        assert not [name for name in attributes if name == "style" or name.startswith("on")]


def test_the_page_says_the_verdict_the_gate_the_dataset_and_the_losses(plain):
    html = plain["report.html"]
    for words in (
        "haiku is better than lite by",
        "faq.jsonl",
        "Coverage",
        "cost_usd &lt; 5",
        "2026-11-21 09:00",
        "evaldrop run data/faq.jsonl",
    ):
        assert words in html
    assert "SIMULATED" not in html


def test_the_page_carries_every_record_with_responses_and_verdicts(plain):
    carried = rows_of(Page(plain["report.html"]))
    assert [entry.id for entry in sorted(carried)] == [f"r{n}" for n in range(12)]
    first = next(entry for entry in carried if entry.id == "r1")
    text, *_, metrics, verdicts, signs, is_wrong, drops = first.answers[0]
    assert (text, metrics, signs, is_wrong, drops) == ("an answer", [0.0], None, False, [])
    assert verdicts[0] == [0, 0, 1.0, True, None, "because", 0]


def test_hostile_text_is_inert_in_every_report(build):
    hostile = {**CORRECTNESS, "question": HOSTILE}
    records = [
        record(f"{HOSTILE}{n}", category=HOSTILE, prompt=HOSTILE, reference=[HOSTILE]) for n in range(3)
    ]
    rows = [
        row(f"{HOSTILE}{n}", response("lite", HOSTILE, GOOD), response("haiku", HOSTILE, GOOD))
        for n in range(3)
    ]
    dataset = {**run_json()["dataset"], "uri": f"data/{HOSTILE}", "notes": [HOSTILE]}
    texts = build(records, rows, criteria=[hostile, TONE], dataset=dataset)
    page = Page(texts["report.html"])
    scripts = [attributes.get("type") for tag, attributes in page.elements if tag == "script"]
    assert scripts == [*["application/json"] * 3, "text/plain", "text/plain", None]
    assert not [tag for tag, _ in page.elements if tag == "img"]
    assert "alert(1)" not in page.text["script", None][0]
    assert rows_of(page)[0].answers[0][0] == HOSTILE
    assert "<script" not in texts["summary.md"]
    assert "<img" not in texts["summary.md"]
    assert ET.fromstring(texts["junit.xml"]).tag == "testsuites"


def test_a_formula_as_a_name_is_no_formula_in_the_csv(build):
    rows = [row("r1", response("lite", scores=GOOD))]
    texts = build([record("r1")], rows, run_id="=HYPERLINK(1)")
    cells = list(csv.DictReader(io.StringIO(texts["scorecard.csv"])))
    assert {line["run_id"] for line in cells} == {"'=HYPERLINK(1)"}


def test_the_csv_has_a_row_per_candidate_and_criterion(plain):
    lines = list(csv.DictReader(io.StringIO(plain["scorecard.csv"])))
    assert [(line["candidate"], line["criterion"]) for line in lines] == [
        ("lite", "correctness"), ("lite", "tone"), ("haiku", "correctness"), ("haiku", "tone"),
    ]  # fmt: skip
    assert float(lines[0]["pass_rate"]) == pytest.approx(8 / 12)
    assert lines[0]["run"] == "real"


def test_junit_has_a_testcase_per_judgement_of_the_gate(plain):
    suite = ET.fromstring(plain["junit.xml"]).find("testsuite")
    cases = {case.get("name"): [child.tag for child in case] for case in suite.findall("testcase")}
    # lite: 8 of 12 fails for sure; haiku: 12 of 12 reaches from 0.76 to 1
    assert cases == {
        "correctness.pass_rate >= 0.99 · lite": ["failure"],
        "correctness.pass_rate >= 0.99 · haiku": ["skipped"],
        "cost_usd < 5": [],
        "cost_usd < 0.01": ["failure"],
    }
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("4", "2", "1")


def test_the_summary_has_gate_scores_and_pairs(plain):
    text = plain["summary.md"]
    assert "**Gate: ❌ failed**" in text
    assert "| candidate | overall | correctness | tone |" in text
    assert "<details><summary>Pairs of candidates</summary>" in text
    assert "12 of 12" in text


def test_every_text_of_a_simulated_run_says_so(build):
    texts = build([record("r1")], [row("r1", response("lite", scores=GOOD))], simulated=True)
    assert all("SIMULATED" in text for text in texts.values())


def test_a_run_without_judges_still_has_all_reports(build):
    texts = build([record("r1", judges=())], [row("r1", response("lite"))],
                  criteria=[], evaluation={"judges": [], "criteria": []})  # fmt: skip
    assert "No criterion was judged." in texts["report.html"]
    assert "This evaluation has no judge." in texts["report.html"]


def test_slices_too_small_to_read_say_so_and_have_no_colour(plain):
    cells = re.findall(
        r'<td class="few">(?:(?!</td>).)*<small class="block">6: too few to read</small>',
        plain["report.html"],
    )
    # 2 categories of 6 records, 2 candidates, 2 criteria
    assert len(cells) == 8
    assert not re.findall(r'<td class="h\d', plain["report.html"])


def test_the_summary_of_a_large_evaluation_fits_a_pull_requests_comment(build):
    from tests.evaldrop.run_folders import LITE

    names = [f"candidate-number-{n}" for n in range(12)]
    evaluation = {"candidates": [{"name": name, "model": LITE} for name in names]}
    records = [record(f"r{n}", category=f"category {n % 6}") for n in range(12)]
    rows = [
        row(f"r{n}", *(response(name, "x" * (place + n), GOOD) for place, name in enumerate(names)))
        for n in range(12)
    ]
    summary = build(records, rows, evaluation=evaluation)["summary.md"]
    assert len(summary) < 65_536
    # 66 pairs, two criteria and overall
    assert "… and 158 more; scorecard.json has them all." in summary


def test_a_template_is_compiled_once_and_a_place_that_cannot_be_written_does_no_harm(tmp_path, monkeypatch):
    place = tmp_path / "kept"
    monkeypatch.setattr("sys.dont_write_bytecode", False)
    monkeypatch.setattr(page_module._CompiledTemplates, "_place", lambda _, bucket: place / bucket.key)
    for _ in range(2):
        page_module._environment.cache_clear()
        page_module.template("history.html.j2")
        assert len(list(place.iterdir())) == 1
    (tmp_path / "file").write_text("no folder")
    place = tmp_path / "file" / "kept"
    page_module._environment.cache_clear()
    assert page_module.template("history.html.j2") is not None
    page_module._environment.cache_clear()
