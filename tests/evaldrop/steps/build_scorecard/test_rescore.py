"""Reading a run's replies again: other rules change the numbers, other questions are refused."""

import json
import shutil

import pytest
import yaml

from evaldrop.errors import EvaluationError, InputError
from evaldrop.evaluation import Evaluation
from evaldrop.evaluation.questions import questions_of
from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.baseline.blessing import bless
from evaldrop.scorecard.read import read_run
from evaldrop.steps.build_scorecard.build import build_scorecard
from evaldrop.steps.build_scorecard.rescore import rescore, rescored_scorecard
from tests.evaldrop.run_folders import (
    CORRECTNESS,
    LITE,
    PRICES,
    PRO,
    TONE,
    failed_response,
    record,
    response,
    row,
    run_json,
    write_results,
    write_run,
)  # fmt: skip

TONES = [5, 4, 3, 3]
EVALUATION = {
    "name": "support",
    "candidates": [{"name": "lite", "model": LITE}],
    "judges": [{"name": "pro", "model": PRO}],
    "criteria": [CORRECTNESS, TONE],
    "prices": PRICES,
}


@pytest.fixture
def parent(tmp_path):
    """Four records, tones 5, 4, 3 and 3 (pass mark 4), one wrong answer; judged for $0.12."""
    folder = tmp_path / "runs" / "support" / "run-1"
    content = run_json(
        evaluation=EVALUATION, bedrock="aws", given={}, folder="elsewhere", out="elsewhere",
        criteria=[CORRECTNESS, TONE], evaluation_uri=str(tmp_path / "evaluation.yaml"),
    )  # fmt: skip
    rows = [
        row(f"r{n}", response("lite", scores={"correctness": n > 0, "tone": tone}))
        for n, tone in enumerate(TONES)
    ]
    write_run(folder, run=content, records=[record(f"r{n}") for n in range(4)], succeeded=rows)
    build_scorecard(str(folder))
    write_evaluation(tmp_path)
    return folder


def write_evaluation(folder, **changes):
    (folder / "evaluation.yaml").write_text(yaml.safe_dump({**EVALUATION, **changes}), encoding="utf-8")


def rescored(parent, **options):
    definition = rescore(str(parent), **options)
    return definition, rescored_scorecard(definition)


def test_other_rules_change_what_they_rule(parent, tmp_path):
    """With the pass mark at 3 all four pass; tone counts three times in overall; the gate is judged."""
    before = read_run(str(parent)).scorecard.candidates["lite"]
    write_evaluation(
        tmp_path, gate=["tone.mean >= 5"], confidence=0.9, metrics=["length_words"],
        criteria=[CORRECTNESS, {**TONE, "pass_at": 3, "weight": 3}],
    )  # fmt: skip

    _, scorecard = rescored(parent)

    lite = scorecard.candidates["lite"]
    assert (before.criteria["tone"].pass_rate, lite.criteria["tone"].pass_rate) == (0.5, 1.0)
    assert lite.criteria["tone"].mean == before.criteria["tone"].mean
    # shares of tone: 1, .75, .5, .5; of correctness: 0, 1, 1, 1
    assert before.overall.mean == pytest.approx((0.5 + 0.875 + 0.75 + 0.75) / 4)
    assert lite.overall.mean == pytest.approx((0.75 + 0.8125 + 0.625 + 0.625) / 4)
    assert lite.metrics["length_words"].mean == 2
    assert scorecard.confidence == 0.9
    assert scorecard.gate.checks[0].expression == "tone.mean >= 5"
    assert scorecard.gate.decision == "inconclusive"


def test_a_rescored_run_names_its_parent_and_leaves_it_alone(parent):
    before = {file.name: file.read_bytes() for file in parent.iterdir() if file.is_file()}

    definition, scorecard = rescored(parent)

    assert definition.parent.run_id == "run-1"
    assert definition.parent.how == "rescored"
    assert RunDefinition.load(definition.folder) == definition
    assert json.loads((parent.parent / definition.run_id / "run.json").read_text())["parent"] == {
        "run_id": "run-1", "folder": str(parent), "how": "rescored",
    }  # fmt: skip
    assert scorecard.run_id == definition.run_id
    assert {file.name: file.read_bytes() for file in parent.iterdir() if file.is_file()} == before


def test_a_rescored_run_is_held_to_the_run_that_is_blessed_by_now(parent):
    bless(str(parent))

    definition, scorecard = rescored(parent)

    assert RunDefinition.load(str(parent)).baseline is None
    assert definition.baseline == str(parent)
    assert scorecard.baseline.run_id == "run-1"
    assert scorecard.baseline.comparable


