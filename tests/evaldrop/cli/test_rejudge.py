"""`evaldrop rejudge` and `evaldrop rescore` in this process, with stand-ins for the models."""

import json
from pathlib import Path

import pytest
import yaml

from evaldrop.cli import main
from evaldrop.scorecard.read import read_run
from tests.evaldrop.evaluations import JUDGE, LITE, PRO, ROW, SMALL, write
from tests.whole_runs import ROOT

RECORDS = 4
TONE = {"name": "tone", "question": "Is the tone warm?", "scale": "binary"}
OTHER_JUDGE = {"name": "second", "model": "us.amazon.nova-pro-v1:0"}
PROMPT = (ROOT / "prompts/judge/criteria.v1.md").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def _plain(monkeypatch, tmp_path):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)


def rows(count=RECORDS, **fields):
    return [{**ROW, "id": f"r{n}", "prompt": f"Question {n}: how long?", **fields} for n in range(count)]


def run(evaluation=SMALL, *, records=None, prompts=None, runtime="simulated:latency=0", options=()):
    """Run an evaluation here and return its folder."""
    write(Path(), evaluation, records or rows(), prompts)
    assert main(["run", "faq.jsonl", "--bedrock", runtime, *options]) in {0, 1, 2}
    return newest()


def newest():
    return max(Path("runs").glob("*/*/run.json"), key=lambda file: file.stat().st_mtime_ns).parent


def again(parent, evaluation, command="rejudge"):
    """Rejudge a run by another evaluation and return the new run's folder."""
    Path("evaluation.yaml").write_text(yaml.safe_dump(evaluation), encoding="utf-8")
    assert main([command, str(parent)]) in {0, 1, 2}
    folder = newest()
    assert folder != parent
    return folder


def judgements(folder):
    """Return (judge, criteria, repeat, candidates whose reply is kept) of the first record's requests."""
    record = json.loads((folder / "records.jsonl").read_text().splitlines()[0])
    return [
        (asked["judge"], asked["criteria"], asked["repeat"], sorted(asked.get("kept_replies", {})))
        for asked in record["calls"]["judgements"]
    ]


def scorecard(folder):
    return read_run(str(folder)).scorecard


def test_a_new_criterion_is_asked_by_itself_and_joint_replies_are_kept():
    parent = run({**SMALL, "criteria": ["correctness", "helpfulness"]})
    folder = again(parent, {**SMALL, "criteria": ["correctness", "helpfulness", TONE]})

    assert judgements(folder) == [
        ("judge", ["correctness", "helpfulness"], 0, ["lite"]),
        ("judge", ["tone"], 0, []),
    ]
    before, after = scorecard(parent).candidates["lite"], scorecard(folder).candidates["lite"]
    assert {name: after.criteria[name] for name in before.criteria} == before.criteria
    assert after.criteria["tone"].n_scored == RECORDS
    assert scorecard(folder).judges["judge"].model_dump(include={"calls", "kept"}) == {"calls": 8, "kept": 4}


