"""`evaldrop trend`: what it prints of a history on disk."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from evaldrop.cli.dispatch import main
from evaldrop.steps.build_scorecard.build import build_scorecard
from tests.evaldrop.run_folders import record, response, row, run_json, write_run

TONES = [5, 4, 5, 4, 5, 4, 5, 4]


def write_history(out, tones, *, simulated=False):
    """Write one finished run a week: `lite` answers and `old` is frozen, both judged alike."""
    for week, tone in enumerate(tones):
        started = datetime(2026, 1, 5, tzinfo=UTC) + timedelta(weeks=week)
        candidates = [{"name": "lite", "model": "m"}, {"name": "old", "model": "given"}]
        run = run_json(run_id=f"run-{week:02}", started_at=started.isoformat(), simulated=simulated,
                       evaluation={"candidates": candidates})  # fmt: skip
        rows = []
        for number in range(4):
            scores = {"correctness": 1, "tone": tone if number else 3}
            if tone is None:
                scores = dict.fromkeys(scores)
            given = {
                **response("old", scores={"correctness": 1, "tone": 4 - number % 2}),
                "given": True,
                "text": "t",
            }
            rows.append(row(f"r{number}", response("lite", scores=scores), given))
        folder = str(out / "support" / f"run-{week:02}")
        write_run(folder, run=run, records=[record(f"r{number}") for number in range(4)], succeeded=rows)
        build_scorecard(folder)


def test_a_history_is_shown_run_by_run_with_its_anchors_and_alarms(tmp_path, capsys):
    write_history(tmp_path, [*TONES, 1, 1, 1, 1])

    assert main(["trend", "support", "--out", str(tmp_path)]) == 0

    printed = capsys.readouterr().out
    assert "lite · tone" in printed
    assert "old · tone (frozen)" in printed
    assert printed.count("2026-03-02 00:00") == 5  # a line per series: overall, two criteria, two anchors
    assert "alarm lite fell on tone" in printed
    assert "the anchors stayed" in printed


def test_too_few_runs_are_said(tmp_path, capsys):
    write_history(tmp_path, TONES[:2], simulated=True)

    main(["trend", "support", "--out", str(tmp_path)])

    printed = capsys.readouterr().out
    assert "SIMULATED" in printed
    assert "too few runs for alarms: 2 runs; 8 of the same make set level and noise" in printed
    assert "nothing moved" not in printed


def test_runs_of_which_no_verdict_was_read_have_no_line_to_draw(tmp_path, capsys):
    """It ended in a traceback."""
    write_history(tmp_path, [None, None])

    assert main(["trend", "support", "--out", str(tmp_path)]) == 0

    assert "lite · tone" in capsys.readouterr().out


def test_fewer_baseline_runs_may_be_asked_for(tmp_path, capsys):
    write_history(tmp_path, TONES[:5])

    main(["trend", "support", "--out", str(tmp_path), "--baseline-runs", "4"])

    assert "nothing moved by itself" in capsys.readouterr().out


def test_json_has_every_series(tmp_path, capsys):
    write_history(tmp_path, TONES[:2])

    main(["trend", "support", "--out", str(tmp_path), "--json"])

    trend = json.loads(capsys.readouterr().out)
    assert trend["runs"] == ["run-00", "run-01"]
    assert {(series["name"], series["criterion"]) for series in trend["series"]} == {
        ("lite", "overall"), ("lite", "correctness"), ("lite", "tone"),
        ("old", "correctness"), ("old", "tone"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("runs", "said"), [(1, "There are support."), (0, "There is no finished run at all.")]
)
def test_an_unknown_evaluation_is_refused_with_those_there_are(tmp_path, capsys, runs, said):
    write_history(tmp_path, TONES[:runs])

    assert main(["trend", "suport", "--out", str(tmp_path)]) == 64

    assert said in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_narrow_terminal_has_whole_numbers_and_a_line_per_run(tmp_path, capsys, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    write_history(tmp_path, TONES[:2])
    main(["trend", "support", "--out", str(tmp_path)])
    lines = capsys.readouterr().out.splitlines()
    runs = [line for line in lines if line.startswith("2026-01-")]
    assert all(len(line) <= width and "…" not in line for line in runs)
    assert len(runs) == 2 * sum("·" in line for line in lines)
    assert not any(line.isspace() for line in lines), "a column without room is lines of blanks"
