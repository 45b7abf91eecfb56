"""What `evaldrop prove` says: the price before anything is called, and what was found; also in the report."""

import json
from pathlib import Path

import pytest

from evaldrop.cli import main
from tests.evaldrop.evaluations import SMALL, write

RECORDS = 12


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder of a run whose judge and check can be proved."""
    place = tmp_path_factory.mktemp("proved")
    rows = [
        {"id": f"r{n}", "prompt": f"Question {n}: how long?", "reference": f"You have {n + 20} days. Ask us."}
        for n in range(RECORDS)
    ]
    dataset = write(place, {**SMALL, "checks": [{"contains": "days"}]}, rows)
    out = str(place / "runs")
    assert main(["run", str(dataset), "--bedrock", "simulated:latency=0", "--out", out]) in {0, 1, 2}
    return str(next(Path(out).glob("*/*/run.json")).parent)


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "400")


def test_a_dry_run_tells_the_price_and_calls_nobody(run: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prove", run, "--faults", "--dry-run"]) == 0
    said = capsys.readouterr()
    assert "judge" in said.out
    assert "likely $" in said.out
    assert "nothing was called (--dry-run)" in said.err
    (written,) = Path(run).glob("proof/*")
    files = sorted(each.name for each in written.iterdir())
    assert files == [
        "copies.jsonl",
        "evaluation.yaml",
        "key.json",
        "prompts",
    ]
    assert main(["prove", run]) != 0
    assert "no test of its judges and checks has ended" in capsys.readouterr().err
    assert main(["prove", run, "--dry-run", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["records"] == RECORDS


def test_a_proof_says_what_it_found_and_about_the_drop_that_was_asked(
    run: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["prove", run, "--faults", "--kinds", "truncation,padding", "--drop", "0.2"]) == 0
    out = capsys.readouterr().out
    assert "SIMULATED: judges of a rehearsal; this says nothing of real ones." in out
    assert f"{RECORDS} responses of lite, with planted faults and without:" in out
    assert "20-point drop in correctness" in out
    assert "correctness, truncation: " in out
    page = (Path(run) / "report.html").read_text(encoding="utf-8")
    assert "20-point drop in correctness" in page[page.index('id="proof"') :].partition("</section>")[0]
    assert "20-point drop in correctness" in (Path(run) / "summary.md").read_text(encoding="utf-8")
    assert main(["prove", run, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    # Asked again, it is about the drop that was asked about.
    assert {each["drop"] for each in found["power"]} == {0.2}
    assert len(found["sentences"]) >= len(found["false_alarms"]) == 2


def test_a_drop_that_is_none_is_refused(run: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prove", run, "--drop", "5"]) == 64
    assert "--drop" in capsys.readouterr().err
