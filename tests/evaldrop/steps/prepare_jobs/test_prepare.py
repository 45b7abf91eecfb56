"""Stages of jobs, one after the other: what is asked in each, and what the records are in the end."""

import json

import orjson
import pytest

from evaldrop.evaluation.anchors import ANCHOR
from evaldrop.run.definition import RunDefinition
from evaldrop.steps.prepare_jobs.merging import TOO_LARGE
from evaldrop.steps.prepare_jobs.prepare import prepare_jobs
from evaldrop.steps.prepare_jobs.writing import JobLimits
from tests.evaldrop.evaluations import lines, prepare

LIMITS = JobLimits(least=3, most=8, most_bytes=1_000_000)
EVALUATION = {
    "name": "small",
    "delivery": "batch",
    "candidates": [
        {"name": "one", "model": "amazon.nova-lite-v1:0"},
        {"name": "two", "model": "amazon.nova-pro-v1:0"},
    ],
    "judges": [{"name": "judge", "model": "amazon.nova-premier-v1:0"}],
    "criteria": ["correctness"],
    "pairwise": {"baseline": "one"},
}
ROWS = [{"id": f"r{number}", "prompt": f"Question {number}?", "reference": "Yes."} for number in range(6)]


def answered(text):
    return {
        "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 10, "outputTokens": 2, "totalTokens": 12},
    }


class Bedrock:
    """Answers the rows of jobs as it is told; counts them."""

    def __init__(self, folder, answer):
        self._folder, self._answer = folder, answer
        self.bodies = []

    def run(self, state):
        """Return a state whose jobs are over."""
        return {
            **state,
            "batch": {**state["batch"], "results": [self._run(job) for job in state["batch"]["jobs"]]},
        }

    def _run(self, job):
        place = self._folder / "batch" / job["place"]
        rows = [json.loads(line) for line in (place / "rows.jsonl").read_text().splitlines()]
        assert len(rows) == job["n"]
        self.bodies += [row["modelInput"] for row in rows]
        out = place / "out" / "abc"
        out.mkdir(parents=True, exist_ok=True)
        given = [{**row, **self._answer(job, row)} for row in reversed(rows)]
        (out / "rows.jsonl.out").write_text("".join(json.dumps(row) + "\n" for row in given))
        return {"place": job["place"], "arn": "arn", "status": "Completed", "message": ""}


def says(job, row):
    """Answer by who is asked."""
    if job["place"].startswith("candidates"):
        return {"modelOutput": answered(f"I am {job['place']}.")}
    return {"modelOutput": answered("It is so.\n\npreferred: first\ncorrectness: 5")}


def begin(folder, evaluation=EVALUATION, rows=ROWS, **changed):
    """Prepare a run; return the state behind its first calls, of which there were none."""
    state, _ = prepare(folder, evaluation, rows)
    return {**state, **state.pop("rest", {}), "done": [], **changed}, folder / "runs/small/run-1"


def finished(folder, answer=says, limits=LIMITS, **more):
    """Do all stages; return the stages that had jobs, the last state, the records, and Bedrock."""
    state, run = begin(folder, **more)
    bedrock, stages = Bedrock(run, answer), []
    state = prepare_jobs(state, limits)
    while "batch" in state:
        stages.append((state["batch"]["stage"], [job["place"] for job in state["batch"]["jobs"]]))
        state = prepare_jobs(bedrock.run(state), limits)
    return stages, state, lines(folder, state["reader"]["key"].rpartition("run-1/")[2]), bedrock


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return finished(tmp_path_factory.mktemp("run"))


def test_candidates_come_first_then_judges_then_pairs(whole):
    stages, state, _, _ = whole
    assert stages == [
        ("candidates", ["candidates/one-1", "candidates/two-1"]),
        # 12 responses, of which a job takes 8.
        ("judges", ["judges/judge-1", "judges/judge-2"]),
        ("pairs", ["pairs/judge-1", "pairs/judge-2"]),
    ]
    assert state["reader"]["key"].endswith("run-1/batch/records.jsonl")


