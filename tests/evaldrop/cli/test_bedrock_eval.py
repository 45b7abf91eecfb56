"""`evaldrop bedrock-eval` as people type it: dry runs, refusals, jobs on a service of the test's."""

import json
from pathlib import Path

import pytest

from evaldrop import storage
from evaldrop.cli import evaluation_jobs, main
from evaldrop.errors import AwsError
from evaldrop.evaluation_jobs.service import JobState
from tests.evaldrop.evaluation_jobs.sources import ROLE, dataset_of, problems, rows

ARN = "arn:aws:bedrock:us-east-1:111122223333:evaluation-job/"


class Service:
    """Has every job complete at the first look, but for those that it is to refuse or fail."""

    def __init__(self):
        self.requests, self.stopped, self.refused, self.status = [], [], None, "Completed"

    def create(self, request):
        if self.refused == len(self.requests):
            raise AwsError("job x cannot be created: the role cannot be assumed")
        self.requests.append(request)
        return f"{ARN}{len(self.requests):012}"

    def state(self, arn):
        return JobState(self.status, ("[red]no access[/red]",) if self.status == "Failed" else ())

    def details(self, arn):
        return {"jobName": "theirs", "jobArn": arn, "status": "InProgress", "jobType": "Automated"}

    def stop(self, arn):
        self.stopped.append(arn)

    def newest(self, *, name=None, limit=30):
        summary = {"jobName": "theirs", "jobArn": f"{ARN}theirs", "status": "Completed", "jobType": "Human"}
        return [] if name == "none" else [summary][:limit]


@pytest.fixture
def service(monkeypatch):
    fake = Service()
    monkeypatch.setattr(evaluation_jobs, "evaluation_service", lambda *_, **__: fake)
    monkeypatch.setattr(evaluation_jobs, "POLL_S", 0)
    return fake


@pytest.fixture(autouse=True)
def dataset(monkeypatch, tmp_path):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.chdir(tmp_path)
    return dataset_of(tmp_path, rows(3))


@pytest.fixture
def created(service, dataset, capsys):
    """Jobs that were created, and the folder of their file. A rehearsal's folder is here."""
    code = main(["bedrock-eval", "create", dataset, "--bedrock", "simulated", "--yes", "--json"])
    assert code == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("kind", ["automatic", "judge", "human"])
def test_a_dry_run_writes_requests_that_the_service_takes_and_creates_nothing(kind, service, capsys):
    assert main(["bedrock-eval", "create", "records.jsonl", "--kind", kind, "--dry-run", "--json"]) == 0

    said = json.loads(capsys.readouterr().out)
    written = [json.loads(Path(uri).read_text()) for uri in said["requests"]]
    assert [problems(request) for request in written] == [""] * len(said["jobs"])
    assert said["likely_usd"] > 0
    assert service.requests == []


def test_a_dry_run_says_what_it_costs_and_how_to_go_on_by_hand(capsys):
    assert main(["bedrock-eval", "create", "records.jsonl", "--dry-run"]) == 0

    printed = capsys.readouterr()
    assert "judge pro" in printed.out
    assert "2 jobs, 3 rows in 1 dataset: likely $" in printed.out
    assert "nothing was created" in printed.err
    assert "aws bedrock create-evaluation-job --cli-input-json file://bedrock-eval/" in printed.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "give a DATASET"),
        (["records.jsonl"], "--role, --output: needed"),
        (["records.jsonl", "--kind", "human"], "--flow-definition: needed"),
        (["records.jsonl", "--role", "jobs", "--output", "s3://b/x"], "the ARN of a role"),
        (["records.jsonl", "--role", ROLE, "--output", "runs"], "Give an s3:// URI"),
        (["records.jsonl", "--dry-run", "--responses", "latest"], "Leave records.jsonl out"),
        (["records.jsonl", "--dry-run", "--metric", "sparkle"], "--metric sparkle"),
        (["nothing.jsonl", "--dry-run"], "no such file"),
        (["records.jsonl", "--bedrock", "openai=http://host/v1"], "it has no evaluation jobs"),
    ],
)
def test_wrong_use_is_told_before_anything_is_uploaded(arguments, words, service, capsys):
    assert main(["bedrock-eval", "create", *arguments]) == 64

    assert words in capsys.readouterr().err
    assert not Path("bedrock-eval").exists()


