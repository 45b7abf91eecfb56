"""What the store and the events say of a run that has a scorecard."""

import json
from pathlib import Path

import pytest

from evaldrop.run.definition import RunDefinition
from evaldrop.run.request import Owner
from evaldrop.scorecard.read import read_run
from evaldrop.steps.build_scorecard.build import build_scorecard
from evaldrop.steps.build_scorecard.moves import NOT_LOOKED_AT, Moves
from evaldrop.steps.lifecycle.runs import defined_run
from evaldrop.steps.lifecycle.scored import dropped_event, tell_finished
from evaldrop.steps.lifecycle.telling import Lifecycle
from evaldrop.store.sqlite import SqliteStore
from tests.evaldrop.run_folders import record, response, row, run_json, write_run
from tests.evaldrop.steps.lifecycle.test_telling import Bus

OWNER = {"user": "ann", "key_id": "k1", "customer": "acme"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A run that somebody's key started."""
    folder = str(tmp_path_factory.mktemp("runs") / "support" / "run-1")
    answers = [response(name, scores={"correctness": 1, "tone": 5}) for name in ("lite", "haiku")]
    rows = [row(f"r{n}", *answers) for n in range(3)]
    run = run_json() | {"owner": OWNER}
    write_run(folder, run=run, records=[record(f"r{n}") for n in range(3)], succeeded=rows)
    build_scorecard(folder)
    return folder


@pytest.fixture(scope="module")
def run(folder):
    return RunDefinition.load(folder)


@pytest.fixture(scope="module")
def scorecard(folder):
    return read_run(folder).scorecard


@pytest.fixture
def store(tmp_path):
    return SqliteStore(tmp_path / "runs.sqlite")


def told(store, scorecard, run, moves=NOT_LOOKED_AT):
    bus = Bus()
    tell_finished(Lifecycle(stack="evaldrop", opened=lambda: store, bus=bus), scorecard, run, moves)
    return bus.sent


def test_whose_a_run_is_stands_in_run_json_the_scorecard_and_the_history(folder, run, scorecard):
    assert run.owner == Owner(**OWNER)
    assert scorecard.customer == "acme"
    assert json.loads(Path(folder, "history.json").read_bytes())["owner"] == OWNER


def test_a_finished_run_is_noted_with_cost_tokens_and_decision(store, scorecard, run):
    told(store, scorecard, run)
    noted = store.run(run.run_id)
    assert (noted.state, noted.owner, noted.folder) == ("finished", Owner(**OWNER), run.folder)
    ending = noted.ending
    assert ending.cost_usd == scorecard.cost_usd.total
    judges = scorecard.judges.values()
    cards = scorecard.candidates.values()
    assert ending.input_tokens == sum(card.tokens.input for card in cards) + sum(
        j.tokens_input for j in judges
    )
    assert ending.input_tokens > 0
    assert (ending.decision, ending.records) == (scorecard.gate.decision, 3)
    assert ending.recommendation == scorecard.recommendation.reason
    assert [each.name for each in ending.candidates] == ["lite", "haiku"]
    usage = store.usage(noted.started_at[:7], by="customer")["acme"]
    assert usage.usd == pytest.approx(scorecard.cost_usd.total, abs=1e-6)


def test_a_scorecard_that_is_built_again_changes_nothing(store, scorecard, run):
    store.begin(defined_run(run))
    told(store, scorecard, run)
    first, month = store.run(run.run_id), run.started_at[:7]
    used = store.usage(month, by="key")
    told(store, scorecard, run)
    assert store.run(run.run_id) == first
    assert store.usage(month, by="key") == used


def test_the_event_has_what_a_pipeline_decides_by_and_where_to_read_on(store, scorecard, run):
    [(kind, detail)] = told(store, scorecard, run)
    assert kind == "Run Finished"
    assert detail["decision"] == scorecard.gate.decision
    assert detail["recommendation"] == scorecard.recommendation.reason
    assert (detail["cost_usd"], detail["customer"]) == (scorecard.cost_usd.total, "acme")
    assert detail["links"]["report"] == f"{run.folder}/report.html"
    assert not [value for value in detail.values() if isinstance(value, str) and len(value) > 1_000]


def test_a_drop_is_an_event_of_its_own_and_on_a_records_own_criterion_none(store, scorecard, run):
    moves = Moves(frozenset({("lite", "tone"), ("lite", "what a record asks")}))
    _, (kind, detail) = told(store, scorecard, run, moves)
    assert kind == "Quality Dropped"
    assert detail["drops"] == [{"candidate": "lite", "criterion": "tone"}]
    assert "lite on tone" in detail["sentence"]
    assert len(told(store, scorecard, run, Moves(frozenset({("lite", "what a record asks")})))) == 1


def test_of_many_drops_some_are_listed_and_all_counted(scorecard, run):
    drops = [(f"candidate-{n}" * 5, "tone") for n in range(200)]
    event = dropped_event(scorecard, run, drops, stack="evaldrop")
    assert (len(event.drops), event.n_drops) == (20, 200)
    assert len(event.model_dump_json()) < 8_000
