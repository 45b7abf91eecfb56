"""A whole run with perturbed copies: planned, prepared, answered, judged, reported."""

import json
from pathlib import Path

import pytest

from evaldrop.cli import main
from evaldrop.scorecard.read import read_run
from tests.evaldrop.evaluations import LITE, PRO, ROW, SMALL, check, prepare, write

PROMPTS = ["How long may I return the watering can?", "Who pays for sending the parcel back to you?"]
ROBUST = {**SMALL, "robustness": {"perturbations": ["typos", "paraphrase_template"], "n": 2}}
ROWS = [{**ROW, "id": f"r{number}", "prompt": prompt} for number, prompt in enumerate(PROMPTS)]


def test_copies_stand_behind_their_records_and_a_limit_counts_records(tmp_path):
    _, records = prepare(tmp_path, ROBUST, ROWS, limit=1)
    assert [line["record_id"] for line in records] == [
        "r0", "r0~typos-1", "r0~typos-2", "r0~paraphrase_template-1", "r0~paraphrase_template-2",
    ]  # fmt: skip
    assert "perturbed" not in records[0]
    assert records[1]["perturbed"] == {"of": "r0", "perturbation": "typos"}
    assert records[1]["group"] == "r0"
    assert records[1]["prompt"] != records[0]["prompt"]
    assert records[1]["calls"]["judgements"]


def test_preparing_twice_gives_the_same_copies(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first, second = (
        [line["prompt"] for line in prepare(tmp_path / name, ROBUST, ROWS)[1]] for name in ("a", "b")
    )
    assert first == second


def test_the_plan_counts_copies(tmp_path):
    plain = check(tmp_path, SMALL, ROWS).plan
    plan = check(tmp_path, ROBUST, ROWS).plan
    assert (plan.records, plan.copies) == (2, 8)
    assert plan.calls == plain.calls * 5
    assert plan.orchestration_usd == pytest.approx(plain.orchestration_usd * 5)
    assert plan.to_json()["copies"] == 8


def test_a_whole_run_reports_the_drop_of_each_candidate(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    write(tmp_path, {**ROBUST, "candidates": [LITE, PRO]}, ROWS)

    assert main(["plan", "faq.jsonl"]) == 0
    assert "2 records and 8 perturbed copies, 40 calls" in capsys.readouterr().out
    assert main(["run", "faq.jsonl", "--bedrock", "simulated:latency=0"]) == 0

    assert "prompts perturbed by" in capsys.readouterr().out
    (folder,) = (file.parent for file in Path("runs").glob("*/*/run.json"))
    scorecard = read_run(str(folder)).scorecard
    assert scorecard.records.evaluated == 2
    for card in scorecard.candidates.values():
        assert {name: drops.copies for name, drops in card.robustness.items()} == {
            "typos": 4, "paraphrase_template": 4,
        }  # fmt: skip
        assert card.robustness["typos"].criteria["correctness"].n == 4
    assert (folder / "robustness.parquet").exists()


def test_copies_are_rejudged_with_their_records(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write(tmp_path, ROBUST, ROWS)
    main(["run", "faq.jsonl", "--bedrock", "simulated:latency=0"])
    (parent,) = (file.parent for file in Path("runs").glob("*/*/run.json"))
    write(tmp_path, {**ROBUST, "criteria": ["correctness", "helpfulness"]}, ROWS)
    capsys.readouterr()

    assert main(["rejudge", str(parent), "--json"]) == 0

    scorecard = json.loads(capsys.readouterr().out)["scorecard"]
    assert scorecard["reused"]["responses"] == scorecard["reused"]["judge_replies"] == 10
    assert scorecard["candidates"]["lite"]["robustness"]["typos"]["criteria"]["helpfulness"]["n"] == 4
    spent = scorecard["candidates"]["lite"]["cost_usd"]
    assert scorecard["cost_usd"]["total"] == pytest.approx(spent["judge"] + spent["robustness"])

    write(tmp_path, {**ROBUST, "robustness": {"n": 8}}, ROWS)
    assert main(["rejudge", str(parent)]) == 64
    assert "has no responses to these copies" in capsys.readouterr().err


def test_given_responses_alone_cannot_be_perturbed(tmp_path):
    checked = check(tmp_path, {**ROBUST, "candidates": []}, [{**ROW, "responses": {"old": "30 days"}}])
    assert "every response is given" in checked.problems[0]


def test_a_record_named_like_a_copy_is_refused(tmp_path):
    checked = check(tmp_path, ROBUST, [{**ROW, "id": "r1~typos-1"}])
    assert "is what a perturbed copy is called" in checked.problems[0]
    assert check(tmp_path, SMALL, [{**ROW, "id": "r1~typos-1"}]).problems == ()