def test_what_was_taken_over_is_said_and_costs_nothing():
    parent = run()
    folder = again(parent, {**SMALL, "criteria": ["correctness", TONE]})

    before, after = scorecard(parent), scorecard(folder)
    assert after.reused.model_dump() == {
        "parent": before.run_id,
        "how": "rejudged",
        "responses": RECORDS,
        "judge_replies": RECORDS,
        "saved_usd": pytest.approx(before.cost_usd.total),
    }
    assert after.cost_usd.candidates == 0
    tables = read_run(str(folder))
    billed = tables.responses["cost_usd"].sum() + tables.verdicts["cost_usd"].sum()
    assert billed == pytest.approx(after.cost_usd.total)
    assert tables.responses["reused"].all()
    kept = read_run(str(parent)).responses
    for column in ("response", "stop_reason", "input_tokens", "output_tokens", "latency_ms"):
        assert tables.responses[column].tolist() == kept[column].tolist(), column
    assert json.loads((folder / "run.json").read_text())["parent"]["run_id"] == before.run_id


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param({}, {"judges": [JUDGE, OTHER_JUDGE]},
                     [("judge", ["correctness"], 0, ["lite"]), ("second", ["correctness"], 0, [])],
                     id="judge"),
        pytest.param({}, {"judges": [{**JUDGE, "repeats": 2}]},
                     [("judge", ["correctness"], 0, ["lite"]), ("judge", ["correctness"], 1, [])],
                     id="repeat"),
        pytest.param({}, {"judges": [{**JUDGE, "model": "us.amazon.nova-pro-v1:0"}]},
                     [("judge", ["correctness"], 0, [])], id="model"),
        pytest.param({"criteria": ["correctness", TONE]}, {"criteria": ["correctness"]},
                     [("judge", ["correctness"], 0, [])], id="joint reply kept whole or not"),
        pytest.param({"criteria": [TONE]}, {"criteria": [{**TONE, "question": "Is it kind?"}]},
                     [("judge", ["tone"], 0, [])], id="question"),
        pytest.param({"criteria": [TONE]}, {"criteria": [{**TONE, "weight": 2}]},
                     [("judge", ["tone"], 0, ["lite"])], id="weight"),
        pytest.param({"judges": [{**JUDGE, "mode": "per_criterion"}], "criteria": ["correctness", TONE]},
                     {"judges": [{**JUDGE, "mode": "per_criterion"}], "criteria": [TONE, "helpfulness"]},
                     [("judge", ["tone"], 0, ["lite"]), ("judge", ["helpfulness"], 0, [])],
                     id="per criterion"),
    ],
)  # fmt: skip
def test_only_what_is_new_is_asked(before, after, expected):
    parent = run({**SMALL, **before})
    folder = again(parent, {**SMALL, **after})

    assert judgements(folder) == expected
    asked = sum(len(kept) == 0 for *_, kept in expected)
    estimate = json.loads((folder / "run.json").read_text())["estimate"]
    assert estimate["calls"] == asked * RECORDS
    health = scorecard(folder).judges.values()
    assert sum(judge.calls - judge.kept for judge in health) == asked * RECORDS


def test_a_judge_prompt_with_another_text_is_asked_again():
    judge = {**SMALL, "judges": [{**JUDGE, "prompt": "own.v1"}]}
    parent = run(judge, prompts={"judge/own.v1": PROMPT})
    assert judgements(again(parent, judge)) == [("judge", ["correctness"], 0, ["lite"])]

    Path("prompts/judge/own.v1.md").write_text(PROMPT.replace("## user", "Be strict.\n\n## user", 1))

    assert judgements(again(parent, judge)) == [("judge", ["correctness"], 0, [])]


def test_a_rejudged_run_can_be_rejudged_and_rescored():
    parent = run()
    wider = {**SMALL, "criteria": ["correctness", TONE]}
    child = again(parent, wider)
    grandchild = again(child, {**SMALL, "criteria": ["correctness", TONE, "helpfulness"]})
    rescored = again(child, {**wider, "gate": ["tone.pass_rate >= 0"]}, command="rescore")

    assert judgements(grandchild) == [
        ("judge", ["correctness"], 0, ["lite"]),
        ("judge", ["tone"], 0, ["lite"]),
        ("judge", ["helpfulness"], 0, []),
    ]
    assert scorecard(rescored).reused.judge_replies == 2 * RECORDS
    assert scorecard(rescored).reused.responses == RECORDS
    assert scorecard(rescored).candidates["lite"].tokens == scorecard(child).candidates["lite"].tokens
    assert scorecard(rescored).cost_usd.total == 0


def test_kept_replies_are_the_parents_to_the_letter_those_asked_twice_too():
    parent = run(records=rows(12), runtime="simulated:latency=0,malformed=0.5")
    folder = again(parent, {**SMALL, "criteria": ["correctness", TONE]})

    before, after = read_run(str(parent)).verdicts, read_run(str(folder)).verdicts
    kept = after[after["criterion"] == "correctness"].reset_index(drop=True)
    assert before["first_reply"].notna().any(), "no judge was asked twice, so nothing was shown"
    for column in ("score", "unscored_reason", "rationale", "raw_reply", "first_reply"):
        assert kept[column].equals(before[column]), column


