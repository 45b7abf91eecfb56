"""The history's page: derived from one small object per run and the baseline of every evaluation."""

import base64
import gzip
import json
import re
from urllib.parse import urljoin

import pytest

from evaldrop import storage
from evaldrop.cli.dispatch import main
from evaldrop.report import history_index
from evaldrop.report.history import write_history
from evaldrop.report.history_index import baselines_of, read_entries
from evaldrop.report.history_rows import history_row
from evaldrop.report.serving import Folder
from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.baseline.blessing import bless
from evaldrop.scorecard.trend.entries import HistoryEntry
from evaldrop.steps.build_scorecard.build import build_scorecard
from tests.evaldrop.report.test_history import run_folder
from tests.evaldrop.run_folders import record, response, row, run_json, write_run

GOOD = {"correctness": 1, "tone": 5}
ENTRY = HistoryEntry.model_validate({
    "run_id": "run-1", "evaluation": "support", "folder": "support/run-1", "simulated": False,
    "started_at": "2026-11-21T09:00:00+00:00", "dataset": "data/faq.jsonl", "records": 3, "coverage": 1.0,
    "cost_usd": 0.1, "decision": "no gate", "summary": "", "alarms": 0, "baseline": None,
    "candidates": {"lite": {"model": "m1", "prompt": "answer.v1", "overall": 0.5,
                            "overall_interval": (0.25, 0.75), "latency_ms_p50": 500, "cost_usd": 0.1,
                            "criteria": {"tone": {"mean": 4, "interval": (3, 5), "pass_rate": 0.5,
                                                  "pass_interval": (0.25, 0.75), "n_scored": 3}}}},
})  # fmt: skip


def index(out):
    return (out / "index.html").read_text()


def test_the_page_lists_every_run_the_newest_first(tmp_path):
    for day in (20, 21):
        build_scorecard(run_folder(tmp_path, f"run-{day}", day=day))
    page = index(tmp_path)
    table = page[page.index("<table") :]
    assert table.index("support/run-21/report.html") < table.index("support/run-20/report.html")
    assert "overall over 2 runs: lite last" in page


def test_the_page_says_what_each_run_would_ship_and_that_it_has_no_gate(tmp_path):
    card = build_scorecard(run_folder(tmp_path, "run-1"))
    row = index(tmp_path).split('<tr role="row"><th scope="row"')[1]
    assert f"<b>{card.recommendation.reason}</b>" in row
    assert '<span class="pill none">no gate</span>' in row


@pytest.mark.parametrize(("said", "pills", "is_red"), [
    ({"decision": "no gate"}, [["none", "no gate"]], False),
    ({"decision": "pass"}, [["pass", "passed"]], False),
    ({"decision": "inconclusive"}, [["inconclusive", "inconclusive"]], False),
    ({"decision": "fail"}, [["fail", "failed"]], True),
    ({"decision": "fail", "unanswered": "haiku gave nothing"}, [["fail", "run failed"]], True),
    ({"decision": "pass", "regressed": ("lite on tone",)},
     [["fail", "regressed"], ["none", "gate passed"]], True),
])  # fmt: skip
def test_what_regressed_or_failed_is_red_and_what_has_no_gate_is_not_green(said, pills, is_red):
    row = history_row(ENTRY.model_copy(update=said), is_baseline=False)
    assert row["pills"] == pills
    assert row["fallen"] == is_red


def test_a_run_that_regressed_says_so_in_its_row_and_over_its_points():
    fell = ("lite on overall", "lite on tone", "haiku on tone", "haiku on overall")
    worse = ENTRY.model_copy(update={"run_id": "run-2", "folder": "support/run-2", "regressed": fell,
                                     "labels": ("shorter prompt",)})  # fmt: skip
    page = history_index.history_page(history_index.History([worse, ENTRY], blessed=()))
    row = page[page.index('class="fallen"') :].split("</tr>")[0]
    assert "lite on overall, lite on tone, haiku on tone and 1 more" in row
    assert '<span class="tag">shorter prompt</span>' in row
    assert page.count('class="note regressed"') == 2, "overall and tone"
    assert "✕ regressed against its baseline" in page


def test_a_page_of_many_runs_shows_the_newest_and_carries_the_rest():
    entries = [
        ENTRY.model_copy(update={"run_id": f"run-{n:04}", "folder": f"support/run-{n:04}",
                                 "started_at": f"2026-11-21T09:{n // 60:02}:{n % 60:02}+00:00"})
        for n in range(300, 0, -1)
    ]  # fmt: skip
    page = history_index.history_page(history_index.History(entries, blessed=()))
    assert page.count('<tr role="row"><th scope="row"') == history_index.NEWEST
    assert "The newest 20 of 300 runs" in page
    assert len(page) < 150_000
    packed = page.split('id="packed">')[1].split("<")[0]
    assert [row["id"] for row in json.loads(gzip.decompress(base64.b64decode(packed)))][-1] == "run-0001"


