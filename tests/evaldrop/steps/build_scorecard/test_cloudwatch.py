"""What BuildScorecard publishes, in CloudWatch's embedded metric format."""

import json

import pytest

from evaldrop.evaluation import parse_evaluation
from evaldrop.scorecard.model.scorecard import JudgeHealth
from evaldrop.steps.build_scorecard.build import build_scorecard
from evaldrop.steps.build_scorecard.cloudwatch import (
    MAX_SERIES,
    NAMESPACE,
    is_trusted,
    metric_lines,
    publish_metrics,
)
from tests.evaldrop.run_folders import converse, record, response, row, run_json, write_run

EVALUATION = parse_evaluation(
    """
    name: golden
    candidates: [{name: lite, model: m.lite}]
    judges: [{name: pro, model: m.pro}]
    criteria: [correctness, {name: tone, question: Is it kind, scale: binary}]
    """,
    source="here",
)
ON_LAMBDA = {"AWS_LAMBDA_FUNCTION_NAME": "BuildScorecard", "EVALDROP_STACK": "evaldrop"}


@pytest.fixture
def scorecard(tmp_path):
    good = {"correctness": 1, "tone": 4}
    folder = tmp_path / "runs" / "golden" / "run-1"
    write_run(
        folder,
        run=run_json(),
        records=[record("r1"), record("r2")],
        succeeded=[row("r1", response("lite", scores=good)), row("r2", response("lite", scores=good))],
    )
    return build_scorecard(str(folder))


def lines_of(scorecard, criteria=frozenset({"correctness", "tone"})):
    return list(metric_lines(scorecard, stack="evaldrop", criteria=criteria, time_ms=1_780_000_000_000))


def test_each_line_is_a_document_of_the_format(scorecard):
    """Amazon CloudWatch user guide, "Specification: Embedded metric format"."""
    for line in lines_of(scorecard):
        metadata = line["_aws"]
        assert metadata["Timestamp"] == 1_780_000_000_000
        (directive,) = metadata["CloudWatchMetrics"]
        assert directive["Namespace"] == NAMESPACE
        (dimensions,) = directive["Dimensions"]
        assert len(dimensions) <= 9
        for name in dimensions:
            assert isinstance(line[name], str)
        for metric in directive["Metrics"]:
            assert isinstance(line[metric["Name"]], int | float)
            assert metric["Unit"] in {"None", "Count", "Milliseconds"}
        assert line["run_id"] == scorecard.run_id


def test_quality_is_published_per_candidate_and_criterion(scorecard):
    found = {(line.get("Candidate"), line.get("Criterion")): line for line in lines_of(scorecard)}
    assert (
        found["lite", "correctness"]["PassRate"]
        == scorecard.candidates["lite"].criteria["correctness"].pass_rate
    )
    assert found["lite", None]["ResponseErrorRate"] == 0
    assert found[None, None]["GateFailed"] == float(scorecard.gate.decision == "fail")


def test_criteria_that_records_bring_are_not_published(scorecard):
    published = {line.get("Criterion") for line in lines_of(scorecard, frozenset({"tone"}))}
    assert published == {None, "tone"}


def test_a_number_that_is_not_there_is_no_metric(scorecard):
    without = scorecard.model_copy(update={"coverage": None})
    assert all("Coverage" not in json.dumps(line) for line in lines_of(without))


def test_the_number_of_series_is_bounded(scorecard):
    card = scorecard.candidates["lite"]
    many = scorecard.model_copy(update={"candidates": {f"c{number}": card for number in range(200)}})
    assert len(lines_of(many)) == MAX_SERIES + 2


def test_on_lambda_lines_go_to_standard_output_as_they_are(scorecard, capsys):
    publish_metrics(scorecard, EVALUATION, environment=ON_LAMBDA)
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {line["Stack"] for line in printed} == {"evaldrop"}
    assert {line.get("Criterion") for line in printed} == {None, "correctness", "tone"}


@pytest.mark.parametrize(
    "environment", [{}, {"EVALDROP_STACK": "evaldrop"}, {"AWS_LAMBDA_FUNCTION_NAME": "f"}]
)
def test_elsewhere_nothing_is_printed(scorecard, capsys, environment):
    publish_metrics(scorecard, EVALUATION, environment=environment)
    assert not capsys.readouterr().out


def test_a_rehearsal_publishes_nothing(scorecard, capsys):
    publish_metrics(scorecard.model_copy(update={"simulated": True}), EVALUATION, environment=ON_LAMBDA)
    assert not capsys.readouterr().out


@pytest.mark.parametrize(
    ("scored", "unscored", "trusted"),
    [
        (90, {"malformed": 10}, True),
        (89, {"malformed": 11}, False),
        (1, {"not_applicable": 99, "no_response": 5}, True),
        (0, {"error": 1}, False),
        (0, {}, True),
    ],
)
def test_a_judge_is_trusted_while_nine_of_ten_verdicts_can_be_read(scored, unscored, trusted):
    judge = JudgeHealth(model="m", calls=100, errors=0, scored=scored, unscored=unscored)
    assert is_trusted(judge) is trusted


def test_what_a_guardrail_blocks_is_published_with_its_candidate_and_nowhere_else(tmp_path):
    stopped = response("lite", reply=converse("Sorry.", stop="guardrail_intervened"))
    write_run(
        tmp_path / "runs" / "run-1",
        run=run_json(),
        records=[record("r1", expected_blocked=True), record("r2", expected_blocked=False)],
        succeeded=[row("r1", stopped), row("r2", response("lite"))],
    )
    lines = lines_of(build_scorecard(str(tmp_path / "runs" / "run-1")))
    (with_rates,) = [line for line in lines if "GuardrailBlockedBadRate" in line]
    assert with_rates["Candidate"] == "lite"
    assert "Criterion" not in with_rates
    assert (with_rates["GuardrailBlockedBadRate"], with_rates["GuardrailBlockedGoodRate"]) == (1.0, 0.0)
