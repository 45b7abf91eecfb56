"""Responses into evaluation jobs, each once; and what the jobs said back to the responses it is about."""

import json

import pytest

from evaldrop import storage
from evaldrop.run.job_results import read_ended
from evaldrop.steps.prepare_evaluation_jobs.prepare import prepare_evaluation_jobs
from evaldrop.steps.prepare_evaluation_jobs.taking import JOB_FAILED, NOT_SCORED, NOT_TAKEN
from tests.evaldrop.evaluation_jobs.job_files import judged_row, score
from tests.evaldrop.run_folders import (
    CORRECTNESS,
    TONE,
    failed_response,
    record,
    response,
    row,
    run_json,
    write_results,
    write_run,
)

HELPFUL = "bedrock.helpfulness"
BEDROCK = {"name": "bedrock", "api": "evaluation_job", "model": "us.amazon.nova-premier-v1:0"}
PRICE = {"input": 2, "output": 10}
RUN = run_json(
    prices={"date": "2026-11-21", "source": "test", "models": {BEDROCK["model"]: PRICE}},
    criteria=[CORRECTNESS, TONE, HELPFUL],
    evaluation={"judges": [{"name": "pro", "model": "us.amazon.nova-pro-v1:0"}, BEDROCK]},
)


def asked_of_jobs(*criteria):
    return [{"judge": "bedrock", "criteria": [name], "repeat": 0} for name in criteria]


def asked(name, *criteria, **fields):
    return record(name, asked_of_jobs=asked_of_jobs(*criteria), **fields)


RECORDS = [
    asked("a", "tone", HELPFUL, category="x"),
    asked("b", "tone", HELPFUL),
    # Its question is a's: by its text alone the job's row is neither's.
    asked("twin", "tone", HELPFUL, prompt="prompt of a"),
    asked("tone-only", "tone"),
    asked("long", "tone", prompt="x" * 4_097),
    asked("failed", "tone"),
    record("anchor"),
]


def results(*names, failed=()):
    return [
        row(name, response("lite", f"lite on {name}"), failed_response("haiku"))
        if name not in failed
        else row(name, failed_response("lite"), failed_response("haiku"))
        for name in names
    ]


def state_of(folder, manifest, **more):
    bucket, key = storage.place(manifest, "/")
    return {
        "run": {"run_id": "run-1", "folder": str(folder)},
        "results": {"Bucket": bucket, "Key": key},
        "evaluation_jobs": {"poll_s": 1, "jobs": []},
        **more,
    }


@pytest.fixture
def begun(tmp_path):
    """A run whose responses are there, and its jobs are written."""
    names = [each["record_id"] for each in RECORDS]
    manifest = write_run(tmp_path, run=RUN, records=RECORDS, succeeded=results(*names, failed={"failed"}))
    state = state_of(tmp_path, manifest)
    return tmp_path, state, prepare_evaluation_jobs(state)


