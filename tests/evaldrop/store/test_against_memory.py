"""Whatever is done in whatever order, both stores know what a plain dict of runs would."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from evaldrop.errors import Conflict, LimitReached
from evaldrop.run.request import Owner
from evaldrop.store.model import ChosenCandidate, Limits, RunQuery
from evaldrop.store.sqlite import SqliteStore
from tests.evaldrop.store.memory import Memory
from tests.evaldrop.store.stores import TABLE, a_run, an_ending, dynamodb_store

LIMITS = Limits(runs_per_month=3, usd_per_day=0.3, usd_per_month=0.5)
OWNERS = [Owner(key_id="k1", customer="acme"), Owner(key_id="k2", customer="acme")]
TIMES = [f"2026-{day}T10:00:00+00:00" for day in ("11-29", "11-30", "12-01")]

runs = some.builds(
    a_run,
    some.sampled_from(["r1", "r2", "r3", "r4"]),
    owner=some.sampled_from(OWNERS),
    estimate_usd=some.sampled_from([0.1, 0.2, 0.3, 0.0]),
    started_at=some.sampled_from(TIMES),
    request_sha256=some.sampled_from(["a" * 64, "a" * 64, "b" * 64]),
)
endings = some.builds(
    an_ending,
    state=some.sampled_from(["finished", "failed", "stopped"]),
    cost_usd=some.sampled_from([0.05, 0.25, 0.4, None]),
)
steps = some.lists(
    some.one_of(
        some.tuples(some.just("admit"), runs),
        some.tuples(some.just("admit"), runs),
        some.tuples(some.just("withdraw"), runs),
        some.tuples(some.just("begin"), runs),
        some.tuples(some.just("end"), runs, endings),
        some.tuples(some.just("choose"), runs),
        some.tuples(some.just("rebuild"), runs),
    ),
    min_size=3,
    max_size=14,
)


@given(steps)
@settings(max_examples=60)
def test_sqlite_does_what_a_dict_would(tmp_path_factory, told):
    store = SqliteStore(tmp_path_factory.mktemp("store") / "runs.sqlite")
    hold(store, told)
    store.close()


@given(steps)
@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow])
def test_dynamodb_does_what_a_dict_would(client, told):
    store = dynamodb_store(client)
    try:
        hold(store, told)
    finally:
        client.delete_table(TableName=TABLE)


def hold(store, told):
    """Do the same to both, and compare what they answer and what they know."""
    memory = Memory()
    for name, run, *more in told:
        assert answer(store, name, run, *more) == remembered(memory, name, run, *more), (name, run)
    known = {run.run_id: run for run in store.runs(RunQuery(limit=1000)).runs}
    assert {
        run_id: (run.state, run.owner.key_id, run.choice.candidate if run.choice else None)
        for run_id, run in known.items()
    } == {run_id: (run["state"], run["key"], run["choice"]) for run_id, run in memory.runs.items()}
    for owner in OWNERS:
        for period in ("2026-11", "2026-12", "2026-11-29", "2026-11-30"):
            used = store.used(owner.key_id, period)
            assert used.runs == memory.count(owner.key_id, period)
            assert used.usd + used.reserved_usd == pytest.approx(float(memory.dollars(owner.key_id, period)))
    for month in ("2026-11", "2026-12"):
        by_key, by_customer = store.usage(month, by="key"), store.usage(month, by="customer")
        assert sum(each.runs for each in by_key.values()) == sum(each.runs for each in by_customer.values())


def answer(store, name, run, ending=None):
    """Return what a store says to a step: the error's class, whether a run is new, or nothing."""
    try:
        match name:
            case "admit":
                return store.admit(run, LIMITS, now=run.started_at)[1]
            case "withdraw":
                store.withdraw(run.run_id)
            case "begin":
                store.begin(run)
            case "end":
                store.end(run.run_id, ending, run=run)
            case "choose" if store.run(run.run_id):
                store.choose(run.run_id, ChosenCandidate(candidate="lite", chosen_at=run.started_at))
            case "rebuild" if known := store.run(run.run_id):
                # As its folder would have it, which names nobody.
                store.rebuild([known.model_copy(update={"owner": Owner(), "choice": None})])
    except (Conflict, LimitReached) as error:
        return type(error)
    return None


def remembered(memory, name, run, ending=None):
    """Return what the dict says to the same step."""
    try:
        match name:
            case "admit":
                return memory.admit(run, LIMITS, run.started_at)
            case "withdraw":
                memory.withdraw(run.run_id)
            case "begin":
                memory.begin(run)
            case "end":
                memory.end(run, ending)
            case "choose" if run.run_id in memory.runs:
                memory.choose(run.run_id, ChosenCandidate(candidate="lite", chosen_at=run.started_at))
    except (Conflict, LimitReached) as error:
        return type(error)
    return None
