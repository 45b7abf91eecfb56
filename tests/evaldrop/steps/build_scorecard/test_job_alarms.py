"""A run says which of its batch jobs did not complete, and what became of their rows."""

import json

import pytest

from evaldrop.run.definition import RunDefinition
from evaldrop.steps.build_scorecard.job_alarms import job_alarms
from tests.evaldrop.evaluations import SMALL, prepare

DONE = {"place": "candidates/lite-1", "status": "Completed", "message": ""}
REFUSED = {
    "place": "judges/judge-1",
    "status": "NotCreated",
    "message": "Bedrock.AccessDenied: no\nrole",
}


def alarms(folder, missing="on_demand", delivery="batch", **results):
    folder.mkdir(exist_ok=True)
    prepare(folder, {**SMALL, "delivery": delivery, "batch": {"missing": missing}})
    run = RunDefinition.load(str(folder / "runs/small/run-1"))
    for stage, jobs in results.items():
        (folder / "runs/small/run-1/batch" / stage).mkdir(parents=True)
        (folder / "runs/small/run-1/batch" / stage / "results.json").write_text(json.dumps(jobs))
    return [*job_alarms(run)]


@pytest.mark.parametrize(
    ("missing", "then"),
    [("on_demand", "was called on demand, at the whole price."), ("report", "is an error, NotDelivered.")],
)
def test_a_job_that_was_not_created_is_told_with_its_reason(tmp_path, missing, then):
    (told,) = alarms(tmp_path, missing, candidates=[DONE], judges=[REFUSED])
    assert told == (
        "1 of 2 batch jobs did not complete (judges/judge-1: NotCreated Bedrock.AccessDenied: no role). "
        f"What they left unanswered {then}"
    )


def test_of_many_the_first_are_named(tmp_path):
    broken = [{"place": f"candidates/lite-{n}", "status": "Expired", "message": "x" * 900} for n in range(5)]
    (told,) = alarms(tmp_path, candidates=broken)
    assert told.startswith("5 of 5 batch jobs did not complete (candidates/lite-0: Expired xxx")
    assert "; and 2 more)" in told
    assert len(told) < 800


def test_there_is_nothing_to_say_of_jobs_that_completed_or_of_none(tmp_path):
    assert alarms(tmp_path / "done", candidates=[DONE]) == []
    assert alarms(tmp_path / "none") == []
    assert alarms(tmp_path / "on_demand", delivery="on_demand", candidates=[REFUSED]) == []