def test_what_failed_is_asked_again_of_judges_and_not_of_candidates():
    parent = run(records=rows(16), runtime="simulated:latency=0,errors=0.7")
    before = scorecard(parent)
    failed = before.candidates["lite"].responses.errors
    assert failed
    assert before.judges["judge"].errors
    Path("evaluation.yaml").write_text(yaml.safe_dump(SMALL), encoding="utf-8")

    main(["rejudge", str(parent), "--bedrock", "simulated:latency=0"])

    after = scorecard(newest())
    assert after.candidates["lite"].responses.error_names == {"NoResponseGiven": failed}
    assert after.judges["judge"].errors == 0
    assert after.judges["judge"].calls - after.judges["judge"].kept == before.judges["judge"].errors


def test_comparisons_are_kept_where_they_are_the_same():
    pairs = {**SMALL, "candidates": [LITE, PRO], "pairwise": {"baseline": "lite"}}
    parent = run(pairs)
    folder = again(parent, {**pairs, "criteria": ["correctness", TONE]})

    before, after = read_run(str(parent)), read_run(str(folder))
    assert after.comparisons["preferred"].tolist() == before.comparisons["preferred"].tolist()
    judge = scorecard(folder).judges["judge"]
    compared = RECORDS * 2
    assert judge.kept == RECORDS * 2 + compared
    assert judge.calls - judge.kept == RECORDS * 2
    assert scorecard(folder).reused.saved_usd == pytest.approx(scorecard(parent).cost_usd.total)


def test_responses_of_the_dataset_stay_what_they_are():
    """They came without a call: nothing about them was saved."""
    parent = run({**SMALL, "candidates": []}, records=rows(responses={"old": "30 days"}))
    folder = again(parent, {**SMALL, "candidates": [], "criteria": ["correctness", TONE]})
    assert scorecard(folder).reused.responses == 0
    assert scorecard(folder).reused.judge_replies == RECORDS
    assert scorecard(folder).candidates["old"].responses.given == RECORDS


def test_a_limited_run_stays_limited():
    parent = run(options=("--limit", "2"))
    folder = again(parent, {**SMALL, "criteria": ["correctness", TONE]})
    assert scorecard(folder).records.evaluated == 2


@pytest.mark.parametrize(("evaluation", "said"), [
    ({**SMALL, "candidates": [LITE, PRO]}, "candidates.pro is not what run"),
    ({**SMALL, "candidates": [{**LITE, "model": "another"}]}, "candidates.lite is not what run"),
    ({**SMALL, "criteria": ["no such criterion"]}, "no such criterion"),
])  # fmt: skip
def test_what_rejudging_cannot_do_is_refused(evaluation, said, capsys):
    parent = run()
    Path("evaluation.yaml").write_text(yaml.safe_dump(evaluation), encoding="utf-8")

    assert main(["rejudge", str(parent)]) == 64

    assert said in capsys.readouterr().err
    assert newest() == parent


def test_a_dataset_that_changed_is_refused(capsys):
    parent = run()
    write(Path(), SMALL, rows(5))
    assert main(["rejudge", str(parent)]) == 64
    assert "faq.jsonl: changed since run" in capsys.readouterr().err


@pytest.mark.parametrize(("arguments", "said"), [
    (["nowhere"], 'no run "nowhere" below runs/'),
    (["RUN", "--evaluation", "gone.yaml"], "gone.yaml: the evaluation is not there"),
    (["RUN", "--out", "s3://bucket/runs"], "kept on it"),
])  # fmt: skip
def test_wrong_use_is_refused_with_a_sentence(arguments, said, capsys):
    parent = run()
    arguments = [str(parent) if argument == "RUN" else argument for argument in arguments]
    assert main(["rejudge", *arguments]) == 64
    assert said in capsys.readouterr().err


def test_a_dataset_that_is_gone_is_refused(capsys):
    parent = run()
    Path("faq.jsonl").unlink()
    assert main(["rejudge", str(parent)]) == 64
    assert "the dataset is not there" in capsys.readouterr().err


