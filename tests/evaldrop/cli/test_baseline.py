"""`evaldrop compare`, `bless` and `gate` in this process."""

import json
from pathlib import Path

import pytest

from evaldrop.cli import main
from tests.evaldrop.evaluations import ROW, SMALL, write
from tests.evaldrop.scorecard.baseline.runs import write as write_run

THEN = {"lite": [(1, 4)] * 20, "haiku": [(0, 2), (1, 3)] * 10}
NOW = {"lite": [(0, 4)] * 19 + [None], "haiku": [(0, 2), (1, 3)] * 10}


@pytest.fixture(autouse=True)
def _wide_and_plain(monkeypatch, tmp_path):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def pair(tmp_path):
    categories = ["a", "b"] * 10
    write_run("runs/support/run-0", THEN, run_id="run-0", categories=categories)
    write_run(
        "runs/support/run-1", NOW, categories=categories,
        evaluation={"gate": ["lite.tone.pass_rate >= 0.9", "no regression"]},
    )  # fmt: skip
    return "runs/support/run-1", "runs/support/run-0"


def test_compare_tells_what_regressed_where_and_which_records(pair, capsys):
    assert main(["compare", *pair]) == 0
    out = capsys.readouterr().out
    assert "lite regressed on correctness by" in out
    rows = [line.split() for line in out.splitlines() if line.startswith("lite  ")]
    assert ["lite", "correctness", "regressed"] in [row[:3] for row in rows]
    assert any(row[:4] == ["lite", "correctness", "regressed", "a"] for row in rows)
    assert "lite: 1 new errors, 0 mended; p50 500 ms to 500 ms" in out
    assert "r0, lite, correctness: 1 to 0" in out
    assert "and 4 more; --json has them" in out


def test_compare_can_answer_in_json(pair, capsys):
    assert main(["compare", *pair, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["candidates"]["lite"]["criteria"]["correctness"]["decision"] == "regressed"
    assert len(told["worst_records"]) == 19


def test_compare_of_other_judges_is_wrong_use_unless_forced(pair, capsys):
    judges = {"judges": [{"name": "pro", "model": "amazon.other"}]}
    write_run("runs/support/run-2", THEN, evaluation=judges)
    assert main(["compare", pair[0], "runs/support/run-2"]) == 64
    assert "judge pro: model is" in capsys.readouterr().err
    assert main(["compare", pair[0], "runs/support/run-2", "--force"]) == 0
    assert "The comparison was forced although judge pro: model is" in capsys.readouterr().out


def test_new_and_gone_candidates_and_changes_are_named(pair, capsys):
    evaluation = {
        "candidates": [{"name": "lite", "model": "amazon.other"}, {"name": "big", "model": "amazon.big"}]
    }
    write_run("runs/support/run-3", {"lite": THEN["lite"], "big": THEN["lite"]}, evaluation=evaluation)
    assert main(["compare", "runs/support/run-3", pair[1]]) == 0
    out = capsys.readouterr().out
    assert "changed: candidate lite: model is amazon.other, was us.amazon.nova-lite-v1:0" in out
    assert "new: big" in out
    assert "gone: haiku" in out


def test_bless_names_the_run_and_warns_of_a_gate_that_did_not_pass(pair, capsys):
    assert main(["bless", pair[0]]) == 0
    shown = capsys.readouterr()
    assert "baseline of support: run-1" in shown.out
    assert "the gate of run-1 is inconclusive; it is the baseline all the same" in shown.err
    assert json.loads(Path("runs/support/baseline.json").read_text())["run_id"] == "run-1"


def test_bless_of_a_folder_that_is_no_run_is_wrong_use(tmp_path, capsys):
    assert main(["bless", "nowhere"]) == 64
    assert 'no run "nowhere"' in capsys.readouterr().err


@pytest.mark.parametrize(("arguments", "code"), [
    ([], 2), (["--strict"], 1), (["--rule", "cost_usd < 5"], 0),
    (["--rule", "cost_usd < 5", "--rule", "cost_usd < 0"], 1), (["--rule", "cost_usd"], 64),
])  # fmt: skip
def test_the_gates_exit_code_is_its_decision(pair, capsys, arguments, code):
    assert main(["gate", pair[0], *arguments]) == code
    shown = capsys.readouterr()
    assert ("gate:" in shown.out) == (code != 64)
    assert ("which fails a strict gate" in shown.out) == ("--strict" in arguments)


def test_other_rules_leave_another_candidate_to_ship(pair, capsys):
    assert main(["gate", pair[0], "--rule", "cost_usd < 0"]) == 1
    out = capsys.readouterr().out
    assert out.startswith("Ship nothing: the run as a whole fails the gate on cost_usd < 0.\ngate: fail")


def test_the_gate_can_answer_in_json(pair, capsys):
    assert main(["gate", pair[0], "--strict", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["decision"], told["strict"], told["exit_code"]) == ("inconclusive", True, 1)
    assert told["checks"][-1]["expression"] == "no regression"
    assert told["recommendation"]


def test_a_whole_run_finds_its_blessed_baseline(tmp_path, capsys):
    write(tmp_path, {**SMALL, "gate": ["no regression"]}, [{**ROW, "id": f"r{n}"} for n in range(6)])
    command = ["run", "faq.jsonl", "--bedrock", "simulated:latency=0"]
    assert main(command) == 2
    assert "there is no baseline; `evaldrop bless RUN`" in capsys.readouterr().out
    (first,) = (tmp_path / "runs" / "small").glob("*/run.json")
    assert main(["bless", str(first.parent)]) == 0
    assert main(command) == 0
    out = capsys.readouterr().out
    level = "at the first run's half of the level of a year of weekly runs"
    assert f"Against {first.parent.name}, on 6 records, {level}: nothing is decided" in out
    assert main(["gate", str(first.parent)]) == 2
    assert "SIMULATED" in capsys.readouterr().out
