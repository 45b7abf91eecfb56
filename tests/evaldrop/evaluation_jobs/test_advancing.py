"""Evaluation jobs from their file to their end, on a service of the test's and on boto3's stubbed client."""

import boto3
import pytest
from botocore.stub import Stubber

from evaldrop.errors import AwsError, StorageError
from evaldrop.evaluation_jobs.advancing import create_more, look_at, stop_all, wait_for_end
from evaldrop.evaluation_jobs.jobs_file import EvaluationJob, JobSet, load_jobs
from evaldrop.evaluation_jobs.service import AwsEvaluationJobs, JobState, TooManyJobsError
from tests.evaldrop.evaluation_jobs.sources import planned, rows, source_of

ARN = "arn:aws:bedrock:us-east-1:111122223333:evaluation-job/abcdefghijk"
SUMMARY = {
    "jobArn": f"{ARN}x",
    "jobName": "sums-1",
    "status": "InProgress",
    "creationTime": "2026-11-30T12:00:00Z",
    "jobType": "Automated",
    "evaluationTaskTypes": ["General"],
}


def jobs_of(n, kind="judge"):
    return JobSet.model_validate(
        {
            "id": "x",
            "created_at": "",
            "kind": kind,
            "task": "General",
            "bedrock": "aws",
            "evaluation_name": "sums",
            "evaluation": {},
            "dataset": "d",
            "output": "s3://bucket/x/output",
            "jobs": [
                EvaluationJob(name=f"job-{k}", candidates=("a",), request={"jobName": f"job-{k}"})
                for k in range(n)
            ],
        }
    )


class Service:
    """Runs jobs: each is looked at so many times until it has ended; at most `room` are under way."""

    def __init__(self, *, looks=2, room=99, ends=None):
        self.created, self.stopped = [], []
        self._left, self._looks, self._room, self._ends = {}, looks, room, ends or {}

    def create(self, request):
        if sum(1 for left in self._left.values() if left > 0) >= self._room:
            raise TooManyJobsError("too many")
        self.created.append(request["jobName"])
        self._left[request["jobName"]] = self._looks
        return request["jobName"]

    def state(self, arn):
        self._left[arn] -= 1
        if self._left[arn] > 0:
            return JobState("InProgress")
        return JobState(*self._ends.get(arn, ("Completed",)))

    def stop(self, arn):
        self.stopped.append(arn)


def no_save(_jobs):
    """Keep nothing."""


def ended(jobs, service, told=None):
    tell = (lambda job: told.append((job.name, job.status))) if told is not None else no_tell
    return wait_for_end(jobs, service, no_save, tell=tell, sleep=lambda _: None)


def no_tell(_job):
    """Say nothing."""


def test_all_jobs_come_to_their_end_and_each_change_is_told():
    told = []
    jobs = ended(jobs_of(2), Service(), told)

    assert [job.status for job in jobs.jobs] == ["Completed", "Completed"]
    assert told == [
        ("job-0", "InProgress"),
        ("job-1", "InProgress"),
        ("job-0", "Completed"),
        ("job-1", "Completed"),
    ]


def test_no_more_than_20_are_under_way_and_of_peoples_10():
    for kind, most in (("judge", 20), ("human", 10)):
        service = Service()
        jobs = create_more(jobs_of(25, kind), service, no_save)

        assert len(service.created) == most
        assert ended(jobs, service).has_ended


def test_jobs_of_others_may_take_the_room_and_what_waits_is_created_later():
    service = Service(room=1)

    assert [job.status for job in create_more(jobs_of(2), service, no_save).jobs] == [
        "InProgress",
        "NotCreated",
    ]
    assert ended(jobs_of(3), Service(room=1)).has_ended


def test_what_was_interrupted_goes_on_and_creates_no_job_twice(tmp_path):
    folder, service = str(tmp_path), Service()

    def interrupted(jobs):
        jobs.save(folder)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        create_more(jobs_of(3), service, interrupted)
    jobs = create_more(load_jobs(folder), service, lambda each: each.save(folder))

    assert service.created == ["job-0", "job-1", "job-2"]
    assert load_jobs(folder + "/jobs.json") == jobs