def test_what_costs_more_than_the_budget_is_not_created(service, tmp_path, capsys):
    dataset_of(tmp_path, rows(3), budget_usd=0.000001)

    assert main(["bedrock-eval", "create", "records.jsonl", "--bedrock", "simulated", "--yes"]) == 64
    assert "above budget_usd" in capsys.readouterr().err
    assert service.requests == []


def test_jobs_are_created_and_their_folder_says_which(created, service):
    kept = json.loads((Path(created["folder"]) / "jobs.json").read_text())

    assert [job["arn"] for job in created["jobs"]] == [f"{ARN}{n:012}" for n in (1, 2)]
    assert [job["request"] for job in kept["jobs"]] == service.requests
    assert kept["jobs"][0]["metrics"]["Builtin.Helpfulness"] == "bedrock.helpfulness"


def test_on_aws_all_is_below_the_output_and_the_jobs_read_it_there(service, bucket, capsys):
    place = ["--role", ROLE, "--output", f"s3://{bucket}/evaluations"]
    assert main(["bedrock-eval", "create", "records.jsonl", *place, "--yes", "--json"]) == 0

    folder = json.loads(capsys.readouterr().out)["folder"]
    kept = {uri.removeprefix(f"{folder}/") for uri in storage.list_files(folder)}
    (dataset,) = {
        each["dataset"]["datasetLocation"]["s3Uri"]
        for request in service.requests
        for each in request["evaluationConfig"]["automated"]["datasetMetricConfigs"]
    }
    assert kept == {"datasets/1-bare-v1-1.jsonl", "jobs.json", "prompts.jsonl"}
    assert dataset == f"{folder}/datasets/1-bare-v1-1.jsonl"
    assert {request["outputDataConfig"]["s3Uri"] for request in service.requests} == {f"{folder}/output/"}
    assert main(["bedrock-eval", "watch", folder]) == 0


def test_watching_goes_to_the_end_and_names_the_import(created, capsys):
    assert main(["bedrock-eval", "watch", created["folder"]]) == 0

    printed = capsys.readouterr()
    assert "Completed" in printed.out
    assert f"evaldrop bedrock-eval import {created['folder']}" in printed.err


def test_a_job_that_failed_says_why_as_it_is_and_is_exit_code_3(created, service, capsys):
    service.status = "Failed"

    assert main(["bedrock-eval", "watch", f"{created['folder']}/jobs.json"]) == 3
    assert "[red]no access[/red]" in capsys.readouterr().out


def test_a_refused_job_leaves_those_before_it_and_watching_goes_on(service, capsys):
    service.refused = 1
    assert main(["bedrock-eval", "create", "records.jsonl", "--bedrock", "simulated", "--yes"]) == 3
    assert "the role cannot be assumed" in capsys.readouterr().err

    (folder,) = Path("bedrock-eval").iterdir()
    service.refused = None
    assert main(["bedrock-eval", "watch", str(folder), "--json"]) == 0
    assert [job["status"] for job in json.loads(capsys.readouterr().out)["jobs"]] == ["Completed"] * 2
    assert len(service.requests) == 2


def test_stopping_stops_what_is_under_way(created, service, capsys):
    service.status = "InProgress"

    assert main(["bedrock-eval", "stop", created["folder"]]) == 0
    assert service.stopped == [f"{ARN}{n:012}" for n in (1, 2)]
    assert "Stopping" in capsys.readouterr().out


def test_a_job_is_stopped_by_its_arn_or_name(service):
    service.status = "InProgress"

    assert main(["bedrock-eval", "stop", f"{ARN}abcdefghijkl"]) == 0
    assert main(["bedrock-eval", "stop", "theirs"]) == 0

    assert service.stopped == [f"{ARN}abcdefghijkl", f"{ARN}theirs"]


def test_an_accounts_jobs_are_listed_whoever_created_them(service, capsys):
    assert main(["bedrock-eval", "list"]) == 0
    assert "theirs" in capsys.readouterr().out
    assert main(["bedrock-eval", "list", "--name", "none"]) == 0
    assert "there is no evaluation job" in capsys.readouterr().err
    assert main(["bedrock-eval", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["jobType"] == "Human"


def test_the_jobs_of_a_folder_are_listed_as_they_are_now(created, capsys):
    assert main(["bedrock-eval", "list", created["folder"]]) == 0
    assert "Completed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("named", "words"), [("runs/x", "no jobs.json there"), ("unknown", "nor a job's name")]
)
def test_jobs_that_there_are_not_are_told(named, words, service, capsys):
    assert main(["bedrock-eval", "watch", named]) == 64
    assert words in capsys.readouterr().err
