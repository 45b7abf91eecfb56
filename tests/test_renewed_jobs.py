"""The workflow's states of jobs of both kinds: what ended before they began gets another token."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from evaldrop.engine import dynamodb_update_item, execute, load
from evaldrop.engine.surroundings import Clock
from evaldrop.running.batch_jobs import evaluation_integrations, job_integrations
from evaldrop.running.memory_tables import MemoryTables

ROOT = Path(__file__).parent.parent
STATES = json.loads((ROOT / "infra" / "workflow.asl.json").read_bytes())["States"]
NAMES = {"batch": "RunJobs", "evaluation": "RunEvaluationJobs"}
ITEM = {"name": "evaldrop-1-e1", "token": "t1"}
BATCH = {**ITEM, "place": "judges/one-1", "model": "m", "type": "Converse", "may_renew": True}
JUDGING = {**ITEM, "place": "evaluation_1/evaldrop-1-e1", "round": "1", "form": "1/0", "candidate": "lite"}
FORMS = {"1/0": {"metrics": ["Builtin.Helpfulness"], "automated": {}}}
LONG_AGO = datetime.now(UTC) - timedelta(days=1)


class Now(Clock):
    async def sleep(self, _seconds):
        """Wait for nothing."""


class Bedrock:
    """Jobs of both kinds by their tokens; those that are created complete."""

    def __init__(self, *before, done=None):
        self.jobs = {token: (status, LONG_AGO) for token, status in before}
        self.done = done
        self.created = {}

    async def create(self, request):
        token = request["clientRequestToken"]
        if token not in self.jobs:
            self.jobs[token] = ("Completed", datetime.now(UTC))
            self.created[token] = request["jobName"]
        return {"jobArn": token}

    async def get(self, request):
        status, begun = self.jobs[request["jobIdentifier"]]
        counts = {} if self.done is None else {"processedRecordCount": self.done}
        return {"status": status, "submitTime": begun, "creationTime": begun, **counts}

    async def stop(self, request):
        raise AssertionError(request)


def ran(kind, bedrock, **changed):
    """Return how a job ends."""
    name = NAMES[kind]
    state = {**{key: value for key, value in STATES[name].items() if key != "Next"}, "End": True}
    machine = {"QueryLanguage": "JSONata", "StartAt": name, "States": {name: state}}
    content = {
        "run": {"folder": "s3://runs/small/run-1"},
        "budget": None,
        "batch": {"stage": "judges", "poll_s": 60, "timeout_h": 24, "jobs": [{**BATCH, **changed}]},
        "evaluation_jobs": {"poll_s": 60, "forms": FORMS, "jobs": [{**JUDGING, "datasets": ["d"]}]},
    }
    role = "arn:aws:iam::123456789012:role/jobs"
    execution = asyncio.run(
        execute(
            load(machine, {"Partition": "aws", "JobsRole": role, "EvaluationJobsRole": role}),
            content,
            integrations={
                "dynamodb:updateItem": dynamodb_update_item(MemoryTables().update_item),
                **job_integrations(create=bedrock.create, get=bedrock.get, stop=bedrock.stop),
                **evaluation_integrations(create=bedrock.create, get=bedrock.get),
            },
            name="run-1",
            clock=Now(),
        )
    )
    assert execution.status == "SUCCEEDED", execution.cause
    [result] = execution.output["batch" if kind == "batch" else "evaluation_jobs"]["results"]
    return result


@pytest.mark.parametrize("kind", NAMES)
@pytest.mark.parametrize("status", ["Failed", "Stopped"])
def test_a_job_that_ended_before_is_asked_for_anew_by_the_next_token_and_name(kind, status):
    bedrock = Bedrock(("t1", status))
    assert ran(kind, bedrock)["status"] == "Completed"
    assert bedrock.created == {"t1-1": "evaldrop-1-e1-1"}


@pytest.mark.parametrize("kind", NAMES)
def test_an_attempt_that_is_going_or_complete_is_the_last_one(kind):
    bedrock = Bedrock(("t1", "Failed"), ("t1-1", "Stopped"), ("t1-2", "Completed"))
    result = ran(kind, bedrock)
    assert (result["status"], bedrock.created) == ("Completed", {})
    assert result["arn"] == "t1-2"


@pytest.mark.parametrize("kind", NAMES)
def test_a_job_that_fails_now_has_failed(kind):
    class Failing(Bedrock):
        async def get(self, request):
            return {**await super().get(request), "status": "Failed"}

    bedrock = Failing()
    assert ran(kind, bedrock)["status"] == "Failed"
    assert bedrock.created == {"t1": "evaldrop-1-e1"}


def test_a_batch_job_that_has_answered_some_rows_is_not_paid_for_again():
    bedrock = Bedrock(("t1", "Stopped"), done=3)
    assert ran("batch", bedrock)["status"] == "Stopped"
    assert bedrock.created == {}


def test_a_batch_job_whose_rows_may_have_been_called_on_demand_since_is_not_created_again():
    bedrock = Bedrock(("t1", "Failed"))
    assert ran("batch", bedrock, may_renew=False)["status"] == "Failed"
    assert bedrock.created == {}