def test_the_records_have_every_reply_and_no_request_that_is_answered(whole):
    _, _, records, _ = whole
    assert [record["record_id"] for record in records] == [row["id"] for row in ROWS]
    for record in records:
        assert record.keys() == {"record_id", "calls"}
        calls = record["calls"]
        assert calls["requests"] == {}
        assert {name: each["reply"]["Output"] for name, each in calls["jobs"]["responses"].items()} == {
            name: {"Message": {"Role": "assistant", "Content": [{"Text": f"I am candidates/{name}-1."}]}}
            for name in ("one", "two")
        }
        (judgement,) = calls["judgements"]
        assert judgement["job_replies"].keys() == {"one", "two"}
        assert judgement["fences"] == {}
        assert [each["job_reply"]["reply"]["StopReason"] for each in calls["comparisons"]] == ["end_turn"] * 2
        assert not {"before", "after"} & {*judgement, *calls["comparisons"][0], *calls["comparisons"][1]}


def test_a_judge_is_shown_the_responses_behind_their_own_fences_and_asked_in_words(whole):
    *_, bedrock = whole
    judged = [body["messages"][0]["content"] for body in bedrock.bodies[12:24]]
    assert {content[1]["text"] for content in judged} == {"I am candidates/one-1.", "I am candidates/two-1."}
    marks = {content[0]["text"].rpartition("<response mark=")[2] for content in judged}
    assert len(marks) == 12
    assert not [body for body in bedrock.bodies if "toolConfig" in body or "modelId" in body]
    assert "`criterion: score`" in json.dumps(bedrock.bodies[12])


def test_what_was_asked_first_is_in_no_job(tmp_path):
    stages, _, records, bedrock = finished(tmp_path, done=["r0", "r1"])
    assert stages[0] == ("candidates", ["candidates/one-1", "candidates/two-1"])
    assert len(bedrock.bodies) == 4 * 2 + 4 * 2 + 4 * 2
    assert records[0] == {"record_id": "r0", "calls": {"record_id": "r0"}}
    assert "jobs" in records[2]["calls"]


def test_a_stage_that_was_written_is_not_written_again(tmp_path):
    state, run = begin(tmp_path)
    first = prepare_jobs(state, LIMITS)
    before = {path: path.stat().st_mtime_ns for path in run.glob("batch/**/*")}
    # As of a run that goes on, of whose first records another one has come to its end.
    again = prepare_jobs({**state, "done": ["r5"]}, LIMITS)
    assert again["batch"]["jobs"] == first["batch"]["jobs"]
    assert {path: path.stat().st_mtime_ns for path in run.glob("batch/**/*")} == before


def test_a_stage_that_was_broken_off_is_written_anew(tmp_path):
    state, run = begin(tmp_path)
    first = prepare_jobs(state, LIMITS)
    (run / "batch/candidates/jobs.json").unlink()
    (run / "batch/candidates/one-1/rows.jsonl").write_text("half a")
    assert prepare_jobs(state, LIMITS) == first
    assert (run / "batch/candidates/one-1/rows.jsonl").read_text().count("\n") == 6


def test_too_few_rows_are_called_on_demand(tmp_path):
    state, _ = begin(tmp_path)
    assert prepare_jobs(state, JobLimits(least=50)) == {
        key: value for key, value in state.items() if key != "batch"
    }


def test_who_is_on_demand_is_in_no_job_and_its_responses_are_judged_on_demand(tmp_path):
    evaluation = {
        **EVALUATION,
        "candidates": [EVALUATION["candidates"][0], {**EVALUATION["candidates"][1], "delivery": "on_demand"}],
    }
    stages, _, records, _ = finished(tmp_path, evaluation=evaluation)
    assert stages == [("candidates", ["candidates/one-1"]), ("judges", ["judges/judge-1"])]
    calls = records[0]["calls"]
    assert len(calls["requests"]) == 1
    (judgement,) = calls["judgements"]
    assert judgement["job_replies"].keys() == {"one"}
    # What is left to ask, and no more.
    assert judgement["fences"].keys() == {"two"}
    assert "before" in judgement
    assert all("before" in each for each in calls["comparisons"])


def test_a_row_that_failed_is_called_and_its_response_judged_on_demand(tmp_path):
    def answer(job, row):
        is_first = row["recordId"].startswith("00000") and job["place"] == "candidates/two-1"
        return {"error": {"errorCode": 400, "errorMessage": "bad"}} if is_first else says(job, row)

    _, _, records, _ = finished(tmp_path, answer)
    calls = records[0]["calls"]
    assert calls["jobs"]["responses"].keys() == {"one"}
    assert len(calls["requests"]) == 1
    assert calls["judgements"][0]["fences"].keys() == {"two"}
    assert records[1]["calls"]["jobs"]["responses"].keys() == {"one", "two"}


