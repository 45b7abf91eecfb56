"""Rehearsed batch jobs: the replies of on demand, a while later, and what may go wrong with them."""

import asyncio
import json
from dataclasses import replace

import pytest

from evaldrop.bedrock.protocol import ServiceError
from evaldrop.bedrock.simulated.job_files import JobPlace
from evaldrop.bedrock.simulated.jobs import SimulatedJobs, no_wait, rehearsed_jobs
from evaldrop.bedrock.simulated.rehearsal import Rehearsal
from evaldrop.bedrock.simulated.runtime import SimulatedRuntime

MODEL = "amazon.nova-lite-v1:0"
AT_ONCE = Rehearsal(job_looks=0)
ROWS = 120


def asked(number):
    return {
        "messages": [{"role": "user", "content": [{"text": f"What is {number} and one?"}]}],
        "inferenceConfig": {"maxTokens": 100},
    }


def row(number, **more):
    return {"recordId": f"r{number}", "modelInput": {**asked(number), **more}}


def write(folder, rows, name="rows.jsonl"):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("".join(json.dumps(each) + "\n" for each in rows))


@pytest.fixture
def place(tmp_path):
    write(tmp_path, [row(number) for number in range(ROWS)])
    return tmp_path


def request(place, *, token="t", source="rows.jsonl", **more):
    return {
        "jobName": "run-1-a-1",
        "roleArn": "arn:aws:iam::123456789012:role/jobs",
        "modelId": MODEL,
        "clientRequestToken": token,
        "modelInvocationType": "Converse",
        "inputDataConfig": {"s3InputDataConfig": {"s3Uri": f"{place}/{source}"}},
        "outputDataConfig": {"s3OutputDataConfig": {"s3Uri": f"{place}/out/"}},
    } | more


def jobs_in(place, rehearsal=AT_ONCE):
    return rehearsed_jobs(rehearsal, JobPlace(place / "jobs"))


async def ended(jobs, arn):
    """Look until the job has ended; return every status, and the job."""
    seen = []
    for _ in range(10_000):
        job = await jobs.get_model_invocation_job({"jobIdentifier": arn})
        seen.append(job["status"])
        if job["status"] in {"Completed", "PartiallyCompleted", "Failed", "Stopped", "Expired"}:
            return seen, job
        await asyncio.sleep(0.002)
    raise AssertionError(seen[-1])


async def done(jobs, asked_for):
    arn = (await jobs.create_model_invocation_job(asked_for))["jobArn"]
    seen, job = await ended(jobs, arn)
    await jobs.close()
    return seen, job


def run(place, rehearsal=AT_ONCE, **more):
    return asyncio.run(done(jobs_in(place, rehearsal), request(place, **more)))[1]


def output(place, job):
    folder = place / "out" / job["jobArn"].rpartition("/")[2]
    rows = [json.loads(line) for line in (folder / "rows.jsonl.out").read_text().splitlines()]
    return rows, json.loads((folder / "manifest.json.out").read_text())


# Replies


def test_a_row_gets_the_reply_that_the_call_would_have_got(place):
    """With everything that is told about it, and though calls fail and wait."""
    rehearsal = replace(AT_ONCE, seed=7, throttling=0.5, errors=0.4, ceiling=0.9, hostile=0.3)
    rows, _ = output(place, run(place, rehearsal))
    runtime = SimulatedRuntime(replace(rehearsal, throttling=0, errors=0), max_in_flight=8, sleep=no_wait)
    expected = {
        f"r{number}": asyncio.run(runtime.converse({"modelId": MODEL, **asked(number)}))
        for number in range(ROWS)
    }
    assert {each["recordId"]: each["modelOutput"] for each in rows} == expected


