"""Uploads as they happen: twice, at once, again, under odd names, broken. Each gets one run and one word."""

import csv
import gzip
import io
import json
import uuid
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.local_aws.outcomes import CALLS_OF_A_RECORD, assert_told, assert_whole, records

pytestmark = pytest.mark.slow


def test_an_event_that_is_delivered_three_times_starts_one_run_and_costs_it_once(aws):
    aws.deliver_again(2)
    key = aws.upload(records(5))
    aws.wait_for_events()
    [execution] = aws.finished(key)
    assert_whole(aws, execution, 5)
    assert len(aws.calls()) == 5 * CALLS_OF_A_RECORD


def test_two_uploads_at_once_are_two_runs_that_do_not_mix(aws):
    keys = [aws.fresh_key(), aws.fresh_key("records.json")]
    sets = [records(4), records(6, start=10)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(aws.upload, sets, keys))
    for key, given in zip(keys, sets, strict=True):
        [execution] = aws.finished(key)
        assert_whole(aws, execution, len(given))
    history = aws.read("runs/index.html").decode()
    assert all(aws.finished(key)[0]["name"] in history for key in keys)


def test_a_new_version_of_a_dataset_is_a_new_run_of_that_version(aws):
    key = aws.upload(records(3))
    [first] = aws.finished(key)
    aws.upload(records(4), key)
    second, again = aws.finished(key, runs=2)
    assert again["executionArn"] == first["executionArn"]
    versions = [json.loads(each["input"])["dataset_version"] for each in (first, second)]
    assert len(set(versions)) == 2
    aws.forget_calls()
    assert_whole(aws, first, 3)
    assert_whole(aws, second, 4)


def written(form, rows):
    """Return rows as a file of one form; what is no text is JSON in a table's cell."""
    if not form.startswith((".jsonl", ".ndjson")):
        rows = [
            {key: each if isinstance(each, str) else json.dumps(each) for key, each in row.items()}
            for row in rows
        ]
    content = io.BytesIO()
    if form.startswith(".parquet"):
        pq.write_table(pa.Table.from_pylist(rows), content)
    elif form.startswith((".csv", ".tsv")):
        text = io.TextIOWrapper(content, "utf-8", newline="", write_through=True)
        columns = {key: None for row in rows for key in row}
        writer = csv.DictWriter(text, list(columns), delimiter="\t" if "tsv" in form else ";")
        writer.writeheader()
        writer.writerows(rows)
        text.detach()
    else:
        content.write("\n".join(map(json.dumps, rows)).encode())
    return gzip.compress(content.getvalue()) if form.endswith(".gz") else content.getvalue()


@pytest.mark.parametrize(
    ("name", "form"),
    [
        pytest.param("with a space", ".csv", marks=pytest.mark.nightly),
        pytest.param("a+b & c=d", ".csv.gz", marks=pytest.mark.nightly),
        ("percent %2F + & %41", ".tsv"),
        ("grün/日本語 ✓", ".parquet"),
        pytest.param("quote's (1) [x]", ".jsonl.gz", marks=pytest.mark.nightly),
        ("x" * 200 + "/" + "long/" * 150 + "y" * 9, ".ndjson"),
    ],
    ids=["space", "plus", "percent", "unicode", "punctuation", "a thousand characters"],
)
def test_a_key_with_odd_characters_finds_its_run_whatever_the_datasets_form(aws, name, form):
    key = aws.upload(written(form, records(2)), aws.fresh_key(f"{name}{form}"))
    [execution] = aws.finished(key)
    assert_whole(aws, execution, 2)
    run = json.loads(aws.read(f"{aws.folder_of(execution)}/run.json"))
    assert run["dataset"]["uri"] == f"s3://{aws.input}/{key}"


@pytest.mark.parametrize(
    ("form", "place"), [(".csv.gz", "line 3"), (".parquet", "row 2")], ids=["csv.gz", "parquet"]
)
def test_a_broken_table_is_told_with_its_row(aws, form, place):
    rows = [{"id": "a", "prompt": "Where is my parcel?"}, {"id": "a", "prompt": "Where?"}]
    key = aws.upload(written(form, rows), aws.fresh_key(f"broken{form}"))
    [execution] = aws.finished(key)
    assert_told(aws, execution, place, key)
    assert not aws.calls()


def test_a_broken_dataset_is_told_with_its_line_and_costs_nothing(aws):
    key = aws.upload(b'{"prompt": "Where is my parcel?"}\n{"prompt": "Where\n')
    [execution] = aws.finished(key)
    assert_told(aws, execution, "line 2", key)
    assert not aws.calls()


GREEDY = {
    "name": "greedy",
    "candidates": [{"name": "lite", "model": "us.amazon.nova-lite-v1:0", "inference": {"max_tokens": 5_000}}],
    "judges": [
        {"name": "pro", "model": "us.amazon.nova-pro-v1:0", "repeats": 20, "inference": {"max_tokens": 5_000}}
    ],
    "criteria": ["correctness"],
    "prices": {
        model: {"input": 0, "output": 0} for model in ("us.amazon.nova-lite-v1:0", "us.amazon.nova-pro-v1:0")
    },
}


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({}, "max_run_usd: 25"),
        ({"budget_usd": 50_000}, "budget_usd: 50000 is above max_run_usd: 25"),
        (
            {"candidates": [{"name": "dear", "model": "us.anthropic.claude-opus-4-7"}]},
            'model "us.anthropic.claude-opus-4-7" is none that this stack may use',
        ),
    ],
    ids=["repeats at no price", "budget", "model"],
)
def test_a_sidecar_cannot_spend_more_than_the_stack_allows(aws, more, told):
    key = aws.upload(records(100), evaluation=json.dumps({**GREEDY, **more}))
    [execution] = aws.finished(key)
    assert_told(aws, execution, told, key)
    assert not aws.calls()


def test_what_is_no_dataset_is_refused_with_a_word_and_company_is_left_alone(aws):
    place = aws.fresh_key("")
    for name in ("answers.xlsx", "faq.yaml", "prompts/candidate/answer.v9.md"):
        aws.client("s3").put_object(Bucket=aws.input, Key=place + name, Body=b"x")
    aws.wait_for_events()
    [message] = aws.messages(place)
    assert "answers.xlsx" in message.text
    assert ".jsonl" in message.text
    assert not [each for each in aws.executions() if place in each["input"]]


@pytest.mark.parametrize(
    ("key", "do"),
    [
        ("elsewhere/{}.json", "Upload it as s3://{bucket}/datasets/{name}.json."),
        ("datasets/{}.Jsonl", "Rename it to {name}.jsonl, and upload it again."),
        ("{}.CSV", "Upload it as s3://{bucket}/datasets/{name}.csv."),
    ],
)
def test_an_upload_that_starts_nothing_is_told(aws, key, do):
    name = uuid.uuid4().hex
    key = aws.upload(records(1), key.format(name))
    aws.wait_for_events()
    assert aws.executions(key) == []
    [message] = aws.messages(name)
    assert message.subject == f"evaldrop {key.rpartition('/')[2]}: refused"
    assert do.format(bucket=aws.input, name=name) in message.text


@pytest.mark.parametrize("key", ["evaluations/{}/anchors.jsonl", "shared/{}/anchors.json", "prompts/{}.md"])
def test_nothing_is_said_of_what_evaluations_read(aws, key):
    name = uuid.uuid4().hex
    aws.upload(records(1), key.format(name))
    aws.wait_for_events()
    assert aws.messages(name) == []