def test_nothing_is_paid_for_again_and_what_was_saved_is_said(parent):
    """A response is 100 x $1 + 10 x $2 per million, a judge's reply 200 x $100 + 20 x $200."""
    _, scorecard = rescored(parent)

    saved = 4 * (120 + 24_000) / 1e6
    assert scorecard.cost_usd.total == 0
    assert scorecard.reused.model_dump() == {
        "parent": "run-1", "how": "rescored", "responses": 4, "judge_replies": 4,
        "saved_usd": pytest.approx(saved),
    }  # fmt: skip
    assert "4 responses and 4 judge replies are those of run run-1" in scorecard.summary
    assert scorecard.judges["pro"].calls == scorecard.judges["pro"].kept == 4
    lite = scorecard.candidates["lite"]
    assert lite.responses.given == 4
    assert lite.latency_ms.p50 == 500
    assert lite.cost_usd.per_1000_records == pytest.approx(0.12)


def test_the_tables_say_reused_and_their_costs_add_up_to_the_bill(parent):
    definition, _ = rescored(parent)
    run = read_run(definition.folder)
    assert run.responses["reused"].all()
    assert run.responses["input_tokens"].tolist() == [100] * 4
    assert run.responses["cost_usd"].sum() == run.verdicts["cost_usd"].sum() == 0


def test_a_run_can_be_rescored_after_its_parent_is_gone(parent):
    definition, first = rescored(parent)
    shutil.rmtree(parent)
    again = build_scorecard(definition.folder)
    assert again.candidates == first.candidates
    assert rescored(definition.folder)[1].candidates["lite"].criteria == first.candidates["lite"].criteria


def test_of_several_attempts_the_newest_counts_in_the_copy_too(parent):
    newer = [row("r0", response("lite", scores={"correctness": 1, "tone": 1}))]
    write_results(str(parent), succeeded=newer, map_run="22222222-0000-0000-0000-000000000000")
    original = build_scorecard(str(parent))
    _, scorecard = rescored(parent)
    assert original.candidates["lite"].criteria["tone"].mean == 2.75
    assert scorecard.candidates["lite"].criteria["tone"].mean == 2.75


def test_a_failed_call_stays_a_failed_call(parent, tmp_path):
    rows = [row("r0", failed_response("lite"))]
    write_run(
        parent, run=json.loads((parent / "run.json").read_text()), records=[record("r0")], succeeded=rows
    )
    _, scorecard = rescored(parent)
    assert scorecard.candidates["lite"].responses.errors == 1
    assert scorecard.reused.responses == 0


@pytest.mark.parametrize(("changes", "what"), [
    ({"candidates": [{"name": "lite", "model": "another"}]}, "candidates.lite"),
    ({"candidates": [*EVALUATION["candidates"], {"name": "new", "model": LITE}]}, "candidates.new"),
    ({"prompt": "answer.v2"}, "candidates.lite"),
    ({"judges": [{"name": "pro", "model": PRO, "repeats": 2}]}, "judges.pro"),
    ({"pairwise": {"all_pairs": True}}, "pairwise"),
    ({"criteria": [CORRECTNESS]}, "criteria: tone"),
    ({"criteria": [CORRECTNESS, TONE, "helpfulness"]}, "criteria: helpfulness"),
    ({"criteria": [CORRECTNESS, {**TONE, "question": "Is it kind?"}]}, "criteria: tone"),
    ({"fields": {"prompt": "q"}}, "fields"),
])  # fmt: skip
def test_another_question_is_refused_with_its_place_and_what_to_do(parent, tmp_path, changes, what):
    write_evaluation(tmp_path, **changes)
    with pytest.raises(EvaluationError) as refused:
        rescore(str(parent))
    assert f"{what} is not what run run-1 asked" in str(refused.value)
    assert "evaldrop rejudge" in str(refused.value)
    assert len(list(parent.parent.iterdir())) == 1


@pytest.mark.parametrize(("changes", "said"), [
    ({"gate": ["tone.mean >> 4"]}, "gate[0]"),
    ({"metrics": ["bluh"]}, '"bluh" is no metric'),
])  # fmt: skip
def test_a_rule_that_cannot_be_read_is_refused(parent, tmp_path, changes, said):
    write_evaluation(tmp_path, **changes)
    with pytest.raises(EvaluationError) as refused:
        rescore(str(parent))
    assert said in str(refused.value)
    assert "rejudge" not in str(refused.value)


def test_a_run_without_results_is_refused(parent):
    shutil.rmtree(parent / "results")
    with pytest.raises(InputError, match="no results to read again"):
        rescore(str(parent))


def test_an_evaluation_that_is_gone_has_to_be_given(parent, tmp_path):
    (tmp_path / "evaluation.yaml").rename(tmp_path / "moved.yaml")
    with pytest.raises(InputError, match="--evaluation FILE"):
        rescore(str(parent))
    definition, _ = rescored(parent, evaluation=str(tmp_path / "moved.yaml"), out=str(tmp_path / "new"))
    assert definition.folder.startswith(str(tmp_path / "new" / "support"))


def test_how_long_a_call_may_take_is_no_question():
    quick, slow = (
        Evaluation.model_validate(
            {**EVALUATION, "candidates": [{"name": "lite", "model": LITE, "timeout_s": s}]}
        )
        for s in (10, 20)
    )
    assert questions_of(quick) == questions_of(slow)