def test_a_row_that_failed_is_reported_where_the_evaluation_says_so(tmp_path):
    def answer(job, row):
        is_first = row["recordId"].startswith("00000") and not job["place"].startswith("pairs")
        return {"error": {"errorCode": 400, "errorMessage": "bad"}} if is_first else says(job, row)

    evaluation = {**EVALUATION, "batch": {"missing": "report"}}
    _, _, records, _ = finished(tmp_path, answer, evaluation=evaluation)
    calls = records[0]["calls"]
    assert {each["error"]["Error"] for each in calls["jobs"]["responses"].values()} == {"NotDelivered"}
    assert calls["requests"] == {}
    assert "before" not in calls["judgements"][0]
    assert records[1]["calls"]["judgements"][0]["job_replies"].keys() == {"one", "two"}


def test_a_reply_that_a_child_has_no_room_for_is_an_error_and_not_paid_for_again(tmp_path):
    def answer(job, row):
        return (
            {"modelOutput": answered("x" * 90_000)}
            if job["place"].startswith("candidates")
            else says(job, row)
        )

    evaluation = {
        **EVALUATION,
        "candidates": [{"name": f"c{n}", "model": "amazon.nova-lite-v1:0"} for n in range(4)],
        "pairwise": None,
        "judges": [],
        "criteria": [],
    }
    _, _, records, _ = finished(tmp_path, answer, evaluation=evaluation)
    for record in records:
        responses = record["calls"]["jobs"]["responses"]
        errors = [each["error"]["Error"] for each in responses.values() if "error" in each]
        assert errors == [TOO_LARGE] * 2
        assert record["calls"]["requests"] == {}
        assert len(orjson.dumps(record["calls"])) < 240 * 1024


def test_an_anchor_is_judged_in_a_job(tmp_path):
    anchors = [
        {"prompt": f"Is it {n}?", "response": "Yes.", "reference": "Yes.", "passes": True} for n in range(3)
    ]
    evaluation = {**EVALUATION, "candidates": [], "pairwise": None, "anchors": {"records": anchors}}
    rows = [{**row, "responses": {"theirs": "Perhaps."}} for row in ROWS]
    stages, _, records, bedrock = finished(tmp_path, evaluation=evaluation, rows=rows)
    assert stages == [("judges", ["judges/judge-1"])]
    # A job takes 8; the last one of 9 is too few for another.
    assert len(bedrock.bodies) == 8
    assert records[6]["calls"]["judgements"][0]["job_replies"].keys() == {ANCHOR}
    assert "before" in records[8]["calls"]["judgements"][0]


def test_a_judge_whose_model_takes_a_schema_is_asked_for_data(tmp_path):
    judge = {"name": "judge", "model": "us.anthropic.claude-haiku-4-5-20251001-v1:0"}
    *_, bedrock = finished(tmp_path, evaluation={**EVALUATION, "judges": [judge]})
    judged, compared = bedrock.bodies[12]["outputConfig"], bedrock.bodies[-1]["outputConfig"]
    schemas = [
        json.loads(each["textFormat"]["structure"]["jsonSchema"]["schema"]) for each in (judged, compared)
    ]
    assert schemas[0]["properties"]["correctness"]["properties"]["score"]["enum"] == [1, 2, 3, 4, 5]
    assert schemas[1]["properties"]["preferred"]["enum"] == ["first", "second", "tie"]
    assert all(schema["additionalProperties"] is False for schema in schemas)
    assert not [body for body in bedrock.bodies[:12] if "outputConfig" in body]


def test_a_run_begins_with_the_candidates_jobs_and_says_who_is_delivered_in_batch(tmp_path):
    state, run = begin(tmp_path)
    deliveries = RunDefinition.load(str(run)).deliveries
    assert deliveries == {"candidate/one": "batch", "candidate/two": "batch", "judge/judge": "batch"}
    assert state["batch"] == {"stage": "candidates", "poll_s": 1, "timeout_h": 24, "jobs": []}