def test_a_simulated_run_says_so(tmp_path):
    build_scorecard(run_folder(tmp_path, "run-1", simulated=True))
    assert "SIMULATED" in index(tmp_path)


def test_two_runs_that_end_at_once_are_both_on_the_page(tmp_path, monkeypatch):
    """The other run ends after this one has listed the runs, and before it writes the page."""
    build_scorecard(run_folder(tmp_path, "run-1"))
    scorecard = build_scorecard(run_folder(tmp_path, "run-2"))
    late = tmp_path / "support" / "run-1" / "history.json"
    content = late.read_bytes()
    late.unlink()
    page = history_index.history_page

    def the_other_ends_first(*arguments):
        storage.write_bytes(str(late), content)
        return page(*arguments)

    monkeypatch.setattr(history_index, "history_page", the_other_ends_first)
    write_history(RunDefinition.load(str(tmp_path / "support" / "run-2")), scorecard)
    assert "support/run-1/report.html" in index(tmp_path)
    assert "support/run-2/report.html" in index(tmp_path)


def test_an_object_of_another_version_does_not_take_the_page_down(tmp_path):
    storage.write_bytes(str(tmp_path / "old" / "run-0" / "history.json"), b'{"run_id": "run-0"}')
    build_scorecard(run_folder(tmp_path, "run-1"))
    assert "run-1" in index(tmp_path)


def test_a_run_that_is_deleted_meanwhile_is_left_out(tmp_path):
    build_scorecard(run_folder(tmp_path, "run-1"))
    found = [str(tmp_path / "support" / name / "history.json") for name in ("run-1", "gone")]
    assert [entry.run_id for entry in read_entries(found)] == ["run-1"]


def test_the_page_marks_what_was_changed_and_what_moved(tmp_path):
    """Eight runs of one make, a fall, and then another model: three charts on one page."""
    for week, tone in enumerate([5, 4, 5, 4, 5, 4, 5, 4, 1, 1, 1]):
        folder = str(tmp_path / "support" / f"run-{week:02}")
        candidates = [{"name": "lite", "model": "m1"}, {"name": "old", "model": "given"}]
        scores = {"correctness": 1, "tone": tone}
        given = {**response("old", scores={"correctness": 1, "tone": 4}), "given": True, "text": "t"}
        write_run(
            folder,
            run=run_json(run_id=f"run-{week:02}", started_at=f"2026-11-{week + 1:02}T09:00:00+00:00",
                         evaluation={"candidates": candidates}),
            records=[record(f"r{n}") for n in range(4)],
            succeeded=[row(f"r{n}", response("lite", scores=scores), given) for n in range(4)],
        )  # fmt: skip
        build_scorecard(folder)
    page = index(tmp_path)
    assert "lite fell on tone by" in page
    assert "the anchors stayed" in page
    assert 'class="note moved"' in page
    assert "Anchors: responses that never change" in page
    candidates, anchors = page.split("Anchors: responses that never change")
    assert "old last" not in candidates
    assert "old last" in anchors


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>'])
def test_names_on_the_page_are_inert(tmp_path, name):
    folder = run_folder(tmp_path, "run-1")
    build_scorecard(folder)
    place = tmp_path / "support" / "run-1" / "history.json"
    entry = json.loads(place.read_text()) | {
        "summary": name,
        "recommendation": name,
        "run_id": name,
        "evaluation": name,
    }
    page = history_index.history_page(history_index.History([HistoryEntry.model_validate(entry)], blessed=()))
    assert name not in page
    # Its own: what the rows are packed in, and the one that runs.
    assert page.count("<script") == 4


def marked(out):
    """The runs whose row says that they are a baseline."""
    rows = re.findall(r'<tr role="row"><th scope="row".*?</tr>', index(out), re.DOTALL)
    return [re.search(r"<small>(run-\d)</small>", line)[1] for line in rows if "◆ baseline" in line]


def test_a_run_is_marked_as_soon_as_it_is_blessed(tmp_path, capsys):
    """In the table and in each chart, without another run; blessing a second one moves the mark."""
    for day in (1, 2):
        build_scorecard(run_folder(tmp_path, f"run-{day}", day=day))
    assert marked(tmp_path) == []
    for blessed in ("run-1", "run-2"):
        assert main(["bless", str(tmp_path / "support" / blessed)]) == 0
        assert marked(tmp_path) == [blessed]
        assert index(tmp_path).count('class="note baseline"') == 3, "overall and two criteria"


