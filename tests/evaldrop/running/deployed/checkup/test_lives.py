"""Models that are leaving Bedrock, as `evaldrop doctor` finds them."""

from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from evaldrop.evaluation import parse_evaluation
from evaldrop.evaluation.lifecycle import BRIDGE
from evaldrop.running.deployed.checkup.lives import check_lives

EVALUATION = parse_evaluation(
    b"""
name: small
candidates: [{name: lite, model: us.amazon.nova-lite-v1:0}, {name: pro, model: us.amazon.nova-pro-v1:0}]
judges: [{name: strict, model: geo.amazon.nova-pro-v1:0}]
criteria: [correctness]
""",
    source="evaluation.yaml",
)


class Bedrock:
    """Lists models by their days to live; None for one that is active."""

    def __init__(self, days):
        self._days = days

    def list_foundation_models(self):
        if self._days is None:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "ListFoundationModels")
        return {"modelSummaries": [_summary(model, days) for model, days in self._days.items()]}


def _summary(model, days):
    if days is None:
        return {"modelId": model, "modelLifecycle": {"status": "ACTIVE"}}
    end = datetime.now(UTC) + timedelta(days=days)
    return {"modelId": model, "modelLifecycle": {"status": "LEGACY", "endOfLifeTime": end}}


@pytest.mark.parametrize(
    ("days", "states"),
    [
        ({"amazon.nova-lite-v1:0": None, "amazon.nova-pro-v1:0": None}, ["ok"]),
        ({"amazon.nova-lite-v1:0": 100}, ["note"]),
        ({"amazon.nova-lite-v1:0": -1, "amazon.nova-pro-v1:0": 10}, ["note", "problem", "note"]),
        (None, ["unknown"]),
    ],
)
def test_each_model_that_leaves_is_a_finding(days, states):
    assert [each.state for each in check_lives(lambda _: Bedrock(days), EVALUATION)] == states


def test_a_judge_that_leaves_is_said_to_end_the_history():
    found = check_lives(lambda _: Bedrock({"amazon.nova-pro-v1:0": 10}), EVALUATION)
    assert [BRIDGE in each.way_out for each in found] == [True, False]
