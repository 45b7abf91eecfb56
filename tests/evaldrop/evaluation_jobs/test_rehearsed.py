"""Evaluation jobs of the simulated Bedrock: from a dataset to jobs, their output and a run."""

import json
from pathlib import Path

import pytest

from evaldrop.bedrock.simulated.rehearsal import Rehearsal
from evaldrop.cli import main
from evaldrop.errors import AwsError, InputError
from evaldrop.evaluation_jobs.advancing import create_more
from evaldrop.evaluation_jobs.creating import as_jobs, write_files
from evaldrop.evaluation_jobs.rehearsed import RehearsedEvaluationJobs
from evaldrop.running.evaluation_service import evaluation_service
from tests.evaldrop.evaluation_jobs.sources import dataset_of, planned, rows, source_of, wanted


@pytest.fixture(autouse=True)
def _here(monkeypatch, tmp_path):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)


def created(folder):
    """Write the files of a job, and return the folder, the jobs and the service."""
    place = str(folder / "jobs")
    source = source_of(folder, rows(2))
    plan = planned(source, folder=place)
    jobs = as_jobs(source, wanted(folder=place), plan, bedrock="simulated", region=None)
    jobs = jobs.model_copy(update={"jobs": jobs.jobs[:1]})
    write_files(source, plan, jobs, place)
    return place, jobs, RehearsedEvaluationJobs(Rehearsal(), place)


def test_two_candidates_are_compared_by_three_commands_and_the_run_says_simulated(tmp_path):
    dataset = dataset_of(tmp_path, rows(8))
    assert main(["bedrock-eval", "create", dataset, "--bedrock", "simulated", "--yes"]) == 0
    (folder,) = Path("bedrock-eval").iterdir()
    assert main(["bedrock-eval", "watch", str(folder)]) == 0
    assert main(["bedrock-eval", "import", str(folder)]) == 0

    (card,) = (json.loads(each.read_text()) for each in Path("runs").glob("*/*/scorecard.json"))
    assert set(card["candidates"]) == {"lite", "haiku"}
    assert {(each["a"], each["b"], each["n"]) for each in card["comparisons"]} == {("lite", "haiku", 8)}
    # Or a rehearsal would look like a result.
    assert card["simulated"]


@pytest.mark.parametrize("kind", ["automatic", "human"])
def test_jobs_of_each_kind_come_to_a_run(kind, tmp_path):
    dataset = dataset_of(tmp_path, rows(4))
    arguments = [
        "bedrock-eval",
        "create",
        dataset,
        "--kind",
        kind,
        "--bedrock",
        "simulated",
        "--yes",
        "--wait",
    ]

    assert main(arguments) == 0
    (folder,) = Path("bedrock-eval").iterdir()
    assert main(["bedrock-eval", "import", str(folder)]) == 0


def test_rehearsed_scores_beside_a_runs_own_judges_are_simulated_too(tmp_path):
    dataset = dataset_of(tmp_path, rows(3))
    assert main(["run", dataset, "--bedrock", "simulated:latency=0", "--yes"]) in {0, 2}
    ask = ["--responses", "latest", "--bedrock", "simulated", "--yes", "--wait"]
    assert main(["bedrock-eval", "create", *ask]) == 0
    (folder,) = Path("bedrock-eval").iterdir()
    assert main(["bedrock-eval", "import", str(folder), "--beside", "latest", "--json"]) == 0

    newest = max(Path("runs").glob("*/*/scorecard.json"), key=lambda each: each.stat().st_mtime)
    card = json.loads(newest.read_text())
    assert card["simulated"]
    assert len(card["judges"]) == 2


def test_a_job_is_the_same_for_another_process(tmp_path):
    place, jobs, service = created(tmp_path)
    arn = create_more(jobs, service, lambda _: None).jobs[0].arn
    again = RehearsedEvaluationJobs(Rehearsal(), place)

    assert again.create(jobs.jobs[0].request) == arn
    assert [job["jobName"] for job in again.newest(name="sums")] == [jobs.jobs[0].name]
    assert again.newest(name="other") == []


def test_a_job_that_is_stopped_is_stopped_and_stopping_it_again_is_no_error(tmp_path):
    _, jobs, service = created(tmp_path)
    arn = service.create(jobs.jobs[0].request)
    service.stop(arn)

    assert service.state(arn).status == "Stopped"
    service.stop(arn)


def test_jobs_that_fail_say_why_and_watching_them_ends_with_3(tmp_path, capsys):
    dataset = dataset_of(tmp_path, rows(2))
    bedrock = "simulated:job_failed=1"

    assert main(["bedrock-eval", "create", dataset, "--bedrock", bedrock, "--yes", "--wait"]) == 3
    assert "internal error" in capsys.readouterr().out


def test_what_bedrock_would_refuse_is_refused(tmp_path):
    _, jobs, service = created(tmp_path)

    with pytest.raises(AwsError, match="roleArn 'jobs'"):
        service.create(jobs.jobs[0].request | {"roleArn": "jobs"})
    with pytest.raises(AwsError, match="Could not find"):
        service.state("arn:aws:bedrock:local:000000000000:evaluation-job/none")


def test_who_has_no_evaluation_jobs_says_so_and_no_secret():
    with pytest.raises(InputError, match="no evaluation jobs") as refusal:
        evaluation_service("openai=http://name:secret@host/v1")
    assert "secret" not in str(refusal.value)
