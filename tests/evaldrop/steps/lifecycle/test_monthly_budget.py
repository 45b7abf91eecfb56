"""What a run reserves of its stack's month, and what becomes of it where too little is left."""

import json
from pathlib import Path

import pytest

from evaldrop.errors import BudgetExceeded
from evaldrop.run.definition import RunDefinition
from evaldrop.steps.lifecycle.failed import Ended, note_failed
from evaldrop.steps.lifecycle.runs import reserving_run, resuming_run
from evaldrop.steps.lifecycle.telling import Lifecycle
from evaldrop.steps.validate_dataset.validate import validate_dataset
from evaldrop.store.model import Ending
from evaldrop.store.sqlite import SqliteStore
from tests.evaldrop.evaluations import prepare, request, write
from tests.evaldrop.run_folders import write_results

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


@pytest.fixture
def half_done(tmp_path):
    """A run that ended with one of its two records: its definition, and the store that knows it."""
    rows = [{"id": name, "prompt": "Why?", "reference": "So."} for name in ("r1", "r2")]
    state, _ = prepare(tmp_path, {**OWN, "prices": PRICES}, rows)
    folder = state["run"]["folder"]
    write_results(folder, succeeded=[{"record_id": "r1", "responses": [], "comparisons": []}])
    run = RunDefinition.load(folder)
    store = SqliteStore(tmp_path / "runs.sqlite")
    known = reserving_run(run).model_copy(update={"simulated": False})
    store.end(run.run_id, Ending(state="finished", ended_at=run.started_at, cost_usd=0.01), run=known)
    yield run, store
    store.close()


def test_a_run_that_goes_on_reserves_the_part_of_its_records_without_a_result(half_done):
    run, _ = half_done
    resuming = resuming_run(run)
    assert resuming.rest_usd == pytest.approx(run.estimate["cost_usd"]["high"] / 2)
    assert resuming.estimate_usd == run.estimate["cost_usd"]["high"]


def test_where_it_does_not_go_on_after_all_it_stays_as_it_had_ended(half_done):
    run, store = half_done
    lifecycle = Lifecycle(opened=lambda: store)
    lifecycle.admit(resuming_run(run), monthly_usd=1000)
    assert store.run(run.run_id).rest_usd > 0
    given = json.loads(request(Path(run.out), run_id=run.run_id, rest=True).model_dump_json())
    note_failed(lifecycle, Ended(given), step="PrepareRecords", why="changed")
    known = store.run(run.run_id)
    assert (known.rest_usd, known.state, known.ending.cost_usd) == (None, "finished", 0.01)
