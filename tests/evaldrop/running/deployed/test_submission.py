"""What goes up, in which order, and when nothing does (S3 and CloudFormation are moto's)."""

import json

import boto3
import pytest
import yaml

from evaldrop.errors import AwsError, BudgetExceeded, DatasetError, EvaluationError, InputError
from evaldrop.running.deployed.submission import Wanted, check_here, prepare
from evaldrop.running.deployed.uploads import InputBucket
from evaldrop.steps.start_run.uploads import run_of
from evaldrop.steps.validate_dataset.validate import validate_dataset
from tests.evaldrop.evaluations import ROW, SMALL, write
from tests.evaldrop.running.deployed.stacks import keys, started_by_upload

PROMPTED = {**SMALL, "prompt": "own.v1"}
ANCHOR = {"prompt": "May I?", "response": "Yes.", "reference": "Yes", "passes": True}
PROMPT = {"candidate/own.v1": "Answer: {{ prompt }}"}


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path, SMALL, [ROW])
    return tmp_path


def look(stack, **wanted):
    asked = Wanted(**{"dataset": "faq.jsonl", **wanted})
    bucket = InputBucket(stack.input_bucket, boto3.client("s3"))
    return prepare(asked, check_here(asked), stack, bucket)


def submit(stack, **wanted):
    sent = []
    _, upload = look(stack, **wanted).send(sent=sent.append)
    return upload, sent


def evaluated(stack, key="datasets/faq.jsonl"):
    """The run that the upload starts, as ValidateDataset defines it from what lies in the buckets."""
    from evaldrop.run.definition import RunDefinition

    request = started_by_upload(stack, key)
    folder = validate_dataset(request)["run"]["folder"]
    return RunDefinition.load(folder)


def test_the_run_it_names_is_the_run_its_event_starts(here, deployed):
    upload, _ = submit(deployed)
    assert run_of(upload) == started_by_upload(deployed, "datasets/faq.jsonl").run_id


def test_what_belongs_to_a_dataset_goes_up_before_it_and_is_what_the_run_finds(here, deployed):
    write(here, PROMPTED, [ROW], PROMPT)
    _, sent = submit(deployed)
    assert sent == [
        "datasets/prompts/candidate/own.v1.md",
        "datasets/prompts/judge/criteria.v1.md",
        "datasets/faq.yaml",
        "datasets/faq.jsonl",
    ]
    definition = evaluated(deployed)
    assert definition.evaluation_uri == f"s3://{deployed.input_bucket}/datasets/faq.yaml"
    assert definition.prompt("candidate", "own.v1").text == PROMPT["candidate/own.v1"]


def test_another_evaluation_above_or_beside_cannot_take_its_place(here, deployed):
    write(here, PROMPTED, [ROW], PROMPT)
    s3 = boto3.client("s3")
    other = yaml.safe_dump({**SMALL, "name": "other"}).encode()
    for key in ("evaluation.yaml", "datasets/evaluation.yaml", "datasets/faq.yml"):
        s3.put_object(Bucket=deployed.input_bucket, Key=key, Body=other)
    s3.put_object(Bucket=deployed.input_bucket, Key="prompts/candidate/own.v1.md", Body=b"Other {{ prompt }}")
    submit(deployed)
    definition = evaluated(deployed)
    assert definition.evaluation_name == "small"
    assert definition.prompt("candidate", "own.v1").text == PROMPT["candidate/own.v1"]


def test_an_evaluation_for_one_run_and_a_limit_travel_with_the_dataset_and_start_one_run(here, deployed):
    (here / "cheaper.yaml").write_text(yaml.safe_dump({**SMALL, "name": "cheaper"}))
    write(here, SMALL, [{**ROW, "id": f"r{n}"} for n in range(5)])
    upload, sent = submit(deployed, evaluation="cheaper.yaml", limit=2)
    assert sent[-1] == "datasets/faq.jsonl"
    assert all(key.startswith("evaluations/submitted/") for key in sent[:-1])
    request = started_by_upload(deployed, "datasets/faq.jsonl")
    assert (request.run_id, request.limit) == (run_of(upload), 2)
    assert evaluated(deployed).evaluation_name == "cheaper"


