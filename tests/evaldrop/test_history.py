"""The history: one small object per run, and a page derived from all of them."""

import json

import pytest

from evaldrop import history, storage
from evaldrop.history import read_entries, write_history
from evaldrop.scorecard import build_scorecard
from tests.evaldrop.run_folders import record, response, row, run_json, write_run

GOOD = {"correctness": 1, "tone": 5}


def run_folder(out, run_id, *, day=21, simulated=False, summary_of="support"):
    folder = str(out / summary_of / run_id)
    rows = [row(f"r{n}", response("lite", scores=GOOD), response("haiku", scores=GOOD)) for n in range(3)]
    started = f"2026-11-{day:02}T09:00:00+00:00"
    write_run(folder, run=run_json(run_id=run_id, started_at=started, simulated=simulated),
              records=[record(f"r{n}") for n in range(3)], succeeded=rows)  # fmt: skip
    return folder


def index(out):
    return (out / "index.html").read_text()


def test_the_page_lists_every_run_the_newest_first(tmp_path):
    for day in (20, 21):
        build_scorecard(run_folder(tmp_path, f"run-{day}", day=day))
    page = index(tmp_path)
    table = page[page.index("<table") :]
    assert table.index("support/run-21/report.html") < table.index("support/run-20/report.html")
    assert "overall over 2 runs: lite last" in page


def test_a_simulated_run_says_so(tmp_path):
    build_scorecard(run_folder(tmp_path, "run-1", simulated=True))
    assert "SIMULATED" in index(tmp_path)


def test_a_run_writes_only_its_own_object(tmp_path):
    build_scorecard(run_folder(tmp_path, "run-1"))
    first = tmp_path / "support" / "run-1" / "history.json"
    before = first.read_bytes()
    build_scorecard(run_folder(tmp_path, "run-2"))
    assert first.read_bytes() == before


def test_two_runs_that_end_at_once_are_both_on_the_page(tmp_path, monkeypatch):
    """The other run ends after this one has listed the runs, and before it writes the page."""
    build_scorecard(run_folder(tmp_path, "run-1"))
    scorecard = build_scorecard(run_folder(tmp_path, "run-2"))
    late = tmp_path / "support" / "run-1" / "history.json"
    content = late.read_bytes()
    late.unlink()
    page = history.history_page

    def the_other_ends_first(entries):
        storage.write_bytes(str(late), content)
        return page(entries)

    monkeypatch.setattr(history, "history_page", the_other_ends_first)
    write_history(str(tmp_path / "support" / "run-2"), scorecard)
    assert "support/run-1/report.html" in index(tmp_path)
    assert "support/run-2/report.html" in index(tmp_path)


def test_an_object_of_another_version_does_not_take_the_page_down(tmp_path):
    storage.write_bytes(str(tmp_path / "old" / "run-0" / "history.json"), b'{"run_id": "run-0"}')
    build_scorecard(run_folder(tmp_path, "run-1"))
    assert "run-1" in index(tmp_path)


def test_entries_keep_what_a_trend_needs(tmp_path):
    folder = run_folder(tmp_path, "run-1")
    build_scorecard(folder)
    (entry,) = read_entries([storage.join(folder, "history.json")])
    assert entry.folder == "support/run-1"
    assert entry.candidates["lite"].criteria["tone"].mean == 5
    assert entry.candidates["lite"].overall == 1


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>'])
def test_names_on_the_page_are_inert(tmp_path, name):
    folder = run_folder(tmp_path, "run-1")
    build_scorecard(folder)
    place = tmp_path / "support" / "run-1" / "history.json"
    entry = json.loads(place.read_text()) | {"summary": name, "run_id": name, "evaluation": name}
    page = history.history_page([entry])
    assert name not in page
    assert page.count("<script") == 0
