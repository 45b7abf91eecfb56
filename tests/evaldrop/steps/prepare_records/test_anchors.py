"""Anchors: what is known about responses, judged by every judge, and what follows from misses."""

import json
import re

import pytest

from evaldrop.evaluation.anchors import ANCHOR, Anchor
from evaldrop.report.history_index import read_history
from evaldrop.run.definition import RunDefinition
from evaldrop.run.request import RunRequest
from evaldrop.steps.validate_dataset.validate import check_dataset
from tests.evaldrop.recorded_runs import recorded_run, texts

PRO, MICRO = "us.amazon.nova-pro-v1:0", "us.amazon.nova-micro-v1:0"
LITE = "test.lite-v1:0"
ROWS = [{"id": f"r{number}", "prompt": f"Question {number}?", "reference": "30 days."} for number in range(4)]
GOOD = {"prompt": "How long?", "response": "Thirty days.", "reference": "30 days.", "passes": True}
BAD = {"prompt": "How long?", "response": "A week.", "reference": "30 days.", "passes": False, "id": "week"}


def evaluation(anchors, **more):
    return {
        "name": "anchored",
        "candidates": [{"name": "lite", "model": LITE}],
        "judges": [{"name": "pro", "model": PRO}],
        "criteria": ["correctness"],
        "gate": ["correctness.pass_rate >= 0.01"],
        "anchors": anchors,
        **more,
    }


def knows(blocks):
    """Judge as one who knows: thirty days is right, whatever else is not."""
    return {"correctness": {"rationale": "Known.", "score": 5 if "Thirty" in blocks[1] else 1}}


def praises(_blocks):
    return {"correctness": {"rationale": "Lovely.", "score": 5}}


def run(place, anchors, judges=knows, files=None, **more):
    said = {LITE: "Thirty days."}
    return recorded_run(place, evaluation(anchors, **more), ROWS, files=files, says=said, judges=judges)


def check(folder, anchors, files=None, **more):
    for name, text in (files or {}).items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "evaluation.yaml").write_text(json.dumps(evaluation(anchors, **more)), encoding="utf-8")
    (folder / "rows.jsonl").write_text("\n".join(map(json.dumps, ROWS)), encoding="utf-8")
    request = RunRequest(run_id="r", dataset=str(folder / "rows.jsonl"), out=str(folder), bedrock="simulated")
    return check_dataset(request)


# How they are read


def test_the_file_is_read_beside_the_evaluation_and_kept_in_the_definition(tmp_path):
    lines = f"\ufeff{json.dumps(GOOD)}\r\n\n{json.dumps(BAD)}\n"
    definition = check(
        tmp_path, {"file": "known.jsonl", "records": [GOOD]}, {"known.jsonl": lines}
    ).definition
    assert [anchor.passes for anchor in definition.evaluation.anchors.records] == [True, True, False]
    again = RunDefinition.model_validate_json(definition.model_dump_json())
    assert again.evaluation == definition.evaluation
    assert again.evaluation.anchors.records[2] == Anchor.model_validate(BAD)


@pytest.mark.parametrize(
    ("anchors", "files", "said"),
    [
        ("none.jsonl", {}, "there is no none.jsonl beside the evaluation"),
        ("a.jsonl", {"a.jsonl": "\n"}, "a.jsonl holds no anchor"),
        ("a.jsonl", {"a.jsonl": json.dumps(GOOD) + "\n{broken"}, "a.jsonl line 2: not JSON"),
        (
            "a.jsonl",
            {"a.jsonl": '{"prompt": "x", "passes": true}'},
            "a.jsonl line 1: response: Field required",
        ),
        ([{**GOOD, "criteria": ["tone"]}], {}, "anchor-1: tone is no criterion of this evaluation"),
        ([GOOD, {**BAD, "reference": []}], {}, "week: correctness needs a reference"),
        ([{**GOOD, "response": "x" * 200_000}], {}, "anchor-1: its requests come to"),
    ],
)
def test_what_is_wrong_with_an_anchor_is_told_before_the_run(tmp_path, anchors, files, said):
    (problem,) = check(tmp_path, anchors, files).problems
    assert problem.startswith("evaluation.yaml: ")
    assert said in problem


# What they cost


def test_the_plan_counts_each_anchor_once_per_judge_and_repeat(tmp_path):
    two = [{"name": "pro", "model": PRO, "repeats": 3}, {"name": "micro", "model": MICRO}]
    without = check(tmp_path, None, judges=two).plan
    plan = check(tmp_path, [GOOD, BAD], judges=two).plan
    calls = {line.name: line.calls for line in plan.lines}
    assert calls == {"lite": 4, "pro": (4 + 2) * 3, "micro": 4 + 2}
    assert plan.calls - without.calls == 2 * (3 + 1)
    assert plan.cost_usd.likely > without.cost_usd.likely
    assert plan.records == 4


# What becomes of them


def test_anchors_are_judged_like_records_and_no_candidate_is_called_for_them(tmp_path):
    done = run(tmp_path, [GOOD, BAD])
    assert len(done.asked_of(LITE)) == len(ROWS)
    asked = done.asked_of(PRO)
    assert len(asked) == len(ROWS) + 2
    assert len({_without_what_differs(sent) for sent in asked}) == 1
    assert not [sent for sent in asked if "anchor" in json.dumps(sent)]