def test_an_evaluation_that_lies_in_the_bucket_is_named_where_it_lies(here, deployed):
    uri = f"s3://{deployed.input_bucket}/evaluations/other/evaluation.yaml"
    content = yaml.safe_dump({**SMALL, "name": "other"}).encode()
    boto3.client("s3").put_object(
        Bucket=deployed.input_bucket, Key="evaluations/other/evaluation.yaml", Body=content
    )
    _, sent = submit(deployed, evaluation=uri)
    assert sent == ["datasets/faq.jsonl"]
    assert started_by_upload(deployed, "datasets/faq.jsonl").evaluation == uri


def test_an_anchors_file_is_kept_from_starting_a_run_of_its_own(here, deployed):
    (here / "anchors.jsonl").write_text(json.dumps(ANCHOR))
    write(here, {**SMALL, "anchors": "anchors.jsonl"}, [ROW])
    _, sent = submit(deployed)
    assert [key for key in sent if key.startswith("datasets/")] == ["datasets/faq.jsonl"]
    assert len(evaluated(deployed).evaluation.anchors.records) == 1


def test_a_checks_schema_goes_along_and_starts_no_run_of_its_own(here, deployed):
    (here / "order.schema.json").write_text('{"type": "object"}')
    write(here, {**SMALL, "checks": [{"json": "order.schema.json"}]}, [ROW])
    _, sent = submit(deployed)
    assert [key for key in sent if key.startswith("datasets/")] == ["datasets/faq.jsonl"]
    assert evaluated(deployed).check_configs == ({"json": {"type": "object"}},)


def test_an_anchors_file_outside_the_evaluations_folder_cannot_go_along(here, deployed):
    (here / "week").mkdir()
    (here / "anchors.jsonl").write_text(json.dumps(ANCHOR))
    write(here / "week", {**SMALL, "anchors": "../anchors.jsonl"}, [ROW])
    with pytest.raises(EvaluationError, match="must lie in the evaluation's folder"):
        look(deployed, dataset="week/faq.jsonl")


# Unchanged


def test_unchanged_content_is_known_by_its_run(here, deployed):
    upload, _ = submit(deployed)
    again = look(deployed)
    assert again.known_run == run_of(upload)
    # A label is what a run is found by: another one is no reason to pay for the same again.
    assert look(deployed, labels=("nightly",)).known_run == run_of(upload)


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (lambda here: write(here, SMALL, [{**ROW, "id": "r2"}]), {}),
        (lambda here: write(here, {**SMALL, "max_concurrency": 3}, [ROW]), {}),
        (lambda here: write(here, PROMPTED, [ROW], {"candidate/own.v1": "Now: {{ prompt }}"}), {}),
        (lambda _: None, {"limit": 1}),
        (lambda _: None, {"key": "datasets/other.jsonl"}),
    ],
)
def test_another_dataset_evaluation_prompt_limit_or_key_is_new(here, deployed, change, wanted):
    write(here, PROMPTED, [ROW], PROMPT)
    submit(deployed)
    change(here)
    assert look(deployed, **wanted).known_run is None


def test_what_was_uploaded_by_other_tools_is_known_by_its_content(here, deployed):
    s3, bucket = boto3.client("s3"), deployed.input_bucket
    s3.put_object(Bucket=bucket, Key="datasets/evaluation.yaml", Body=(here / "evaluation.yaml").read_bytes())
    s3.put_object(Bucket=bucket, Key="datasets/faq.jsonl", Body=(here / "faq.jsonl").read_bytes())
    submission = look(deployed)
    assert submission.known_run == started_by_upload(deployed, "datasets/faq.jsonl").run_id
    assert submission.companions == ()


def test_an_evaluation_uploaded_after_the_dataset_may_not_be_the_runs(here, deployed, monkeypatch):
    submit(deployed)
    submission = look(deployed)
    bucket = submission.bucket
    newest = bucket.newest

    def later(key):
        found = newest(key)
        if key == "datasets/faq.yaml":
            from dataclasses import replace
            from datetime import timedelta

            return replace(found, modified=found.modified + timedelta(hours=1))
        return found

    monkeypatch.setattr(bucket, "newest", later)
    again = prepare(submission.wanted, submission.check, deployed, bucket)
    assert all(companion.is_there for companion in again.companions)
    assert again.known_run is None


