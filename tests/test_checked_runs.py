"""Checks are criteria in all that follows: whole rehearsed runs."""

import json
from pathlib import Path

import pytest

from evaldrop import read_run
from tests.whole_runs import called, only_run, write_evaluation

EVALUATION = """
name: small
candidates:
  - {name: first, model: "test.first-v1:0"}
  - {name: second, model: "test.second-v1:0"}
judges: [{name: judge, model: "amazon.nova-pro-v1:0"}]
criteria: [correctness]
checks:
  - {name: has_days, contains: days, weight: 2}
  - {name: no_ai, not_contains: as an AI}
gate: ["no_ai.pass_rate >= 0.5 for every candidate", "coverage >= 0.9"]
"""
ALONE = """
name: small
candidates: [{name: first, model: "test.first-v1:0"}]
checks: [{name: has_days, contains: days}]
"""


def run_of(folder, evaluation, *, rows=None, command="run"):
    dataset = write_evaluation(folder, records=12, evaluation=evaluation)
    if rows is not None:
        dataset.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    done = called(
        command, dataset, "--bedrock", "simulated", "--out", folder / "runs", "--yes", "--json", cwd=folder
    )
    return done, only_run(folder / "runs") if done.returncode in (0, 1, 2) else None


@pytest.fixture(scope="module")
def checked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checked")
    done, run = run_of(folder, EVALUATION)
    assert done.returncode == 0, done.stderr
    return read_run(str(run))


def test_a_check_has_a_verdict_of_each_response_that_says_what_the_text_says(checked):
    verdicts = checked.verdicts.merge(checked.responses[["record_id", "candidate", "response"]])
    days = verdicts[verdicts.criterion == "has_days"]
    assert len(days) == 24
    assert set(days.judge) == {"check"}
    assert [bool(passed) for passed in days.passed] == ["days" in text for text in days.response]
    assert days.cost_usd.sum() == 0
    assert days.input_tokens.isna().all()


def test_a_check_is_in_intervals_comparisons_gate_and_weights(checked):
    scorecard = checked.scorecard
    info = scorecard.criteria["has_days"]
    assert (info.check, info.weight, info.kind) == ("contains", 2.0, "binary")
    assert scorecard.criteria["correctness"].check is None
    for card in scorecard.candidates.values():
        assert card.criteria["has_days"].pass_interval is not None
    assert {pair.criterion for pair in scorecard.comparisons} == {
        "correctness",
        "has_days",
        "no_ai",
        "overall",
    }
    assert {check.expression for check in scorecard.gate.checks} > {
        "no_ai.pass_rate >= 0.5 for every candidate"
    }


def test_judges_are_not_asked_for_checks_and_have_no_verdicts_of_them(checked):
    assert scorecard_calls(checked) == 24
    assert list(checked.scorecard.judges) == ["judge"]
    assert checked.scorecard.judges["judge"].scored == 24
    assert "has_days" not in Path(checked.uri, "records.jsonl").read_text(encoding="utf-8")


def scorecard_calls(run):
    return sum(judge.calls for judge in run.scorecard.judges.values())


def test_a_check_is_no_judges_taste_and_takes_no_tokens_to_drop(checked):
    """12 records × 2 candidates all pass no_ai: of a criterion of judges that would be a finding."""
    hints = " ".join(checked.scorecard.hints)
    assert "no_ai is 1" not in hints
    assert "has_days (Spearman" not in hints


def test_checks_alone_are_an_evaluation_without_a_judge(tmp_path):
    done, run = run_of(tmp_path, ALONE)
    assert done.returncode == 0, done.stderr
    found = read_run(str(run))
    assert found.scorecard.candidates["first"].criteria["has_days"].n_scored == 12
    assert found.scorecard.judges == {}


NO_ZEBRA, ZEBRA = {"name": "mine", "not_contains": "zebra"}, {"name": "mine", "contains": "zebra"}
RECORDS = [
    {"id": "own", "prompt": "A?", "checks": [{"name": "has_days", "contains": "zebra"}]},
    {"id": "two", "prompt": "B?", "checks": [NO_ZEBRA, ZEBRA]},
    {"id": "both", "prompt": "C?", "checks": [NO_ZEBRA, {"name": "mine", "not_contains": "lion"}]},
    {"id": "none", "prompt": "D?", "checks": ["contains"]},
    {"id": "plain", "prompt": "E?", "reference": "30 days"},
]


def test_a_records_own_checks_are_its_alone_and_hold_only_together(tmp_path):
    done, run = run_of(tmp_path, ALONE, rows=RECORDS)
    assert done.returncode == 0, done.stderr
    found = read_run(str(run))
    said = {(row.record_id, row.criterion): row for row in found.verdicts.itertuples()}

    assert said["own", "has_days"].score == 0.0
    assert said["two", "mine"].score == 0.0
    assert said["both", "mine"].score == 1.0
    assert said["none", "contains"].unscored_reason == "not_applicable"
    assert ("plain", "mine") not in said
    assert found.run["checks"][1:] == [
        {"name": "mine", "of_records": ["contains"], "weight": 1.0},
        {"name": "contains", "of_records": ["contains"], "weight": 1.0},
    ]


def test_an_old_run_is_scored_by_new_checks_and_nobody_is_called(checked, tmp_path):
    folder = tmp_path / "again.yaml"
    folder.write_text(
        EVALUATION.replace("contains: days", "contains: delivery").replace("0.5 for", "0.4 for")
    )
    done = called(
        "rescore", checked.uri, "--evaluation", folder, "--out", tmp_path / "runs", "--json", cwd=tmp_path
    )
    assert done.returncode in (0, 1, 2), done.stderr
    again = read_run(str(only_run(tmp_path / "runs")))
    verdicts = again.verdicts.merge(again.responses[["record_id", "candidate", "response"]])
    days = verdicts[verdicts.criterion == "has_days"]
    assert [bool(passed) for passed in days.passed] == ["delivery" in text for text in days.response]
    assert again.scorecard.cost_usd.total == 0


@pytest.mark.parametrize(
    ("checks", "words"),
    [
        ("[{name: correctness, contains: x}]", 'there is a criterion "correctness" already'),
        ("[{contains: x}, {contains: y}]", 'there is a check "contains" already'),
        ("[{contians: x}]", "Did you mean"),
        ("[{contains: x, equals: y}]", "a check has one kind"),
        ("[{contains: [1]}]", "checks[0].contains"),
    ],
)
def test_wrong_checks_are_refused_before_anything_is_called(checks, words, tmp_path):
    evaluation = EVALUATION[: EVALUATION.index("checks:")] + f"checks: {checks}\n"
    done, _ = run_of(tmp_path, evaluation)
    assert done.returncode == 64
    assert words in done.stderr
    assert not list(tmp_path.glob("runs/*/*/run.json"))


def test_every_call_failing_leaves_every_check_without_an_answer(tmp_path):
    dataset = write_evaluation(
        tmp_path, records=4, evaluation=ALONE + "gate: ['has_days.pass_rate >= 0.1']\n"
    )
    done = called(
        "run", dataset, "--bedrock", "simulated:errors=1", "--out", tmp_path / "runs", "--yes", cwd=tmp_path
    )
    assert done.returncode != 0
    for folder in (tmp_path / "runs").glob("*/*/scorecard.json"):
        card = read_run(str(folder.parent)).scorecard
        assert card.gate.decision != "pass"