def test_a_body_of_the_model_s_own_gets_the_body_that_invoke_model_gives(place):
    body = {"messages": [{"role": "user", "content": [{"text": "Hello?"}]}], "schemaVersion": "messages-v1"}
    write(place, [{"recordId": f"r{number}", "modelInput": body} for number in range(ROWS)])
    rows, _ = output(place, run(place, modelInvocationType="InvokeModel"))
    runtime = SimulatedRuntime(AT_ONCE, max_in_flight=1, sleep=no_wait)
    called = asyncio.run(runtime.invoke_model({"modelId": MODEL, "body": json.dumps(body)}))
    assert rows[0]["modelOutput"]["output"] == json.loads(called["body"])["output"]


def test_rows_come_back_in_another_order_each_with_its_input(place):
    rows, _ = output(place, run(place))
    came = [each["recordId"] for each in rows]
    assert came != [f"r{number}" for number in range(ROWS)]
    assert sorted(came) == sorted(f"r{number}" for number in range(ROWS))
    assert all(each["modelInput"] == asked(int(each["recordId"][1:])) for each in rows)


def test_the_counts_of_the_job_are_those_of_its_manifest_and_its_tokens_those_of_its_rows(place):
    job = run(place, replace(AT_ONCE, job_errors=0.2))
    rows, manifest = output(place, job)
    errors = [each for each in rows if "error" in each]
    assert 0 < len(errors) < 60
    assert all("modelOutput" not in each for each in errors)
    assert manifest["totalRecordCount"] == manifest["processedRecordCount"] == ROWS
    assert manifest["errorRecordCount"] == len(errors)
    assert manifest["successRecordCount"] == ROWS - len(errors)
    assert {name: job[name] for name in manifest if name.endswith("RecordCount")} == {
        name: count for name, count in manifest.items() if name.endswith("RecordCount")
    }
    told = [each["modelOutput"]["usage"] for each in rows if "modelOutput" in each]
    assert manifest["inputTokenCount"] == sum(usage["inputTokens"] for usage in told)
    assert manifest["outputTokenCount"] == sum(usage["outputTokens"] for usage in told)


def test_every_file_of_a_folder_has_an_output(place):
    for name in ("a.jsonl", "b.jsonl"):
        write(place / "in", [row(number) for number in range(60)], name)
    (place / "in" / "about.json").write_text("{}")
    job = run(place, source="in/")
    folder = place / "out" / job["jobArn"].rpartition("/")[2]
    assert sorted(path.name for path in folder.iterdir()) == [
        "a.jsonl.out", "b.jsonl.out", "manifest.json.out",
    ]  # fmt: skip
    assert job["successRecordCount"] == ROWS


# Time


def test_a_job_takes_as_many_looks_as_it_is_told_to(place):
    jobs = jobs_in(place, Rehearsal(job_looks=40))
    seen, job = asyncio.run(done(jobs, request(place)))
    assert seen[:3] == ["Validating", "Scheduled", "InProgress"]
    assert len(seen) >= 41
    assert set(seen[2:-1]) == {"InProgress"}
    assert job["status"] == "Completed"
    assert job["submitTime"] <= job["endTime"].isoformat() <= job["jobExpirationTime"]


def test_a_token_begins_one_job_whoever_asks_again(place):
    """As a redrive does, or a process that is started again."""

    async def twice():
        jobs = jobs_in(place)
        first = await jobs.create_model_invocation_job(request(place))
        await ended(jobs, first["jobArn"])
        again = jobs_in(place)
        second = await again.create_model_invocation_job(request(place, jobName="another-name"))
        other = await again.create_model_invocation_job(request(place, token="u"))
        status = await again.get_model_invocation_job({"jobIdentifier": second["jobArn"]})
        return first, second, other, status

    first, second, other, job = asyncio.run(twice())
    assert first == second != other
    assert (job["status"], job["jobName"]) == ("Completed", "run-1-a-1")