def test_two_who_submit_at_once_start_one_run(here, deployed):
    """Both have looked before either uploads."""
    first, second = look(deployed), look(deployed)
    first.send(sent=print)
    with pytest.raises(AwsError, match=r"changed by somebody else just now.*Submit again"):
        second.send(sent=print)
    versions = boto3.client("s3").list_object_versions(
        Bucket=deployed.input_bucket, Prefix="datasets/faq.jsonl"
    )
    assert len(versions["Versions"]) == 1


def test_what_is_asked_for_again_is_a_new_run(here, deployed):
    first, _ = submit(deployed)
    second, sent = submit(deployed)
    assert sent == ["datasets/faq.jsonl"]
    assert run_of(first) != run_of(second)


# Without an evaluation here


def test_the_buckets_evaluation_decides_where_there_is_none_here(here, deployed):
    content = (here / "evaluation.yaml").read_bytes()
    (here / "evaluation.yaml").unlink()
    boto3.client("s3").put_object(Bucket=deployed.input_bucket, Key="datasets/evaluation.yaml", Body=content)
    submission = look(deployed)
    assert submission.check.plan.calls == 2
    assert submission.companions == ()


def test_without_any_the_rows_are_checked_and_the_price_is_unknown(here, deployed):
    (here / "evaluation.yaml").unlink()
    submission = look(deployed)
    assert submission.check is None
    (here / "faq.jsonl").write_text('{"id": 1}\nnot json\n')
    with pytest.raises(DatasetError, match="line 1") as raised:
        look(deployed)
    assert "line 2" in str(raised.value)


# Refused


def refused(deployed, kind, match, **wanted):
    with pytest.raises(kind, match=match) as raised:
        look(deployed, **wanted)
    assert keys(deployed.input_bucket) == []
    return str(raised.value)


def test_everything_wrong_is_told_at_once_and_nothing_is_uploaded(here, deployed):
    write(here, {**SMALL, "metrics": ["no_such_metric"]}, [{"id": "r1"}, ROW, {"id": "r3"}])
    told = refused(deployed, DatasetError, "line 1")
    assert "line 3" in told
    assert "no_such_metric" in told


def test_a_dataset_above_the_stacks_limit_is_refused_here(here, deployed):
    write(here, SMALL, [{**ROW, "id": f"r{n}", "context": "x" * 1000} for n in range(120)])
    refused(deployed, DatasetError, "this stack takes 100,000")


def test_a_dataset_of_another_ending_is_refused_here(here, deployed):
    (here / "faq.jsonl").rename(here / "faq.txt")
    refused(deployed, DatasetError, r"the name of a dataset ends in \.json, ", dataset="faq.txt")


def test_a_price_above_the_budget_is_refused_here(here, deployed):
    write(here, {**SMALL, "budget_usd": 0.0000001}, [ROW])
    refused(deployed, BudgetExceeded, "above budget_usd")


def test_a_file_that_is_not_there_is_refused(here, deployed):
    refused(deployed, DatasetError, r"gone\.jsonl: no such file", dataset="gone.jsonl")


def test_an_object_is_not_submitted(here, deployed):
    refused(deployed, InputError, "takes a file on this machine", dataset="s3://elsewhere/faq.jsonl")


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"robustness": {"n": 8}}, "max_calls: 1,000"),
        (
            {"judges": [{**SMALL["judges"][0], "repeats": 20, "inference": {"max_tokens": 64_000}}]},
            "max_run_usd: 25",
        ),
        ({"budget_usd": 26}, "budget_usd: 26 is above max_run_usd: 25"),
        (
            {"prices": {SMALL["candidates"][0]["model"]: {"input": 9_000_000, "output": 0}}},
            "max_run_usd: 25",
        ),
    ],
)
def test_what_the_stack_would_refuse_by_its_caps_is_refused_before_the_upload(here, deployed, asked, told):
    write(here, {**SMALL, **asked}, [{**ROW, "id": f"r{n}"} for n in range(20)])
    with pytest.raises((BudgetExceeded, DatasetError), match=told):
        submit(deployed)
    assert keys(deployed.input_bucket) == []