def test_a_failed_job_says_why():
    jobs = ended(jobs_of(1), Service(ends={"job-0": ("Failed", ("no access",))}))

    assert (jobs.jobs[0].status, jobs.jobs[0].messages) == ("Failed", ("no access",))


def test_stopping_stops_what_is_under_way_and_creates_nothing_more():
    service = Service(looks=1, room=2, ends={})
    jobs = create_more(jobs_of(3), service, no_save)
    service._left["job-1"] = 9

    stopped = stop_all(jobs, service, no_save)

    assert service.stopped == ["job-1"]
    assert [job.status for job in stopped.jobs] == ["Completed", "Stopping", "Stopped"]


def test_a_file_that_is_no_list_of_jobs_is_refused(tmp_path):
    (tmp_path / "jobs.json").write_text("{}")
    with pytest.raises(StorageError, match="no list of evaluation jobs"):
        load_jobs(str(tmp_path))


@pytest.fixture
def stub():
    client = boto3.client(
        "bedrock", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    with Stubber(client) as stubbed:
        yield AwsEvaluationJobs(client), stubbed
        stubbed.assert_no_pending_responses()


@pytest.fixture(scope="module")
def request_of(tmp_path_factory):
    return planned(source_of(tmp_path_factory.mktemp("stub"), rows(2))).jobs[0].request


def test_a_request_is_sent_as_it_is(stub, request_of):
    service, stubbed = stub
    stubbed.add_response("create_evaluation_job", {"jobArn": ARN}, request_of)

    assert service.create(request_of) == ARN


@pytest.mark.parametrize("code", ["ServiceQuotaExceededException", "ThrottlingException"])
def test_a_full_account_is_no_error(stub, request_of, code):
    service, stubbed = stub
    stubbed.add_client_error("create_evaluation_job", code)

    with pytest.raises(TooManyJobsError):
        service.create(request_of)


def test_a_role_that_bedrock_may_not_assume_is_told_with_the_way_out(stub, request_of):
    service, stubbed = stub
    stubbed.add_client_error("create_evaluation_job", "ValidationException", "The role cannot be assumed")

    with pytest.raises(AwsError, match=r"(?s)cannot be assumed.*iam:PassRole.*bedrock-evaluations"):
        service.create(request_of)


def test_a_job_that_is_there_by_its_name_is_the_one(stub, request_of):
    service, stubbed = stub
    name = request_of["jobName"]
    stubbed.add_client_error("create_evaluation_job", "ConflictException", "exists")
    stubbed.add_response(
        "list_evaluation_jobs",
        {"jobSummaries": [SUMMARY, SUMMARY | {"jobName": name, "jobArn": f"{ARN}y"}]},
        {"nameContains": name, "sortBy": "CreationTime", "sortOrder": "Descending"},
    )

    assert service.create(request_of) == f"{ARN}y"


def test_a_list_is_read_page_by_page_to_its_limit(stub):
    service, stubbed = stub
    sent = {"sortBy": "CreationTime", "sortOrder": "Descending"}
    # A page has five at most.
    stubbed.add_response("list_evaluation_jobs", {"jobSummaries": [SUMMARY] * 5, "nextToken": "n"}, sent)
    stubbed.add_response("list_evaluation_jobs", {"jobSummaries": [SUMMARY] * 5}, sent | {"nextToken": "n"})

    assert len(service.newest(limit=7)) == 7


def test_a_job_that_has_ended_meanwhile_need_not_be_stopped(stub):
    service, stubbed = stub
    stubbed.add_client_error("stop_evaluation_job", "ConflictException", "ended")
    stubbed.add_client_error("stop_evaluation_job", "ResourceNotFoundException", "none")

    service.stop(ARN)
    with pytest.raises(AwsError, match="cannot be stopped"):
        service.stop(ARN)


def test_a_state_has_what_failed():
    class Client:
        def get_evaluation_job(self, *, jobIdentifier):  # noqa: N803 - boto3's casing
            return {"jobArn": jobIdentifier, "status": "Failed", "failureMessages": ["no access"]}

    jobs = jobs_of(1).with_job(EvaluationJob(name="job-0", candidates=(), arn=ARN, status="InProgress"))

    assert look_at(jobs, AwsEvaluationJobs(Client())).jobs[0].messages == ("no access",)
