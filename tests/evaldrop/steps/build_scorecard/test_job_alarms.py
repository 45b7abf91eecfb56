"""A run says which of its batch jobs did not complete, and what became of their rows."""

import json

import pytest

from evaldrop.run.definition import RunDefinition
from evaldrop.steps.build_scorecard.job_alarms import evaluation_job_alarms, job_alarms
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


def judged(folder, *jobs):
    judges = [{"name": "bedrock", "api": "evaluation_job", "model": "us.amazon.nova-pro-v1:0"}]
    prepare(folder, {**SMALL, "judges": judges})
    place = folder / "runs/small/run-1/evaluation-jobs"
    place.mkdir()
    named = [{"name": f"j{n}", "message": "why", "micros": 0, **job} for n, job in enumerate(jobs)]
    (place / "results.json").write_text(json.dumps({"n": 1, "jobs": named, "settle": None}))
    return [*evaluation_job_alarms(RunDefinition.load(str(folder / "runs/small/run-1")))]


def test_evaluation_jobs_that_were_refused_or_failed_are_told_with_what_brings_their_scores(tmp_path):
    refused, failed = judged(tmp_path, {"status": "Completed"}, {"status": "NoBudget"}, {"status": "Failed"})
    assert refused.startswith("1 of 3 evaluation jobs were not created (j1: NoBudget why)")
    assert "evaldrop run --resume RUN --budget USD" in refused
    assert failed.startswith("1 of 3 evaluation jobs did not complete (j2: Failed why)")
    assert "evaldrop run --resume RUN --retry-errors" in failed
