"""Jobs that a budget had no room for, in a run that goes on with a larger one."""

import json

import orjson
import pytest

from evaldrop.run.ledger import LEDGER
from evaldrop.steps.prepare_jobs.prepare import prepare_jobs
from tests.evaldrop.evaluations import lines
from tests.evaldrop.steps.prepare_jobs.test_prepare import EVALUATION, LIMITS, Bedrock, begin, says

SMALL, LARGE = 1_000, 1_000_000
PRICES = {
    each["model"]: {"input": 1, "output": 10} for each in (*EVALUATION["candidates"], *EVALUATION["judges"])
}
PRICED = {**EVALUATION, "prices": PRICES, "pairwise": None}


class Refusing(Bedrock):
    """Refuses the jobs of some, for the budget; and any that was refused before, as the workflow does."""

    def __init__(self, folder, refused=()):
        super().__init__(folder, says)
        self._refused = tuple(refused)
        self.created = []

    def _run(self, job):
        if job["refused"] or job["place"].startswith(self._refused):
            return {"place": job["place"], "status": "NoBudget", "message": "too little"}
        self.created.append(job["place"])
        return super()._run(job)


def budget(limit):
    return {"limit": limit, "key": "BUDGET#run-1", "table": "budgets", "expires": "1", "prices": {}}


def done_with(state, bedrock):
    """Do all stages; return the last state, what was settled of each, and the stages that had jobs."""
    settled, stages = [], []
    state = prepare_jobs(state, LIMITS)
    while "batch" in state:
        stages.append(state["batch"]["stage"])
        settled.append(state.pop("settle", None))
        state = prepare_jobs(bedrock.run(state), LIMITS)
    return state, [each for each in (*settled, state.pop("settle", None)) if each], stages


def called_for(run, *records):
    """Note that records were called on demand."""
    noted = ({"reserves": each, "micros": 1} for each in records)
    (run / LEDGER).write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in noted))


@pytest.fixture
def refused(tmp_path):
    """A run whose candidate `two` had no job for the budget, and whose first record was called on demand."""
    state, run = begin(tmp_path, PRICED, budget=budget(SMALL))
    bedrock = Refusing(run, ["candidates/two"])
    after, settled, _ = done_with(state, bedrock)
    assert bedrock.created == ["candidates/one-1", "judges/judge-1"]
    assert [each["stage"] for each in settled] == ["candidates", "judges"]
    called_for(run, "r0")
    return state, run, lines(tmp_path, after["reader"]["key"].rpartition("run-1/")[2])


def test_the_rows_of_refused_jobs_go_in_further_jobs_and_are_judged_in_further_ones(refused, tmp_path):
    state, run, _ = refused
    bedrock = Refusing(run)
    after, settled, stages = done_with({**state, "budget": budget(LARGE)}, bedrock)
    assert stages == ["candidates", "judges"]
    # What was refused is never created itself, and what was there is asked for by its own token.
    assert bedrock.created == ["candidates/one-1", "candidates/two-2", "judges/judge-1", "judges/judge-2"]
    assert [each["stage"] for each in settled] == ["candidates-2", "judges-2"]
    for place in ("candidates/two-2", "judges/judge-2"):
        assert (run / "batch" / place / "rows.jsonl").read_bytes().count(b"\n") == 5
    for record in lines(tmp_path, after["reader"]["key"].rpartition("run-1/")[2]):
        calls, names = record["calls"], {"one"} if record["record_id"] == "r0" else {"one", "two"}
        assert calls["jobs"]["responses"].keys() == calls["judgements"][0]["job_replies"].keys() == names
        # Whoever may have been called is called: the reply is there, and no job's.
        assert bool(calls["requests"]) == (record["record_id"] == "r0")


def test_a_run_that_goes_on_once_more_gets_the_same_jobs(refused):
    state, run, _ = refused
    larger = {**state, "budget": budget(LARGE)}
    first = prepare_jobs(larger, LIMITS)
    assert prepare_jobs(larger, LIMITS)["batch"]["jobs"] == first["batch"]["jobs"]
    done_with(larger, Refusing(run))
    bedrock = Refusing(run)
    done_with(larger, bedrock)
    assert bedrock.created == ["candidates/one-1", "candidates/two-2", "judges/judge-1", "judges/judge-2"]


def test_with_the_same_budget_or_with_too_few_rows_left_there_are_no_further_jobs(refused):
    state, run, _ = refused
    bedrock = Refusing(run)
    done_with(state, bedrock)
    assert bedrock.created == ["candidates/one-1", "judges/judge-1"]
    called_for(run, "r0", "r1", "r2", "r3")
    done_with({**state, "budget": budget(LARGE)}, bedrock)
    assert bedrock.created[2:] == ["candidates/one-1", "judges/judge-1"]


def test_what_a_larger_budget_has_no_room_for_either_waits_for_one_that_has(refused):
    state, run, _ = refused
    done_with({**state, "budget": budget(LARGE)}, Refusing(run, ["candidates/two"]))
    bedrock = Refusing(run)
    done_with({**state, "budget": budget(2 * LARGE)}, bedrock)
    assert "candidates/two-3" in bedrock.created
    assert not {"candidates/two-1", "candidates/two-2"} & {*bedrock.created}


# In a stack, where a run goes on in another execution


def results_of(run, *records):
    place = run / "results" / "first"
    place.mkdir(parents=True)
    rows = [{"record_id": each, "responses": [], "comparisons": []} for each in records]
    (place / "SUCCEEDED_0.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    files = {"SUCCEEDED": [{"Key": "x/first/SUCCEEDED_0.jsonl"}], "FAILED": [], "PENDING": []}
    manifest = {"DestinationBucket": "out", "ResultFiles": files}
    (place / "manifest.json").write_text(json.dumps(manifest))


def test_in_a_stack_only_further_jobs_are_created_and_only_records_without_a_result_left(refused, tmp_path):
    state, run, _ = refused
    (run / LEDGER).unlink()
    results_of(run, "r0", "r1")
    rest = {**state, "budget": budget(LARGE), "run": {**state["run"], "rest": True}}
    bedrock = Refusing(run)
    after, settled, _ = done_with(rest, bedrock)
    assert bedrock.created == ["candidates/two-2", "judges/judge-2"]
    # The counter knows what the first jobs cost.
    files = [run / "batch" / each / "jobs.json" for each in ("candidates", "judges")]
    stages = [json.loads(file.read_bytes()) for file in files]
    assert [each["cost"] - each["difference"] for each in settled] == [jobs[-1]["reserve"] for jobs in stages]
    left = lines(tmp_path, "rest.jsonl")
    assert after["reader"]["key"].endswith("run-1/rest.jsonl")
    assert [each["record_id"] for each in left] == ["r2", "r3", "r4", "r5"]
    for record in left:
        assert record["calls"]["jobs"]["responses"].keys() == {"one", "two"}
        assert record["calls"]["reserve"]["total"] == 0