def test_another_process_goes_on_with_a_job_that_was_in_progress(place, tmp_path_factory):
    async def killed():
        jobs = jobs_in(place, Rehearsal())
        arn = (await jobs.create_model_invocation_job(request(place)))["jobArn"]
        for _ in range(3):
            status = (await jobs.get_model_invocation_job({"jobIdentifier": arn}))["status"]
        assert status == "InProgress"
        await jobs.close()
        assert not list((place / "out").rglob("*.out"))
        return arn, await ended(jobs_in(place, Rehearsal()), arn)

    arn, (seen, job) = asyncio.run(killed())
    assert seen == ["InProgress"] * (len(seen) - 1) + ["Completed"]
    whole = tmp_path_factory.mktemp("whole")
    write(whole, [row(number) for number in range(ROWS)])
    assert output(place, job) == output(whole, run(whole))
    assert arn == job["jobArn"]


# What goes wrong


def test_the_same_rows_fail_in_every_run_of_a_seed_and_others_with_another(place):
    def failed(seed, token):
        rows, _ = output(place, run(place, replace(AT_ONCE, job_errors=0.3, seed=seed), token=token))
        return {each["recordId"] for each in rows if "error" in each}

    assert failed(1, "a") == failed(1, "b") != failed(2, "c")


def test_a_converse_row_with_tools_is_a_400_and_the_others_are_answered(place):
    write(
        place,
        [row(number, **({"toolConfig": {"tools": []}} if number == 5 else {})) for number in range(ROWS)],
    )
    job = run(place)
    rows, _ = output(place, job)
    [refused] = [each for each in rows if "error" in each]
    assert refused["recordId"] == "r5"
    assert refused["error"]["errorCode"] == 400
    assert job["status"] == "Completed"


def test_a_job_that_ends_partially_leaves_rows_out(place):
    job = run(place, replace(AT_ONCE, job_partial=1.0))
    rows, manifest = output(place, job)
    assert job["status"] == "PartiallyCompleted"
    assert 0 < len(rows) < ROWS
    assert manifest["processedRecordCount"] == len(rows) == job["processedRecordCount"]
    assert job["totalRecordCount"] == ROWS


@pytest.mark.parametrize(("fault", "status"), [("job_failed", "Failed"), ("job_expired", "Expired")])
def test_a_job_that_failed_or_expired_has_no_output(place, fault, status):
    job = run(place, replace(AT_ONCE, **{fault: 1.0}))
    assert job["status"] == status
    assert job["message"]
    assert not (place / "out").exists()


def test_a_job_may_be_stopped_by_somebody_else(place):
    job = run(place, replace(AT_ONCE, job_stopped=1.0))
    assert job["status"] == "Stopped"
    assert 0 < len(output(place, job)[0]) < ROWS


class Echo:
    """Answers at once."""

    is_simulated = True

    async def converse(self, request):
        return {"output": request["messages"]}

    async def close(self):
        pass


def test_of_several_jobs_as_many_end_badly_as_the_rates_say(place):
    rehearsal = replace(AT_ONCE, job_partial=0.25, job_failed=0.25, seed=3)
    ends = []
    for number in range(24):
        write(place, [row(number * ROWS + each) for each in range(100)])
        jobs = SimulatedJobs(Echo(), rehearsal, JobPlace(place / "jobs"))
        ends.append(asyncio.run(done(jobs, request(place, token=f"t{number}")))[1]["status"])
    assert 2 <= ends.count("PartiallyCompleted") <= 11
    assert 2 <= ends.count("Failed") <= 11
    assert set(ends) == {"PartiallyCompleted", "Failed", "Completed"}


def test_stopping_a_job_keeps_what_it_has_answered(place):
    async def stopped():
        jobs = jobs_in(place, Rehearsal(job_looks=10_000))
        arn = (await jobs.create_model_invocation_job(request(place)))["jobArn"]
        for _ in range(30):
            await jobs.get_model_invocation_job({"jobIdentifier": arn})
            await asyncio.sleep(0)
        await jobs.stop_model_invocation_job({"jobIdentifier": arn})
        seen, job = await ended(jobs, arn)
        with pytest.raises(ServiceError) as refused:
            await jobs.stop_model_invocation_job({"jobIdentifier": arn})
        return seen, job, refused.value.code

    seen, job, code = asyncio.run(stopped())
    assert seen == ["Stopped"]
    assert 0 < len(output(place, job)[0]) == job["processedRecordCount"] < ROWS
    assert code == "ConflictException"


