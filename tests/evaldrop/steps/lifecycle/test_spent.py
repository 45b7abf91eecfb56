"""What a run without a scorecard has cost: what is there as a scorecard counts it, the rest as planned."""

import json

import pytest

from evaldrop import storage
from evaldrop.prompt_search.kept import turn_folder, write_search
from evaldrop.prompt_search.search import begin
from evaldrop.prompt_search.state import SearchFile
from evaldrop.steps.build_scorecard.build import build_scorecard
from evaldrop.steps.lifecycle.spent import SpentByRun, spent_in
from tests.evaldrop.run_folders import (
    LITE,
    converse,
    failed_response,
    judgement,
    record,
    response,
    row,
    run_json,
    write_results,
    write_run,
)

PLANNED = {"cost_usd": {"likely": 4.0}}
SCORES = {"correctness": 1, "tone": 5}
# Four calls of 100 and 10 tokens, and judges' of 200 and 20, at the prices of `run_folders`.
A_RECORD = (100 + 20) / 1e6 + (1000 + 200) / 1e6 + 2 * (20_000 + 4_000) / 1e6


def answered(record_id):
    return row(record_id, response("lite", scores=SCORES), response("haiku", scores=SCORES))


def lost(record_id):
    return {"Status": "FAILED", "Error": "States.Timeout", "Input": json.dumps({"record": record(record_id)})}


def begun(folder, *, records=4, **run):
    """A run whose records are prepared; the results come after."""
    storage.write_bytes(storage.join(str(folder), "run.json"), json.dumps(run_json(**run)).encode())
    lines = b"".join(json.dumps(record(f"r{n}")).encode() + b"\n" for n in range(records))
    storage.write_bytes(storage.join(str(folder), "records.jsonl"), lines)
    return str(folder)


def test_a_run_whose_records_are_all_there_cost_what_its_scorecard_would_say(tmp_path):
    """With a judge that was asked twice, a call that failed, and what was not paid for."""
    rows = [
        answered("r0"),
        row("r1", failed_response("lite"), response("haiku", scores=SCORES, reused=True)),
        row("r2", response("lite", judgements=[judgement(SCORES, first_reply=converse("what?"))])),
        row("r3", response("lite", judgements=[judgement(SCORES, kept=True)])),
        # A child that ran twice was paid twice.
        answered("r0"),
    ]
    records = [record(f"r{n}") for n in range(4)]
    write_run(tmp_path, run=run_json(), records=records, succeeded=rows)

    found = spent_in(str(tmp_path))

    scorecard = build_scorecard(str(tmp_path))
    assert found.cost_usd == pytest.approx(scorecard.cost_usd.total)
    assert (found.estimated_usd, found.missing) == (0, 0)
    assert found.input_tokens == 6 * 100 + 6 * 200 + 100


def test_a_record_that_was_lost_is_charged_its_share_of_the_plan(tmp_path):
    folder = begun(tmp_path, estimate=PLANNED)
    write_results(folder, succeeded=[answered("r0"), answered("r1"), answered("r2")], failed=[lost("r3")])

    found = spent_in(folder)

    assert found.cost_usd == pytest.approx(3 * A_RECORD + 1)
    assert (found.estimated_usd, found.missing) == (1, 0)


def test_a_record_that_was_not_begun_cost_nothing(tmp_path):
    folder = begun(tmp_path, estimate=PLANNED)
    write_results(folder, succeeded=[answered("r0")], pending=[lost("r2"), lost("r3")])

    found = spent_in(folder)

    # Of r1, which was under way, no file tells.
    assert (found.estimated_usd, found.missing) == (1, 1)
    assert found.cost_usd == pytest.approx(A_RECORD + 1)


def test_after_the_first_calls_nothing_else_has_begun(tmp_path):
    folder = begun(tmp_path, records=100, estimate=PLANNED)
    write_results(folder, succeeded=[answered("r0"), answered("r1")], failed=[lost("r2")])

    found = spent_in(folder, has_fanned_out=False)

    assert found.cost_usd == pytest.approx(2 * A_RECORD + 0.04)
    assert spent_in(folder).estimated_usd == pytest.approx(4 * 98 / 100)


def test_the_first_records_count_once_though_two_map_runs_have_them(tmp_path):
    folder = begun(tmp_path, records=2)
    write_results(folder, succeeded=[answered("r0")], map_run="first")
    write_results(folder, succeeded=[{"responses": [], "comparisons": []}, answered("r1")], map_run="all")

    assert spent_in(folder).cost_usd == pytest.approx(2 * A_RECORD)


def test_a_reply_in_a_file_of_its_own_is_paid_for_by_the_plan(tmp_path):
    folder = begun(tmp_path, records=1, estimate=PLANNED)
    write_results(folder, succeeded=[row("r0", {**failed_response("lite"), "unread": True})])

    assert spent_in(folder)[2:] == (4, 4, 0)


def test_without_results_a_run_is_charged_its_plan_and_before_its_records_nothing(tmp_path):
    folder = begun(tmp_path, estimate=PLANNED)
    assert spent_in(folder) == SpentByRun(cost_usd=4, estimated_usd=4, missing=4)
    (tmp_path / "records.jsonl").unlink()
    assert spent_in(folder) == SpentByRun()


def test_a_price_that_is_not_known_or_a_plan_that_is_not_there_leaves_the_cost_unknown(tmp_path):
    prices = run_json()["prices"]
    unpriced = {**prices, "models": {**prices["models"], LITE: None}}
    folder = begun(tmp_path, records=1, prices=unpriced, estimate=PLANNED)
    write_results(folder, succeeded=[answered("r0")])
    assert spent_in(folder).cost_usd is None
    folder = begun(tmp_path / "unplanned")
    assert spent_in(folder).cost_usd is None


def test_a_search_for_prompts_is_charged_by_its_file_and_by_the_turn_that_was_not_taken(tmp_path):
    folder = str(tmp_path)
    storage.write_bytes(storage.join(folder, "run.json"), json.dumps(run_json()).encode())
    search = begin("lite", "first", LITE, "text", 10).model_copy(update={"cost_usd": 1.5})
    write_search(folder, SearchFile(turn=2, records={}, judge="pro", searches=(search,)))
    assert spent_in(folder).cost_usd == 1.5
    tried = row("prompts/turn-2/r0", response("lite.r1p1", scores=SCORES))
    asked = {"record_id": "lite.r1p2", "reply": converse("a prompt")}
    write_results(turn_folder(folder, 2), succeeded=[tried, asked])
    of_candidate = (100 + 20) / 1e6
    of_judge = 20_000 / 1e6 + 4_000 / 1e6
    assert spent_in(folder).cost_usd == pytest.approx(1.5 + 2 * of_candidate + of_judge)
    # Its records come on top.
    begun(folder)
    write_results(folder, succeeded=[answered(f"r{n}") for n in range(4)])
    assert spent_in(folder).cost_usd == pytest.approx(1.5 + 2 * of_candidate + of_judge + 4 * A_RECORD)
