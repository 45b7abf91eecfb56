"""Uploads as they happen: twice, at once, again, under odd names, broken. Each gets one run and one word."""

import json
from concurrent.futures import ThreadPoolExecutor

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
    keys = [aws.fresh_key() for _ in range(2)]
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


@pytest.mark.parametrize(
    "name",
    [
        "with a space.jsonl",
        "a+b & c=d.jsonl",
        "percent %2F %41.jsonl",
        "grün/日本語 ✓.jsonl",
        "quote's (1) [x].json",
        "x" * 200 + "/" + "long/" * 150 + "y" * 9 + ".jsonl",
    ],
    ids=["space", "plus", "percent", "unicode", "punctuation", "a thousand characters"],
)
def test_a_key_with_odd_characters_finds_its_run(aws, name):
    key = aws.upload(records(1), aws.fresh_key(name))
    [execution] = aws.finished(key)
    assert_whole(aws, execution, 1)
    run = json.loads(aws.read(f"{aws.folder_of(execution)}/run.json"))
    assert run["dataset"]["uri"] == f"s3://{aws.input}/{key}"


def test_a_broken_dataset_is_told_with_its_line_and_costs_nothing(aws):
    key = aws.upload(b'{"prompt": "Where is my parcel?"}\n{"prompt": "Where\n')
    [execution] = aws.finished(key)
    assert_told(aws, execution, "line 2", key)
    assert not aws.calls()


def test_what_is_no_dataset_is_refused_with_a_word_and_company_is_left_alone(aws):
    place = aws.fresh_key("")
    for name in ("answers.csv", "faq.yaml", "prompts/candidate/answer.v9.md"):
        aws.client("s3").put_object(Bucket=aws.input, Key=place + name, Body=b"x")
    aws.wait_for_events()
    [message] = aws.messages(place)
    assert "answers.csv" in message.text
    assert ".jsonl" in message.text
    assert not [each for each in aws.executions() if place in each["input"]]