def dataset(folder, name, number=1):
    text = (folder / "evaluation-jobs" / str(number) / "datasets" / f"{name}.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


def over(folder, state, *, output, status="Completed"):
    """Return the state in which all jobs are over; `output` gives the rows of one, None for none."""
    told = state["evaluation_jobs"]
    for job in told["jobs"]:
        sent = [each for name in job["datasets"] for each in dataset(folder, name, job["round"])]
        if (rows := output(job, sent)) is not None:
            out = folder / "evaluation-jobs" / job["round"] / "out" / job["name"] / job["name"] / "5f"
            out.mkdir(parents=True, exist_ok=True)
            (out / "1_output.jsonl").write_text("".join(json.dumps(each) + "\n" for each in rows))
    statuses = {} if isinstance(status, str) else status
    ended = [
        {"place": job["place"], "status": statuses.get(job["name"], status), "message": "no luck"}
        for job in told["jobs"]
    ]
    return {**state, "evaluation_jobs": {**told, "results": ended}}


def scored(job, sent):
    """Score what the rows say: whole points of tone, and helpfulness by its fraction; in another order."""
    return [
        judged_row(
            each["prompt"],
            score("tone", 0.75),
            *([score("Builtin.Helpfulness", None)] if len(sent) > 1 else []),
            response=each["modelResponses"][0]["response"] + " ",
            model=job["candidate"],
        )
        for each in reversed(sent)
    ]


def judgements(folder):
    file = folder / "evaluation-jobs" / "judgements.jsonl"
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    return {line["record_id"]: line["judgements"] for line in lines}


def test_a_job_has_the_responses_that_are_there_and_are_asked_the_same(begun):
    folder, _, state = begun
    first, second = state["evaluation_jobs"]["jobs"]
    assert {job["candidate"] for job in (first, second)} == {"lite"}
    [a, b, twin] = dataset(folder, first["datasets"][0])
    assert a == {
        "prompt": "prompt of a",
        "referenceResponse": "yes",
        "category": "x",
        "modelResponses": [{"response": "lite on a", "modelIdentifier": "lite"}],
    }
    assert b["prompt"] == "prompt of b"
    assert twin["modelResponses"][0]["response"] == "lite on twin"
    [only] = dataset(folder, second["datasets"][0])
    assert only["prompt"] == "prompt of tone-only"
    forms = state["evaluation_jobs"]["forms"]
    assert [list(forms[job["form"]]["metrics"]) for job in (first, second)] == [
        ["Builtin.Helpfulness", "tone"],
        ["tone"],
    ]


def test_names_and_tokens_are_those_that_bedrock_takes(begun):
    jobs = begun[2]["evaluation_jobs"]["jobs"]
    assert len({job["name"] for job in jobs}) == len({job["token"] for job in jobs}) == len(jobs)
    assert all(len(job["name"]) <= 63 and job["name"] == job["name"].lower() for job in jobs)


def test_asked_once_more_the_same_jobs_are_given_and_none_is_written(begun):
    folder, state, before = begun
    assert prepare_evaluation_jobs(state) == before
    assert not (folder / "evaluation-jobs" / "2").exists()


def test_responses_that_came_later_make_a_round_of_their_own(begun):
    folder, _, before = begun
    names = [each["record_id"] for each in RECORDS]
    manifest = write_results(str(folder), succeeded=results(*names), map_run="2")
    after = prepare_evaluation_jobs(state_of(folder, manifest))["evaluation_jobs"]["jobs"]
    assert after[:-1] == before["evaluation_jobs"]["jobs"]
    assert after[-1]["round"] == "2"
    [row_of_later] = dataset(folder, after[-1]["datasets"][0], 2)
    assert row_of_later["modelResponses"][0]["response"] == "lite on failed"


def test_scores_go_to_the_responses_that_they_are_of(begun):
    folder, _, state = begun
    done = prepare_evaluation_jobs(over(folder, state, output=scored))
    assert done == {key: value for key, value in state.items() if key != "evaluation_jobs"}
    said = judgements(folder)
    assert list(said) == ["a", "b", "twin", "tone-only", "long"]
    for name in ("a", "b", "twin"):
        helpful, tone = said[name]["lite"]
        assert (tone["judge"], tone["criteria"], tone["reply"]["score"]) == ("bedrock", ["tone"], 4.0)
        # null is no score, and never 0.
        assert helpful["reply"]["score"] is None
    assert said["tone-only"]["lite"][0]["reply"]["evaluator"]


def test_what_no_job_takes_is_unscored_by_a_reason_that_says_so(begun):
    folder, _, state = begun
    prepare_evaluation_jobs(over(folder, state, output=scored))
    [said] = judgements(folder)["long"]["lite"]
    assert said["error"]["Error"] == NOT_TAKEN
    assert "4,097 bytes; an evaluation job takes 4,096" in said["error"]["Cause"]


def test_a_job_without_output_leaves_its_responses_unscored_by_its_own_reason(begun):
    folder, _, state = begun
    prepare_evaluation_jobs(over(folder, state, output=lambda *_: None, status="Failed"))
    for said in judgements(folder)["a"]["lite"]:
        assert said["error"]["Error"] == JOB_FAILED
        assert "ended as Failed without this score: no luck" in said["error"]["Cause"]


def test_a_row_that_did_not_come_back_takes_no_other_rows_score(begun):
    folder, _, state = begun

    def but_the_first(job, sent):
        return scored(job, sent)[:-1] if len(sent) > 1 else scored(job, sent)

    prepare_evaluation_jobs(over(folder, state, output=but_the_first))
    said = judgements(folder)
    assert {each["error"]["Error"] for each in said["a"]["lite"]} == {NOT_SCORED}
    # Of the same prompt, and with a response of its own.
    assert not any("error" in each for each in said["twin"]["lite"])


# With a budget, and going on


def with_budget(state):
    return {**state, "budget": {"limit": 10_000_000}}


def test_a_job_reserves_all_its_judges_calls_at_the_most_they_may_be(begun):
    _, _, state = begun
    whole, lone = (job["reserve"] for job in state["evaluation_jobs"]["jobs"])
    # Three responses on two metrics, and one on one; 1,000 and 250 tokens at $2 and $10 a million.
    least = 1_000 * 2 + 250 * 10
    assert 6 * least < whole < 1.5 * 6 * least
    assert least < lone < 1.5 * least


def test_what_jobs_scored_is_settled_at_what_was_reserved_for_it(begun):
    folder, _, state = begun
    done = prepare_evaluation_jobs(with_budget(over(folder, state, output=scored)))
    reserved = sum(job["reserve"] for job in state["evaluation_jobs"]["jobs"])
    # Null is an answer.
    assert done["settle"] == {"stage": "evaluation_1", "cost": reserved, "difference": 0}
    assert sum(job.micros for job in read_ended(str(folder)).jobs.values()) == reserved


def test_what_a_job_left_out_costs_nothing(begun):
    folder, _, state = begun
    done = prepare_evaluation_jobs(with_budget(over(folder, state, output=lambda *_: None, status="Failed")))
    reserved = sum(job["reserve"] for job in state["evaluation_jobs"]["jobs"])
    assert done["settle"] == {"stage": "evaluation_1", "cost": 0, "difference": -reserved}


def test_a_job_without_budget_is_skipped_and_is_no_failure(begun):
    folder, _, state = begun
    first, second = (job["name"] for job in state["evaluation_jobs"]["jobs"])
    ends = {first: "NoBudget", second: "Completed"}

    def only_the_second(job, sent):
        return scored(job, sent) if job["name"] == second else None

    ended = over(folder, state, output=only_the_second, status=ends)
    done = prepare_evaluation_jobs(with_budget(ended))
    for said in judgements(folder)["a"]["lite"]:
        assert (said["skipped"], said.get("error")) == ("budget", None)
    # Only what was reserved is given back.
    assert done["settle"]["difference"] == 0


def test_a_run_that_goes_on_asks_for_what_has_not_completed_and_settles_again_what_it_had(begun):
    folder, before, state = begun
    first, second = state["evaluation_jobs"]["jobs"]
    ends = {first["name"]: "Completed", second["name"]: "Stopped"}
    told = prepare_evaluation_jobs(with_budget(over(folder, state, output=scored, status=ends)))
    again = prepare_evaluation_jobs(with_budget(before))
    # The table settles a stage once: what ended the run may have come before it did.
    assert again["settle"] == told["settle"]
    [left] = again["evaluation_jobs"]["jobs"]
    assert (left["name"], left["token"]) == (second["name"], second["token"])
    # A reservation of its own, for the first one is settled.
    assert left["place"] == f"evaluation_2/{second['name']}"
    done = prepare_evaluation_jobs(with_budget(over(folder, again, output=scored)))
    assert done["settle"]["stage"] == "evaluation_2"
    assert not any("error" in each for each in judgements(folder)["tone-only"]["lite"])


def test_where_all_jobs_have_completed_none_is_asked_for(begun):
    folder, before, state = begun
    prepare_evaluation_jobs(over(folder, state, output=scored))
    done = prepare_evaluation_jobs(before)
    assert "evaluation_jobs" not in done
    assert "settle" not in done
