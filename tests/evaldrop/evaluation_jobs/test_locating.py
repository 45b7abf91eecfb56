"""What is imported: a folder, a named job, or all that `create` asked for."""

import hashlib
import json

import pytest

from evaldrop.errors import InputError
from evaldrop.evaluation_jobs.importing import ImportSettings, import_jobs
from evaldrop.evaluation_jobs.jobs_file import EvaluationJob, JobSet
from evaldrop.evaluation_jobs.locating import locate
from evaldrop.scorecard.read import read_run
from evaldrop.steps.build_scorecard.build import score_run
from tests.evaldrop.evaluation_jobs.job_files import HAIKU, NOVA, SONNET, judged_row, score, write_job

ARN = "arn:aws:bedrock:eu-west-1:111122223333:evaluation-job/abcdefghijkl"


class FakeJobs:
    """Bedrock with one job, which says of itself what a test has it say."""

    def __init__(self, **job):
        self.job = {"jobName": "my-job", "jobArn": ARN, "status": "Completed", **job}
        self.regions = []

    def __call__(self, region):
        self.regions.append(region)
        return self

    def details(self, arn):
        assert arn == ARN
        return self.job

    def newest(self, *, name=None, limit=30):
        return [{"jobName": f"{name}-2", "jobArn": "another"}, self.job]


def nobody(region):
    """Stands for Bedrock where it is not to be asked."""
    raise AssertionError("Bedrock was asked")


@pytest.mark.parametrize(("place", "region"), [(ARN, "eu-west-1"), ("my-job", None)])
def test_a_job_that_is_named_is_asked_for_its_output_and_custom_metrics(tmp_path, place, region):
    """By its ARN in the ARN's Region; by its name in the Region at hand."""
    write_job(tmp_path, judged_row("A", score("tone", 1.0)), name="my-job")
    tone = {"name": "tone", "instructions": "Is it warm?"}
    bedrock = FakeJobs(
        outputDataConfig={"s3Uri": str(tmp_path)},
        evaluationConfig={
            "automated": {"customMetricConfig": {"customMetrics": [{"customMetricDefinition": tone}]}}
        },
    )

    (source,) = locate(f"mine={place}", bedrock).sources

    assert (source.name, bedrock.regions) == ("mine", [region])
    assert source.jobs[0].definitions == [tone]


def test_a_job_without_output_says_why():
    bedrock = FakeJobs(status="Failed", failureMessages=["The role may not write."])

    with pytest.raises(InputError, match=r"the job is Failed, .* The role may not write\."):
        locate(ARN, bedrock)


def test_what_is_no_folder_and_no_job_is_refused():
    with pytest.raises(InputError, match="no evaluation job of this name"):
        locate("other", FakeJobs())
    with pytest.raises(InputError, match="no such folder"):
        locate("no/such/folder", nobody)


def test_a_folder_whose_name_holds_a_sign_is_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_job(tmp_path, judged_row("A"), name="a=b")

    (source,) = locate("a=b", nobody).sources

    assert (source.uri, source.name) == (str(tmp_path / "a=b"), None)


def prompts(folder, **records):
    """Write `prompts.jsonl`: which record each prompt was made of."""
    rows = [
        {
            "dataset": "faq-1", "record_id": name, "group": "shared",
            "prompt_sha256": hashlib.sha256(text.encode()).hexdigest(),
        }
        for name, text in records.items()
    ]  # fmt: skip
    (folder / "prompts.jsonl").write_text("\n".join(map(json.dumps, rows)))


