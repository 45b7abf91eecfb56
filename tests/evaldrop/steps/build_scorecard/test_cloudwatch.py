"""What BuildScorecard publishes, in CloudWatch's embedded metric format."""

import json

import pytest

from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.model.scorecard import Gate, JudgeHealth
from evaldrop.scorecard.trend import trend_of
from evaldrop.steps.build_scorecard.build import build_scorecard
from evaldrop.steps.build_scorecard.cloudwatch import (
    MAX_SERIES,
    is_trusted,
    metric_lines,
    publish_metrics,
    published_criteria,
)
from evaldrop.steps.build_scorecard.moves import moves_of
from evaldrop.steps.embedded_metrics import NAMESPACE
from tests.evaldrop.run_folders import (
    converse,
    failed_response,
    record,
    response,
    row,
    run_json,
    write_run,
)
from tests.evaldrop.scorecard.recommendation.cards import since
from tests.evaldrop.scorecard.trend.test_trend import STEADY, weeks

ON_LAMBDA = {"AWS_LAMBDA_FUNCTION_NAME": "BuildScorecard", "EVALDROP_STACK": "evaldrop"}


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "runs" / "golden" / "run-1"


@pytest.fixture
def run(folder, scorecard):
    return RunDefinition.load(str(folder))


@pytest.fixture
def scorecard(folder):
    good = {"correctness": 1, "tone": 4}
    write_run(
        folder,
        run=run_json(),
        records=[record("r1"), record("r2")],
        succeeded=[
            row(each, *(response(name, scores=good) for name in ("lite", "haiku"))) for each in ("r1", "r2")
        ],
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


def test_on_lambda_lines_go_to_standard_output_as_they_are(scorecard, run, capsys):
    publish_metrics(scorecard, run, environment=ON_LAMBDA)
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {line["Stack"] for line in printed} == {"evaldrop"}
    assert {line.get("Criterion") for line in printed} == {None, "correctness", "tone"}


@pytest.mark.parametrize(
    "environment", [{}, {"EVALDROP_STACK": "evaldrop"}, {"AWS_LAMBDA_FUNCTION_NAME": "f"}]
)
def test_elsewhere_nothing_is_printed(scorecard, run, capsys, environment):
    publish_metrics(scorecard, run, environment=environment)
    assert not capsys.readouterr().out


def test_a_rehearsal_publishes_nothing(scorecard, run, capsys):
    publish_metrics(scorecard.model_copy(update={"simulated": True}), run, environment=ON_LAMBDA)
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


def of_the_run(scorecard, trend=None):
    """What both the stack's and the evaluation's line say of a run."""
    moves = moves_of(scorecard, trend)
    own = frozenset({"correctness", "tone"})
    lines = list(metric_lines(scorecard, stack="evaldrop", criteria=own, time_ms=1, moves=moves))
    stack, evaluation = lines[:2]
    assert stack["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["Stack"]]
    assert evaluation["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["Stack", "Evaluation"]]
    assert {name: evaluation[name] for name in stack if name != "_aws"} == {
        name: value for name, value in stack.items() if name != "_aws"
    }
    return evaluation


@pytest.mark.parametrize(
    ("decision", "passed", "not_passed"),
    [("pass", 1, 0), ("no gate", 0, 0), ("inconclusive", 0, 1), ("fail", 0, 1)],
)
def test_without_a_gate_nothing_passed_and_what_is_open_has_not(scorecard, decision, passed, not_passed):
    gate = Gate(decision=decision, reasons=("judged",))
    line = of_the_run(scorecard.model_copy(update={"gate": gate}))
    assert (line["GatePassed"], line["GateNotPassed"], line["RunsWithoutAnswers"]) == (passed, not_passed, 0)


def test_a_run_in_which_every_call_failed_publishes_failure_and_no_quality(tmp_path):
    folder = tmp_path / "runs" / "golden" / "run-1"
    write_run(
        folder,
        run=run_json(),
        records=[record("r1"), record("r2")],
        succeeded=[row(each, failed_response("lite"), failed_response("haiku")) for each in ("r1", "r2")],
    )
    card = build_scorecard(str(folder))
    lines = lines_of(card)
    line = of_the_run(card)
    assert (line["RunsWithoutAnswers"], line["GateNotPassed"], line["GateFailed"]) == (1, 1, 1)
    assert (line["Coverage"], line["GatePassed"]) == (0, 0)
    for name in ("PassRate", "Score", "LatencyP90", "CostPerThousandRecordsUsd", "Regressions", "JudgeDrift"):
        assert all(name not in each for each in lines), name
    assert {each["ResponseErrorRate"] for each in lines if "ResponseErrorRate" in each} == {1.0}


def test_verdicts_that_count_as_the_worst_are_no_quality_of_a_silent_candidate(tmp_path):
    folder = tmp_path / "runs" / "golden" / "run-1"
    write_run(
        folder,
        run=run_json(evaluation={"unscored": "worst"}),
        records=[record("r1"), record("r2")],
        succeeded=[
            row(each, response("lite", scores={"correctness": 1, "tone": 4}), failed_response("haiku"))
            for each in ("r1", "r2")
        ],
    )
    card = build_scorecard(str(folder))
    assert card.candidates["haiku"].criteria["correctness"].pass_rate == 0
    assert {each["Candidate"] for each in lines_of(card) if "PassRate" in each} == {"lite"}


def test_records_without_a_result_count_as_errors(scorecard):
    card = scorecard.candidates["lite"]
    counts = card.responses.model_copy(update={"missing": 1})
    lost = scorecard.model_copy(
        update={"candidates": {"lite": card.model_copy(update={"responses": counts})}}
    )
    rates = [each["ResponseErrorRate"] for each in lines_of(lost) if "ResponseErrorRate" in each]
    assert rates == [0.5]


def test_what_is_worse_than_in_the_blessed_run_is_counted_and_nothing_without_one(scorecard):
    assert "Regressions" not in of_the_run(scorecard)
    for found, n in (("regressed", 1), ("undecided", 0), ("improved", 0)):
        held = scorecard.model_copy(update={"baseline": since({"lite": (-0.1, found)}, criterion="tone")})
        assert of_the_run(held)["Regressions"] == n


@pytest.mark.parametrize(
    ("anchors", "regressions", "drift"),
    [(None, 1, 0), ([*STEADY, *STEADY], 1, 0), ([*STEADY, 3.0, 3.0], 0, 2)],
)
def test_a_fall_is_the_candidates_or_the_judges_and_counts_in_the_run_that_gives_the_alarm(
    scorecard, anchors, regressions, drift
):
    """With anchors that fell too it is the judge: both the candidate's and the anchors' charts say so."""
    entries = weeks([*STEADY, 3.0, 3.0], anchors=anchors)
    trend = trend_of(entries, "support")
    alarmed = {shift.run_id for shift in trend.shifts}
    assert len(alarmed) == 1
    line = of_the_run(scorecard.model_copy(update={"run_id": alarmed.pop()}), trend=trend)
    assert (line["Regressions"], line["JudgeDrift"]) == (regressions, drift)
    later = of_the_run(scorecard.model_copy(update={"run_id": "run-00"}), trend=trend)
    assert (later["Regressions"], later["JudgeDrift"]) == (0, 0)


def test_a_rise_is_no_regression(scorecard):
    trend = trend_of(weeks([*STEADY, 5.0, 5.0]), "support")
    (shift,) = trend.shifts
    line = of_the_run(scorecard.model_copy(update={"run_id": shift.run_id}), trend=trend)
    assert line["Regressions"] == 0


def test_too_few_runs_for_a_chart_tell_nothing_of_drift(scorecard):
    trend = trend_of(weeks(STEADY), "support")
    assert "JudgeDrift" not in of_the_run(scorecard.model_copy(update={"run_id": "run-03"}), trend=trend)


def test_a_customer_has_a_metric_only_where_the_stacks_owner_has_named_them(scorecard, run, capsys):
    """Whoever starts a run may name a customer, and each metric costs by the month."""
    named = {**ON_LAMBDA, "EVALDROP_CUSTOMER_METRICS": '["acme"]'}
    for customer, environment, is_there in (
        ("acme", named, True),
        ("other", named, False),
        (None, named, False),
        ("acme", ON_LAMBDA, False),
    ):
        publish_metrics(scorecard.model_copy(update={"customer": customer}), run, environment=environment)
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert [line["Customer"] for line in lines if "Customer" in line] == ["acme"] * is_there
        # Logs Insights adds up by it all the same.
        assert {line.get("customer") for line in lines} == {customer}


def test_scores_of_ones_own_code_are_published_where_it_asks(run):
    checks = ({"python": "s:kept"}, {"python": "s:told", "publish": True}, {"contains": "x", "name": "found"})
    evaluation = run.evaluation.model_copy(update={"checks": checks})
    scored = run.changed(evaluation=evaluation, check_configs=checks)
    assert published_criteria(scored) - published_criteria(run) == {"told", "found"}
