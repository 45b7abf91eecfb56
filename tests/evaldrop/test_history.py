"""The history: one small object per run, and a page derived from all of them."""

import json

import pytest

from evaldrop import history, storage
from evaldrop.history import read_entries, write_history
from evaldrop.scorecard import build_scorecard
from tests.evaldrop.run_folders import judgement, record, response, row, run_json, write_run

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

    def the_other_ends_first(entries, drifts):
        storage.write_bytes(str(late), content)
        return page(entries, drifts)

    monkeypatch.setattr(history, "history_page", the_other_ends_first)
    write_history(str(tmp_path / "support" / "run-2"), scorecard)
    assert "support/run-1/report.html" in index(tmp_path)
    assert "support/run-2/report.html" in index(tmp_path)


def test_an_object_of_another_version_does_not_take_the_page_down(tmp_path):
    storage.write_bytes(str(tmp_path / "old" / "run-0" / "history.json"), b'{"run_id": "run-0"}')
    build_scorecard(run_folder(tmp_path, "run-1"))
    assert "run-1" in index(tmp_path)


def test_a_run_that_is_deleted_meanwhile_is_left_out(tmp_path):
    build_scorecard(run_folder(tmp_path, "run-1"))
    found = [*history.find_entries(str(tmp_path)), str(tmp_path / "support" / "gone" / "history.json")]
    assert [entry.run_id for entry in read_entries(found)] == ["run-1"]


def test_entries_keep_what_a_trend_needs(tmp_path):
    folder = run_folder(tmp_path, "run-1")
    build_scorecard(folder)
    (entry,) = read_entries([storage.join(folder, "history.json")])
    assert entry.folder == "support/run-1"
    assert entry.candidates["lite"].criteria["tone"].mean == 5
    assert entry.candidates["lite"].overall == 1


def test_anchors_of_the_evaluation_are_kept_by_judge_and_kind(tmp_path):
    """
    Tone is scored 5 and 4 on two anchors that pass, 1 on the one that fails; correctness is right on all
    but the last.
    """
    known = [("g1", True, 1, 5), ("g2", True, 1, 4), ("b1", False, 0, 1)]
    folder = str(tmp_path / "support" / "run-1")
    asked = [{"prompt": name, "response": name, "passes": passes} for name, passes, _, _ in known]
    write_run(
        folder,
        run=run_json(evaluation={"anchors": {"tolerance": 0.5, "records": asked}}),
        records=[record("r1"), *(
            {**record(name), "anchor": {"id": name, "passes": passes, "criteria": ["correctness", "tone"]}}
            for name, passes, _, _ in known
        )],
        succeeded=[row("r1", response("lite", scores=GOOD), response("haiku", scores=GOOD)), *(
            row(name, {"candidate": "_anchor", "given": True, "text": name,
                       "judgements": [judgement({"correctness": right, "tone": tone})]})
            for name, _, right, tone in known
        )],
    )  # fmt: skip
    build_scorecard(folder)

    (entry,) = read_entries([storage.join(folder, "history.json")])

    assert list(entry.anchors) == ["good anchors (pro)", "bad anchors (pro)"]
    good, bad = entry.anchors.values()
    assert (good["tone"].mean, good["tone"].standard_error, good["tone"].n_scored) == (4.5, 0.5, 2)
    assert (good["tone"].pass_rate, good["correctness"].mean) == (1, 1)
    assert (bad["tone"].mean, bad["tone"].standard_error, bad["correctness"].pass_rate) == (1, None, 0)
    assert bad["tone"].pass_interval == pytest.approx((0, 0.793), abs=0.001)  # Wilson, 0 of 1
    assert len(entry.anchors_sha256) == 16


def test_the_anchors_digest_is_of_what_is_asked_and_not_of_its_order_or_tolerance(tmp_path):
    first, second = ({"prompt": name, "response": "r", "passes": True} for name in "ab")

    def digest(number, **anchors):
        folder = str(tmp_path / "support" / f"run-{number}")
        write_run(
            folder,
            run=run_json(run_id=f"run-{number}", evaluation={"anchors": anchors}),
            records=[record("r1")],
            succeeded=[row("r1", response("lite", scores=GOOD), response("haiku", scores=GOOD))],
        )
        build_scorecard(folder)
        (entry,) = read_entries([storage.join(folder, "history.json")])
        return entry.anchors_sha256

    both = digest(1, records=[first, second])
    assert digest(2, records=[second, {**first, "id": "named"}], tolerance=0.3) == both
    assert digest(3, records=[first]) != both
    assert digest(4, records=[first, {**second, "passes": False}]) != both


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
    entry = json.loads(place.read_text()) | {"summary": name, "run_id": name, "evaluation": name}
    page = history.history_page([entry])
    assert name not in page
    assert page.count("<script") == 0