def _without_what_differs(sent):
    before, _, after = texts(sent)
    words = json.dumps([before, after, {**sent, "messages": None}])
    return re.sub(r"[0-9a-f]{16}", "mark", re.sub(r"How long\?|Question \d\?", "question", words))


def test_anchors_stay_out_of_every_number_of_a_candidate(tmp_path):
    done, alone = run(tmp_path / "with", [BAD, BAD, GOOD]), run(tmp_path / "without", None)
    card, expected = done.scorecard.candidates["lite"], alone.scorecard.candidates["lite"]
    assert card.criteria == expected.criteria
    assert card.responses == expected.responses
    assert done.scorecard.records == alone.scorecard.records
    assert done.scorecard.coverage == alone.scorecard.coverage
    assert list(done.scorecard.candidates) == ["lite"]
    assert done.scorecard.judges["pro"].calls == alone.scorecard.judges["pro"].calls + 3
    assert alone.scorecard.anchors == {}
    assert alone.scorecard.judge_trusted is None


def test_the_history_keeps_what_a_judge_gave_the_anchors_of_either_kind(tmp_path):
    """A whole run with a judge that knows; scores are 1 to 5."""
    run(tmp_path, [GOOD, GOOD, BAD])
    (entry,) = read_history(str(tmp_path)).entries
    means = {name: kinds["correctness"].mean for name, kinds in entry.anchors.items()}
    assert means == {"good anchors (pro)": 5, "bad anchors (pro)": 1}
    assert entry.anchors["good anchors (pro)"]["correctness"].n_scored == 2
    assert entry.anchors_sha256


def test_a_judge_that_gets_anchors_right_is_trusted(tmp_path):
    card = run(tmp_path, [GOOD, BAD, BAD]).scorecard
    estimate = card.anchors["pro"]
    assert (estimate.n, estimate.missed, estimate.unscored) == (3, 0, 0)
    assert estimate.missed_rate == 0
    assert estimate.interval == pytest.approx((0, 0.561497), abs=1e-6)  # Wilson, 0 of 3: z² / (3 + z²)
    assert card.judge_trusted is True
    assert card.gate.decision == "pass"
    assert not [alarm for alarm in card.alarms if "trusted" in alarm]


def test_a_judge_that_misses_more_than_tolerated_makes_the_gate_inconclusive(tmp_path):
    done = run(tmp_path, {"tolerance": 0.4, "records": [GOOD, BAD]}, judges=praises)
    card = done.scorecard
    estimate = card.anchors["pro"]
    assert (estimate.n, estimate.missed, estimate.missed_rate) == (2, 1, 0.5)
    assert [miss.model_dump() for miss in estimate.misses] == [
        {"anchor": "week", "criterion": "correctness", "passes": False, "score": 5.0}
    ]
    assert card.judge_trusted is False
    assert card.gate.decision == "inconclusive"
    assert "judge pro is not trusted: it missed 1 of 2 anchors" in card.gate.reasons[0]
    assert card.gate.checks[1].decision == "pass"
    assert [alarm for alarm in card.alarms if alarm.startswith("Judge pro is not trusted")]
    for name in ("summary.md", "report.html"):
        page = (done.folder / name).read_text(encoding="utf-8")
        assert "missed 1 of 2 anchors" in page
        assert "not trusted" in page


def test_as_many_misses_as_tolerated_are_no_reason_for_distrust(tmp_path):
    card = run(tmp_path, {"tolerance": 0.1, "records": [BAD, *[GOOD] * 9]}, judges=praises).scorecard
    assert card.anchors["pro"].missed_rate == pytest.approx(0.1)
    assert card.judge_trusted is True


def test_one_judge_of_a_panel_that_is_not_trusted_is_enough(tmp_path):
    judges = [{"name": "pro", "model": PRO}, {"name": "micro", "model": MICRO, "verdict": "text"}]
    said = {LITE: "Thirty days.", MICRO: "I cannot say."}
    asked = evaluation([GOOD, BAD], judges=judges)
    card = recorded_run(tmp_path, asked, ROWS, says=said, judges=knows).scorecard
    assert card.anchors["pro"].trusted
    assert not card.anchors["micro"].trusted
    assert (card.anchors["micro"].n, card.anchors["micro"].unscored) == (0, 2)
    assert card.anchors["micro"].interval is None
    assert card.judge_trusted is False
    assert "none of its verdicts on 2 anchors could be read" in card.gate.reasons[0]


def test_an_anchor_is_checked_only_on_the_criteria_it_is_known_for(tmp_path):
    def judge(blocks):
        return {**knows(blocks), "conciseness": {"rationale": "Known.", "score": "no"}}

    anchors = [{**GOOD, "criteria": "correctness"}, GOOD]
    card = run(tmp_path, anchors, judges=judge, criteria=["correctness", "conciseness"]).scorecard
    assert (card.anchors["pro"].n, card.anchors["pro"].missed) == (3, 1)
    assert card.anchors["pro"].misses[0].criterion == "conciseness"


def test_a_dataset_may_use_the_ids_that_anchors_are_shown_by(tmp_path):
    rows = [{**ROWS[0], "id": "anchor-1"}, {**ROWS[1], "id": ANCHOR}]
    done = recorded_run(tmp_path, evaluation([GOOD, BAD]), rows, says={LITE: "Thirty days."}, judges=knows)
    assert done.scorecard.records.evaluated == 2
    assert done.scorecard.anchors["pro"].n == 2
    assert done.scorecard.anchors["pro"].missed == 0
