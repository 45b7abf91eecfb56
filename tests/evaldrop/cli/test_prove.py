"""`evaldrop prove`: what it finds stands in the run's scorecard, gate and report, and in the next run's."""

import json
from pathlib import Path

import pytest

from evaldrop.cli import exits, main
from evaldrop.scorecard.model.scorecard import Scorecard
from tests.evaldrop.evaluations import SMALL, write

RULE = "power to see 0.05 in correctness >= 0.8"
ROWS = [
    {"id": f"r{n}", "prompt": f"How long may I return item {n}?", "reference": f"You have {n + 20} days."}
    for n in range(4)
]


def _run() -> Path:
    assert main(["run", "faq.jsonl", "--bedrock", "simulated:latency=0"]) in {0, 1, 2}
    return max(Path("runs").glob("*/*/run.json"), key=lambda file: file.stat().st_mtime_ns).parent


def _scorecard(folder: Path) -> Scorecard:
    return Scorecard.model_validate_json((folder / "scorecard.json").read_bytes())


def _said(folder: Path) -> str:
    return next(check.sentence for check in _scorecard(folder).gate.checks if check.expression == RULE)


def test_a_proof_stands_in_the_scorecard_of_its_run_and_of_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.chdir(tmp_path)
    write(Path(), {**SMALL, "gate": [RULE]}, ROWS)
    folder = _run()
    assert _scorecard(folder).proof is None
    assert "`evaldrop prove RUN --faults` makes one" in _said(folder)
    capsys.readouterr()

    assert main(["prove", str(folder), "--faults", "--yes", "--kinds", "truncation", "--json"]) == 0
    proof = _scorecard(folder).proof
    assert proof is not None
    assert proof.model_dump(mode="json") == json.loads(capsys.readouterr().out)
    assert proof.run_id is None
    assert "makes one" not in _said(folder)
    # The report was written anew with it.
    assert "makes one" not in (folder / "report.html").read_text(encoding="utf-8")

    following = _run()
    carried = _scorecard(following).proof
    assert carried is not None
    assert carried == proof.model_copy(update={"run_id": _scorecard(folder).run_id})


def test_a_judge_that_answers_nothing_proves_nothing_and_an_earlier_proof_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path(), SMALL, ROWS)
    folder = _run()
    asked = ["prove", str(folder), "--faults", "--yes", "--kinds", "truncation"]
    assert main(asked) == 0
    before = (folder / "proof.json").read_bytes()
    capsys.readouterr()

    assert main([*asked, "--bedrock", "simulated:errors=1,latency=0"]) == exits.RUN_FAILED
    said = capsys.readouterr()
    assert "Nothing is proved by it." in said.err
    assert "Your setup finds" not in said.out
    assert (folder / "proof.json").read_bytes() == before


WRITER = "us.amazon.nova-pro-v1:0"


def test_a_model_writes_faults_once_and_they_are_judged_apart_from_those_of_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.chdir(tmp_path)
    write(Path(), SMALL, ROWS)
    folder = _run()
    asked = ["prove", str(folder), "--faults", "--yes", "--kinds", "wrong_number", "--written-by", WRITER]
    capsys.readouterr()

    assert main([*asked, "--dry-run", "--json"]) == 0
    plans = json.loads(capsys.readouterr().out)
    assert plans["writing"]["calls"] == 4
    assert plans["judging"]["calls"] == 12
    assert not [*folder.glob("proof/faults/*/*/*/scorecard.json")]

    assert main(asked) == 0
    told = capsys.readouterr()
    assert "4 faults are written; now they are judged:" in told.err
    assert f"The faults were written by {WRITER}." in told.out
    proof = _scorecard(folder).proof
    assert proof is not None
    assert (proof.written_by, proof.refused) == (WRITER, {})
    (writing,) = folder.glob("proof/faults/*/faults/*")

    # Asked for the same again, nobody writes again.
    assert main(asked) == 0
    assert [*folder.glob("proof/faults/*/faults/*")] == [writing]
    assert "writes faults" not in capsys.readouterr().err

    assert main(["prove", str(folder), "--faults", "--yes", "--kinds", "wrong_number"]) == 0
    by_code = _scorecard(folder).proof
    assert by_code is not None
    assert by_code.written_by is None


def test_a_writer_that_was_stopped_goes_on_and_one_that_failed_is_said_to_have_written_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path(), SMALL, ROWS)
    folder = _run()
    asked = ["prove", str(folder), "--faults", "--yes", "--kinds", "wrong_number", "--written-by", WRITER]
    assert main([*asked, "--bedrock", "simulated:errors=1,latency=0"]) == exits.RUN_FAILED
    (writing,) = folder.glob("proof/faults/*/faults/*")
    capsys.readouterr()
    assert main(asked) != 0
    assert f"{WRITER} wrote no fault that is of use (the model did not answer: 4)" in capsys.readouterr().err
    assert not (folder / "proof.json").exists()

    # As one that was killed before its scorecard.
    (writing / "scorecard.json").unlink()
    (writing / "journal.done.jsonl").rename(writing / "journal.jsonl")
    assert main([*asked, "--bedrock", "simulated:latency=0"]) == 0
    assert [*folder.glob("proof/faults/*/faults/*")] == [writing]
    assert (folder / "proof.json").exists()


def test_drops_that_were_asked_about_are_kept_and_a_price_above_the_budget_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path(), SMALL, ROWS)
    folder = _run()
    asked = ["prove", str(folder), "--faults", "--yes", "--kinds", "truncation"]
    assert main([*asked, "--drop", "0.2"]) == 0
    assert main(["prove", str(folder)]) == 0
    proof = _scorecard(folder).proof
    assert proof is not None
    assert {each.drop for each in proof.power} == {0.2}
    capsys.readouterr()
    assert main([*asked, "--dry-run", "--budget", "0.001"]) == exits.WRONG_USE
    assert "above --budget 0.001" in capsys.readouterr().err
    assert main([*asked, "--dry-run", "--budget", "5"]) == 0