@pytest.fixture
def jobs(tmp_path):
    """A folder as `create` leaves it: two candidates' jobs that have ended, and one that goes on."""
    tone = {"name": "tone", "question": "Is it warm?", "scale": {1: "cold", 2: "fair", 3: "warm"}}
    own = {"name": "right", "like": "bedrock.correctness"}
    output = tmp_path / "output"
    for name, model, fraction in (("id-lite", NOVA, 0.5), ("id-haiku", HAIKU, 1.0)):
        row = judged_row("Q", score("tone", fraction), score("Builtin.Correctness", fraction), model=model)
        write_job(output, row, name=name)
    made = {"metrics": {"tone": "tone", "Builtin.Correctness": "right"}, "judge": "sonnet", "arn": ARN}
    JobSet(
        id="id", created_at="2026-11-30T18:00:00+00:00", kind="judge", task="General", bedrock="aws",
        evaluation_name="support", dataset="faq.jsonl", output=str(output),
        evaluation={
            "name": "support",
            "candidates": [{"name": "lite", "model": NOVA}, {"name": "haiku", "model": HAIKU}],
            "judges": [{"name": "sonnet", "model": SONNET}],
            "gate": ["tone.mean >= 1"],
        },
        criteria=(tone, own),
        jobs=(
            EvaluationJob(name="id-lite", candidates=("lite",), status="Completed", **made),
            EvaluationJob(name="id-haiku", candidates=("haiku",), status="Completed", **made),
            EvaluationJob(name="id-more", candidates=("lite",), status="InProgress"),
        ),
    ).save(str(tmp_path))  # fmt: skip
    prompts(tmp_path, r1="Q")
    return tmp_path


def test_a_set_of_jobs_is_imported_under_the_names_it_was_made_of(jobs, tmp_path):
    """Candidates, judge, criteria and records are the evaluation's and the dataset's own."""
    found = locate(str(jobs), nobody)
    settings = ImportSettings(str(tmp_path / "runs"), own=found.evaluation, asked=found.asked)
    run = import_jobs(found.sources, settings)
    score_run(run)
    read = read_run(run.folder)

    assert list(read.responses.record_id) == ["r1", "r1"]
    assert list(read.responses.candidate) == ["lite", "haiku"]
    assert set(read.verdicts.judge) == {"sonnet"}
    scores = {(row.candidate, row.criterion): row.score for row in read.verdicts.itertuples()}
    assert scores == {
        ("lite", "tone"): 2.0, ("haiku", "tone"): 3.0, ("lite", "right"): 1.0, ("haiku", "right"): 2.0
    }  # fmt: skip
    assert read.scorecard.evaluation == "support"
    assert read.scorecard.gate.decision != "no gate"


def test_a_rule_on_what_the_jobs_did_not_measure_is_left_out_and_told(jobs, tmp_path):
    """The evaluation is what the jobs were made of; they may have asked a part of it."""
    content = json.loads((jobs / "jobs.json").read_text())
    content["evaluation"]["gate"].append("relevance.mean >= 3")
    (jobs / "jobs.json").write_text(json.dumps(content))
    found = locate(str(jobs), nobody)
    settings = ImportSettings(str(tmp_path / "runs"), own=found.evaluation, asked=found.asked, is_asked=True)
    run = import_jobs(found.sources, settings)

    assert run.evaluation.gate == ("tone.mean >= 1",)
    assert run.dataset.alarms == (
        "Gate: left out, since these jobs did not measure it: relevance.mean >= 3.",
    )


def test_own_responses_are_their_candidates_models(jobs, tmp_path):
    """A row of a run's own response names the candidate, and the evaluation its model."""
    for file in jobs.rglob("*_output.jsonl"):
        file.write_text(file.read_text().replace(NOVA, "lite").replace(HAIKU, "haiku"))
    found = locate(str(jobs), nobody)
    settings = ImportSettings(str(tmp_path / "runs"), own=found.evaluation, asked=found.asked, is_asked=True)

    models = {each.name: each.model for each in import_jobs(found.sources, settings).candidates}
    assert models == {"lite": NOVA, "haiku": HAIKU}


def test_jobs_without_output_are_told_apart(jobs):
    assert locate(str(jobs), nobody).unfinished == {"id-more": "InProgress"}


def test_a_set_of_jobs_none_of_which_has_ended_is_refused(jobs):
    content = json.loads((jobs / "jobs.json").read_text())
    content["jobs"] = [{**job, "status": "InProgress"} for job in content["jobs"]]
    (jobs / "jobs.json").write_text(json.dumps(content))

    with pytest.raises(InputError, match="none of its 3 jobs has ended"):
        locate(str(jobs), nobody)