@pytest.mark.parametrize("viewed", ["out/my support", "out", "", "out/my support/run-1"])
def test_every_link_of_the_page_opens_wherever_it_is_viewed_from(tmp_path, viewed):
    """Of an evaluation's own folder, of one above, and of a run's; blessed runs are marked there too."""
    for number in (1, 2):
        place = tmp_path / "out" / "my support" / f"run-{number}"
        well = row("r0", response("lite", scores=GOOD), response("haiku", scores=GOOD))
        write_run(place, run=run_json(run_id=f"run-{number}"), records=[record("r0")], succeeded=[well])
        build_scorecard(str(place))
    bless(str(tmp_path / "out" / "my support" / "run-1"))
    (tmp_path / "out" / "index.html").unlink()
    there = str(tmp_path / viewed)
    folder = Folder(there, lambda: history_index.history_page(history_index.read_history(there)))
    page = folder.answer("/index.html").body.decode()
    links = set(re.findall(r'href="([^"#]+)"', page))
    assert len(links) == (1 if "run-1" in viewed else 2)
    for link in links:
        answer = folder.answer(f"/{link}")
        assert (link, answer.status) == (link, 200)
        (above,) = set(re.findall(r'href="([^"#]+)"', answer.body.decode()))
        answer = folder.answer(urljoin(f"/{link}", above))
        assert folder.answer(answer.location or urljoin(f"/{link}", above)).status == 200
    assert page.count('<span class="pill none">◆ baseline</span>') == (0 if "run-1" in viewed else 1)


def test_bless_finds_the_page_from_the_evaluations_folder(tmp_path, monkeypatch, capsys):
    build_scorecard(run_folder(tmp_path, "run-1"))
    monkeypatch.chdir(tmp_path / "support")
    assert main(["bless", "run-1"]) == 0
    assert marked(tmp_path) == ["run-1"]


def test_a_run_copied_by_itself_is_blessed_without_a_page_around_it(tmp_path, capsys):
    build_scorecard(run_folder(tmp_path, "run-1"))
    (tmp_path / "index.html").unlink()
    assert main(["bless", str(tmp_path / "support" / "run-1")]) == 0
    assert not (tmp_path / "index.html").exists()


def test_a_run_that_ends_later_keeps_the_mark(tmp_path):
    bless(build_and_name(tmp_path, "run-1"))
    build_scorecard(run_folder(tmp_path, "run-2", day=22))
    assert marked(tmp_path) == ["run-1"]


def test_a_baseline_that_is_blessed_while_the_page_is_written_is_on_it(tmp_path, monkeypatch):
    """It is blessed after this run has read the baselines, and before it writes the page."""
    first = build_and_name(tmp_path, "run-1")
    page, waiting = history_index.history_page, [first]

    def another_is_blessed_first(*arguments):
        if waiting:
            bless(waiting.pop())
        return page(*arguments)

    monkeypatch.setattr(history_index, "history_page", another_is_blessed_first)
    build_scorecard(run_folder(tmp_path, "run-2", day=22))
    assert marked(tmp_path) == ["run-1"]


def test_the_baseline_of_one_evaluation_marks_no_run_of_another(tmp_path):
    bless(build_and_name(tmp_path, "run-1"))
    other = {"run_id": "run-1", "folder": "other/run-1", "baseline": None}
    assert baselines_of([other], {"support/run-1"}) == set()


def test_a_broken_baseline_does_not_take_the_page_down(tmp_path):
    storage.write_bytes(str(tmp_path / "support" / "baseline.json"), b"{")
    build_scorecard(run_folder(tmp_path, "run-1"))
    assert marked(tmp_path) == []


@pytest.mark.parametrize(("baseline", "is_one"), [
    ("run-1", True), ("s3://b/support/run-1", True), ("out/support/run-1/", True), ("run-11", False),
    (None, False),
])  # fmt: skip
def test_a_run_that_another_was_compared_with_is_a_baseline(baseline, is_one):
    runs = [
        {"run_id": "run-2", "folder": "support/run-2", "baseline": baseline},
        {"run_id": "run-1", "folder": "support/run-1", "baseline": None},
    ]
    assert baselines_of(runs, ()) == ({"run-1"} if is_one else set())


def build_and_name(out, run_id):
    folder = run_folder(out, run_id)
    build_scorecard(folder)
    return folder