def test_a_job_that_is_stopped_before_it_began_has_no_output(place):
    async def stopped():
        jobs = jobs_in(place)
        arn = (await jobs.create_model_invocation_job(request(place)))["jobArn"]
        await jobs.stop_model_invocation_job({"jobIdentifier": arn})
        return await ended(jobs, arn)

    assert asyncio.run(stopped())[0] == ["Stopped"]
    assert not (place / "out").exists()


# What is refused


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([row(number) for number in range(99)], "between 100 and 100000; the input has 99"),
        ([{"recordId": "r"}] * ROWS, "needs a modelInput"),
        ([["no row"]] * ROWS, "needs a modelInput"),
    ],
)
def test_an_input_that_bedrock_would_not_take_fails_the_job(place, rows, why):
    write(place, rows)
    job = run(place)
    assert (job["status"], job["endTime"] is None) == ("Failed", False)
    assert why in job["message"]


@pytest.mark.parametrize(
    ("source", "why"),
    [("rows.json", "extension .jsonl"), ("empty/", "no .jsonl file"), ("gone.jsonl", "cannot be read")],
)
def test_an_input_that_is_not_there_fails_the_job(place, source, why):
    (place / "empty").mkdir()
    job = run(place, source=source)
    assert job["status"] == "Failed"
    assert why in job["message"]


def test_the_limits_of_a_job_are_settable(place):
    jobs = SimulatedJobs(
        SimulatedRuntime(AT_ONCE, max_in_flight=1, sleep=no_wait),
        AT_ONCE,
        JobPlace(place / "jobs"),
        maximum=50,
    )
    _, job = asyncio.run(done(jobs, request(place)))
    assert "between 100 and 50" in job["message"]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"roleArn": "jobs"}, "ValidationException"),
        ({"roleArn": "arn:aws:iam::123:role/jobs"}, "ValidationException"),
        ({"jobName": "a job"}, "ValidationException"),
        ({"jobName": "j" * 64}, "ValidationException"),
        ({"timeoutDurationInHours": 12}, "ValidationException"),
        ({"modelInvocationType": "Chat"}, "ValidationException"),
    ],
)
def test_a_request_that_bedrock_would_not_take_begins_no_job(place, wrong, code):
    with pytest.raises(ServiceError) as refused:
        run(place, **wrong)
    assert refused.value.code == code
    assert not (place / "jobs").exists()


@pytest.mark.parametrize(
    ("identifier", "code"),
    [("abcdefabcdef", "ResourceNotFoundException"), ("../../etc/passwd", "ValidationException")],
)
def test_a_job_that_is_not_there_is_not_found_and_no_path_is_followed(place, identifier, code):
    with pytest.raises(ServiceError) as refused:
        asyncio.run(jobs_in(place).get_model_invocation_job({"jobIdentifier": identifier}))
    assert refused.value.code == code


def test_jobs_are_listed_by_name_and_status_the_newest_first(place):
    async def listed():
        jobs = jobs_in(place)
        for name in ("run-1-a", "run-1-b", "run-2-a"):
            await jobs.create_model_invocation_job(request(place, token=name, jobName=name))
        await ended(jobs, jobs._jobs.prefix + jobs._jobs.new_id("run-1-a"))
        names = []
        for wanted in ({"nameContains": "run-1"}, {"statusEquals": "Completed"}, {"maxResults": 1}):
            found = await jobs.list_model_invocation_jobs(wanted)
            names.append([each["jobName"] for each in found["invocationJobSummaries"]])
        return names

    assert asyncio.run(listed()) == [["run-1-b", "run-1-a"], ["run-1-a"], ["run-2-a"]]
