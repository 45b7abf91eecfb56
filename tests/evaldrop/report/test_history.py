"""What the history keeps of a run: one small object, its own."""

import pytest

from evaldrop import storage
from evaldrop.report.history_index import read_entries
from evaldrop.steps.build_scorecard.build import build_scorecard
from tests.evaldrop.run_folders import LITE, judgement, record, response, row, run_json, write_run
from tests.evaldrop.scorecard.baseline.runs import write

GOOD = {"correctness": 1, "tone": 5}


def run_folder(out, run_id, *, day=21, simulated=False, summary_of="support"):
    folder = str(out / summary_of / run_id)
    rows = [row(f"r{n}", response("lite", scores=GOOD), response("haiku", scores=GOOD)) for n in range(3)]
    started = f"2026-11-{day:02}T09:00:00+00:00"
    write_run(folder, run=run_json(run_id=run_id, started_at=started, simulated=simulated),
              records=[record(f"r{n}") for n in range(3)], succeeded=rows)  # fmt: skip
    return folder


def test_a_run_writes_only_its_own_object(tmp_path):
    build_scorecard(run_folder(tmp_path, "run-1"))
    first = tmp_path / "support" / "run-1" / "history.json"
    before = first.read_bytes()
    build_scorecard(run_folder(tmp_path, "run-2"))
    assert first.read_bytes() == before


def test_entries_keep_what_a_trend_needs(tmp_path):
    folder = run_folder(tmp_path, "run-1")
    build_scorecard(folder)
    (entry,) = read_entries([storage.join(folder, "history.json")])
    assert entry.folder == "support/run-1"
    assert entry.candidates["lite"].criteria["tone"].mean == 5
    assert entry.candidates["lite"].overall == 1


def test_what_a_run_is_found_by_is_kept_and_on_what_it_regressed(tmp_path):
    """lite falls from 4 to 1 on tone, on every one of 20 records; haiku stays."""
    good = {"lite": [(1, 4)] * 20, "haiku": [(1, 4)] * 20}
    first, again = (f"{tmp_path}/support/{name}" for name in ("run-1", "run-2"))
    write(first, good)
    write(again, {**good, "lite": [(1, 1), (1, 2)] * 10}, run_id="run-2", baseline=first,
          labels=["shorter prompt"], evaluation={"description": "Answers to customers."})  # fmt: skip
    newest, oldest = read_entries(f"{folder}/history.json" for folder in (again, first))
    assert (newest.labels, newest.description) == (("shorter prompt",), "Answers to customers.")
    assert newest.regressed == ("lite on tone", "lite on overall")
    assert (oldest.labels, oldest.description, oldest.regressed) == ((), "", ())
    assert ">shorter prompt<" in (tmp_path / "support" / "run-2" / "report.html").read_text()


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


def test_a_mean_s_noise_is_kept_from_the_run_of_the_same_make_before_it(tmp_path):
    """
    tone of lite: 4 4 4 4, then 5 3 4 4 with another run of another judge between them: differences 1, -1, 0,
    0, squares 2, sd √(2/3), standard error √(1/6); of one run 1/√12, and as if one record more had changed a
    point: √(1/12 + 1/16).
    """
    other = {"evaluation": {"judges": [{"name": "pro", "model": LITE}]}}
    for n, (tones, changes) in enumerate((((4, 4, 4, 4), {}), ((1, 1, 1, 1), other), ((5, 3, 4, 4), {}))):
        scores = {"lite": [(1, tone) for tone in tones], "haiku": [(1, 4)] * 4}
        write(f"{tmp_path}/support/run-{n}", scores, run_id=f"run-{n}", **changes)
    newest, _, oldest = read_entries(f"{tmp_path}/support/run-{n}/history.json" for n in range(3))
    lite = newest.candidates["lite"]
    assert lite.criteria["tone"].repeat_error == pytest.approx((1 / 12 + 1 / 16) ** 0.5)
    # An eighth of it overall: half the weight, a quarter of the scale.
    assert lite.overall_repeat_error == pytest.approx(1 / 12**0.5 / 8)
    # None of four yes changed, which is no proof that none ever will.
    assert lite.criteria["correctness"].repeat_error == pytest.approx(1 / 4)
    assert oldest.candidates["lite"].criteria["tone"].repeat_error is None
