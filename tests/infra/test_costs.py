"""docs/costs.md says what `evaldrop plan` computes."""

import asyncio
from collections import Counter

import pytest

from evaldrop.bedrock.opening import open_runtime
from evaldrop.engine import Observer
from evaldrop.evaluation import parse_evaluation
from evaldrop.run.request import RunRequest
from evaldrop.running.workflow import run_locally
from evaldrop.shipped import workflow_definition
from evaldrop.steps.validate_dataset.plan import child_transitions, orchestration_usd
from infra.costs import MANY, PAGE, PICTURE, page, picture, plans, share
from tests.whole_runs import write_evaluation

EVALUATION = """
name: small
candidates: [{name: a, model: "amazon.nova-lite-v1:0"}, {name: b, model: "amazon.nova-pro-v1:0"}]
judges:
  - {name: joint, model: "amazon.nova-pro-v1:0"}
  - {name: each, model: "amazon.nova-pro-v1:0", mode: per_criterion, repeats: 2}
criteria: [helpfulness, correctness]
"""


def test_the_page_is_what_the_plan_computes_today():
    text = PAGE.read_text(encoding="utf-8")
    assert page(text) == text, "python -m infra.costs writes it anew"


def test_the_picture_is_what_the_plan_computes_today():
    assert PICTURE.read_text(encoding="utf-8") == picture(), "python -m infra.costs writes it anew"


def test_the_share_of_the_machinery_is_below_a_percent_at_any_size():
    """What the page says of large runs."""
    planned = plans(MANY)[1]
    assert [plan.records for plan in planned] == [1_000_000, 10_000_000, 100_000_000]
    assert all(0.004 < share(plan) < 0.0065 for plan in planned)
    assert all(plan.orchestration_usd > 0.9 * plan.machinery_usd for plan in planned)
    few, _, many = planned
    assert many.storage_usd > 500 * few.storage_usd


def test_standard_children_are_paid_by_their_transitions():
    evaluation = parse_evaluation(EVALUATION, source="here")
    entered = child_transitions(evaluation)
    assert orchestration_usd(evaluation, 1_000_000, children="STANDARD") == pytest.approx(25 * (1 + entered))
    assert orchestration_usd(evaluation, 1_000_000) == pytest.approx(26 + 5.5 / 3600 * 0.0625 * 0.06 * 1e6)


class Counting(Observer):
    """Counts the states that were entered."""

    def __init__(self):
        self.entered = Counter()

    def state_entered(self, name):
        self.entered[name] += 1


@pytest.mark.parametrize("pairwise", ["", "pairwise: {baseline: a}"])
def test_a_child_enters_as_many_states_as_the_price_is_computed_from(tmp_path, pairwise):
    text = EVALUATION + pairwise + "\n"
    dataset = write_evaluation(tmp_path, records=1, evaluation=text)
    request = RunRequest(
        run_id="one", dataset=str(dataset), out=str(tmp_path / "runs"), bedrock="simulated:latency=0"
    )
    counting = Counting()
    execution = asyncio.run(
        run_locally(
            request,
            open_runtime(request.bedrock, max_in_flight=4),
            folder=str(tmp_path / "runs" / "small" / "one"),
            observer=counting,
        )
    )
    assert execution.status == "SUCCEEDED"
    own = workflow_definition()["States"].keys()
    entered = sum(times for name, times in counting.entered.items() if name not in own)
    # The first records' second children, of which a run has a few, are not in the price.
    passed_over = 2 * counting.entered["RecordDone"]
    # a second asking, or a pair not worth asking about, is not in the price
    again = sum(times for name, times in counting.entered.items() if name.endswith("Again"))
    expected = child_transitions(parse_evaluation(text, source="here"))
    assert entered - again - passed_over == expected
