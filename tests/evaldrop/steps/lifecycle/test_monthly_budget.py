"""What a run reserves of its stack's month, and what becomes of it where too little is left."""

import pytest

from evaldrop.errors import BudgetExceeded
from evaldrop.run.definition import RunDefinition
from evaldrop.steps.lifecycle.runs import reserving_run
from evaldrop.steps.lifecycle.telling import Lifecycle
from evaldrop.steps.validate_dataset.validate import validate_dataset
from evaldrop.store.sqlite import SqliteStore
from tests.evaldrop.evaluations import request, write

PRICES = {model: {"input": 1000, "output": 1000} for model in ("own.a", "own.j")}
OWN = {
    "name": "small",
    "candidates": [{"name": "a", "model": "own.a"}],
    "judges": [{"name": "j", "model": "own.j"}],
    "criteria": ["correctness"],
}


def defined(folder, evaluation):
    write(folder, evaluation, [{"id": "r1", "prompt": "Why?", "reference": "So."}], None)
    return RunDefinition.load(validate_dataset(request(folder))["run"]["folder"])


def test_a_run_reserves_the_most_of_its_plan_or_its_budget_where_that_is_less(tmp_path):
    run = defined(tmp_path, {**OWN, "prices": PRICES})
    most = run.estimate["cost_usd"]["high"]
    assert reserving_run(run).estimate_usd == most
    assert reserving_run(run.changed(budget_usd=most / 2)).estimate_usd == most / 2


def test_a_run_of_unknown_price_is_refused(tmp_path):
    run = defined(tmp_path, OWN)
    with pytest.raises(BudgetExceeded, match=r"price of own.a, own.j is unknown"):
        reserving_run(run)


def test_a_run_that_is_refused_has_not_begun_and_says_why(tmp_path):
    store = SqliteStore(tmp_path / "runs.sqlite")
    lifecycle = Lifecycle(opened=lambda: store)
    write(tmp_path, {**OWN, "prices": PRICES}, [{"id": "r1", "prompt": "Why?", "reference": "So."}], None)

    def admit(run):
        lifecycle.admit(reserving_run(run).model_copy(update={"simulated": False}), monthly_usd=0.01)

    with pytest.raises(BudgetExceeded, match=r"\$0.01 a month \(monthly_budget_usd\)"):
        validate_dataset(request(tmp_path), admit=admit)
    assert store.run("run-1") is None
    assert not list(tmp_path.glob("**/run.json"))
    store.close()