def test_rejudging_a_rehearsal_is_a_rehearsal(monkeypatch):
    """Real verdicts on stand-ins' responses would still be about no model."""
    parent = run()
    definition = json.loads((parent / "run.json").read_text())
    assert definition["simulated"]
    from evaldrop.run.request import RunRequest
    from evaldrop.steps.validate_dataset.validate import check_dataset

    request = RunRequest(
        run_id="r", dataset="faq.jsonl", out="runs", bedrock="aws", parent=str(parent), limit=None
    )
    assert check_dataset(request).definition.simulated


def test_a_rejudged_run_that_was_stopped_goes_on_as_one(monkeypatch):
    from evaldrop.running.resuming import resumed_run

    parent = run()
    folder = again(parent, {**SMALL, "criteria": ["correctness", TONE]})
    resumed = resumed_run(str(folder), bedrock=None, max_in_flight=None)
    assert resumed.request.parent == str(parent.absolute())
    assert resumed_run(str(parent), bedrock=None, max_in_flight=None).request.parent is None


def test_rescore_prints_the_new_scorecard_and_exits_by_its_gate(capsys):
    parent = run()
    capsys.readouterr()
    Path("evaluation.yaml").write_text(yaml.safe_dump({**SMALL, "gate": ["cost_usd < 0"]}), encoding="utf-8")

    assert main(["rescore", str(parent)]) == 1
    shown = capsys.readouterr().out
    assert "SIMULATED" in shown
    assert "were not paid for again" in shown
    assert main(["rescore", str(parent), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["scorecard"]["reused"]["how"] == "rescored"
    assert main(["rescore", "nowhere"]) == 64


ANCHORS = [
    {"id": "right", "prompt": "How long?", "response": "30 days.", "reference": "30 days.", "passes": True},
    {"id": "wrong", "prompt": "How long?", "response": "A week.", "reference": "30 days.", "passes": False},
]
WITH_ALL = {
    **SMALL,
    "candidates": [LITE, PRO],
    "anchors": ANCHORS,
    "robustness": {"perturbations": ["typos"], "n": 1},
    "pairwise": {"all_pairs": True},
}


@pytest.mark.parametrize("command", ["rescore", "rejudge"])
def test_anchors_copies_and_pairs_live_side_by_side_and_nothing_is_paid_for_again(command):
    parent = run(WITH_ALL)
    before = scorecard(parent)
    folder = again(parent, WITH_ALL, command)
    after = scorecard(folder)

    for card, place in ((before, parent), (after, folder)):
        tables = read_run(str(place))
        assert card.records.evaluated == RECORDS
        assert len(tables.responses) == len(set(tables.responses.record_id)) * 2 == RECORDS * 2
        assert len(tables.comparisons) == RECORDS * 2
        assert card.anchors["judge"].n + card.anchors["judge"].unscored == len(ANCHORS)
        assert card.candidates["lite"].robustness["typos"].copies == RECORDS
    assert after.anchors == before.anchors
    assert {name: card.criteria for name, card in after.candidates.items()} == {
        name: card.criteria for name, card in before.candidates.items()
    }
    judge = after.judges["judge"]
    # Each response, each copy's response, each pair in both orders, and each anchor.
    assert judge.calls == judge.kept == RECORDS * 2 * 2 + RECORDS * 2 + len(ANCHORS)


def test_another_anchor_response_is_judged_anew_and_another_tolerance_is_only_a_rule():
    parent = run({**SMALL, "anchors": ANCHORS})
    other = [ANCHORS[0], {**ANCHORS[1], "response": "A month."}]

    judge = scorecard(again(parent, {**SMALL, "anchors": other})).judges["judge"]
    assert (judge.calls, judge.kept) == (RECORDS + 2, RECORDS + 1)
    rescored = scorecard(
        again(parent, {**SMALL, "anchors": {"tolerance": 0.9, "records": ANCHORS}}, "rescore")
    )
    assert rescored.anchors["judge"].n == scorecard(parent).anchors["judge"].n


def test_pairs_are_asked_about_anew_when_the_answer_may_be_another():
    evaluation = {**SMALL, "candidates": [LITE, PRO], "pairwise": {"all_pairs": True}}
    parent = run(evaluation)
    judge = scorecard(again(parent, {**evaluation, "pairwise": {"all_pairs": True, "tie": False}})).judges[
        "judge"
    ]
    assert (judge.calls, judge.kept) == (RECORDS * 4, RECORDS * 2)
