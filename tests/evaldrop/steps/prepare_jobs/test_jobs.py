"""What a job is called, and by which token."""

import re

import pytest

from evaldrop.evaluation import Candidate
from evaldrop.run.job_names import job_prefix
from evaldrop.steps.prepare_jobs.jobs import job_of, latest_jobs

ONE = Candidate(name="one", model="m")
RUNS = ["20261130T184433Z-0a1b2c", "my_run", "my-run", "r" * 80, "r" * 79, "_", "-x-", "a__b", "Z"]


@pytest.mark.parametrize("run_id", RUNS)
def test_a_job_has_a_name_that_bedrock_takes(run_id):
    job = job_of(run_id, "candidates", 1234, called=ONE, n=100)
    assert re.fullmatch(r"[a-zA-Z0-9]{1,63}(-*[a-zA-Z0-9+\-.]){0,63}", job.name)
    assert len(job.name) <= 63
    assert job.name.startswith(job_prefix(run_id))


def test_the_jobs_of_two_runs_do_not_begin_alike():
    names = {run_id: job_of(run_id, "judges", 1, called=ONE, n=100).name for run_id in RUNS}
    for run_id in RUNS:
        prefix = job_prefix(run_id)
        assert [own for own, name in names.items() if name.startswith(prefix)] == [run_id]


def test_the_same_job_has_the_same_token_and_another_one_another():
    jobs = [
        job_of(run_id, stage, part, called=called, n=100)
        for run_id in ("r1", "r2")
        for stage in ("candidates", "judges", "pairs")
        for called in (ONE, ONE.model_copy(update={"name": "other"}))
        for part in (1, 2)
    ]
    assert len({job.token for job in jobs}) == len({(*job,) for job in jobs}) == 24
    assert len({(job.name) for job in jobs}) == 24
    assert jobs[0] == job_of("r1", "candidates", 1, called=ONE, n=100)


def test_an_api_decides_the_type_of_a_job():
    own = ONE.model_copy(update={"api": "invoke_model"})
    types = [job_of("r", "candidates", 1, called=called, n=100).type for called in (ONE, own)]
    assert types == ["Converse", "InvokeModel"]


def test_a_folder_tells_the_jobs_that_are_waited_for(tmp_path):
    assert latest_jobs(str(tmp_path)) is None
    for stage, jobs in (("candidates", "[{}]"), ("judges", "[{}, {}]")):
        (tmp_path / "batch" / stage).mkdir(parents=True)
        (tmp_path / "batch" / stage / "jobs.json").write_text(jobs)
    told = latest_jobs(str(tmp_path))
    assert (told.stage, told.n, told.are_over) == ("judges", 2, False)
    (tmp_path / "batch" / "records.jsonl").write_text("")
    assert latest_jobs(str(tmp_path)).are_over
