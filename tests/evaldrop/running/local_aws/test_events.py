"""The event that an upload becomes, and who gets it."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from evaldrop.running.local_aws.events import Created, Events, UnknownMatcherError, matches, object_created
from evaldrop.running.local_aws.functions import NoSuchFunctionError
from evaldrop.steps.start_run.uploads import uploads_in

NOW = datetime(2026, 11, 26, 16, 20, 5, tzinfo=UTC)


def created(key="datasets/a b+ä.json", version="v1"):
    return Created(bucket="drop", key=key, version=version, reason="PutObject")


def test_the_event_has_the_documented_shape():
    event = object_created(created(), size=12, etag="e1", now=NOW)
    assert json.loads(json.dumps(event)) == event
    assert {
        name: event[name] for name in ("version", "detail-type", "source", "account", "time", "region")
    } == {
        "version": "0",
        "detail-type": "Object Created",
        "source": "aws.s3",
        "account": "123456789012",
        "time": "2026-11-26T16:20:05Z",
        "region": "us-east-1",
    }
    assert event["resources"] == ["arn:aws:s3:::drop"]
    detail = event["detail"]
    assert set(detail) == {
        "version", "bucket", "object", "request-id", "requester", "source-ip-address", "reason",
    }  # fmt: skip
    assert detail["object"].pop("sequencer") > "0"
    assert detail["object"] == {"key": "datasets/a b+ä.json", "size": 12, "etag": "e1", "version-id": "v1"}


def test_start_run_reads_it():
    [upload] = uploads_in(object_created(created(), size=12, etag="e1"))
    assert (upload.uri, upload.version, upload.size) == ("s3://drop/datasets/a b+ä.json", "v1", 12)


def test_a_bucket_without_versions_names_none():
    event = object_created(created(version=None), size=1, etag="e")
    assert "version-id" not in event["detail"]["object"]


def test_a_later_write_has_a_higher_sequencer():
    later = datetime(2026, 11, 26, 16, 20, 6, tzinfo=UTC)
    first, second = (
        object_created(created(), size=1, etag="e", now=now)["detail"]["object"]["sequencer"]
        for now in (NOW, later)
    )
    assert first < second


def key(*alternatives):
    return {"detail": {"object": {"key": list(alternatives)}}}


def event(name):
    return {"source": "aws.s3", "detail": {"bucket": {"name": "b"}, "object": {"key": name, "size": 3}}}


@pytest.mark.parametrize(
    "name",
    [
        "datasets/a.json",
        "datasets/ein ordner/ä+b c.json",
        "datasets/.json",
        "datasets/" + "k" * 990 + ".json",
    ],
)
def test_a_wildcard_spans_folders_spaces_and_any_character(name):
    assert matches(key({"wildcard": "datasets/*.json"}), event(name))


@pytest.mark.parametrize("name", ["datasets/a.jsonl", "other/datasets/a.json", "datasets/a.json.gz", ""])
def test_a_wildcard_is_held_at_both_ends(name):
    assert not matches(key({"wildcard": "datasets/*.json"}), event(name))


def test_an_escaped_star_is_a_star_and_a_dot_is_a_dot():
    assert matches(key({"wildcard": r"a\*b*"}), event("a*bc"))
    assert not matches(key({"wildcard": r"a\*b*"}), event("axbc"))
    assert not matches(key({"wildcard": "a.b"}), event("axb"))


@pytest.mark.parametrize(
    ("wanted", "name", "fits"),
    [
        ("a.csv", "a.csv", True),
        ("a.csv", "b.csv", False),
        ({"prefix": "data"}, "data/x", True),
        ({"prefix": {"equals-ignore-case": "DATA"}}, "data/x", True),
        ({"suffix": ".csv"}, "x.csv", True),
        ({"suffix": ".csv"}, "x.CSV", False),
        ({"suffix": {"equals-ignore-case": ".CSV"}}, "x.csv", True),
        ({"equals-ignore-case": "X.csv"}, "x.CSV", True),
        ({"anything-but": ["x", "y"]}, "z", True),
        ({"anything-but": ["x", "y"]}, "y", False),
        ({"anything-but": {"suffix": ".csv"}}, "x.csv", False),
        ({"anything-but": {"prefix": ["a", "b"]}}, "c", True),
        ({"exists": True}, "x", True),
        ({"exists": False}, "x", False),
    ],
)
def test_a_comparison(wanted, name, fits):
    assert matches(key(wanted), event(name)) is fits


def test_a_field_that_the_event_lacks_fits_only_its_absence():
    assert not matches({"detail": {"reason": ["PutObject"]}}, event("x"))
    assert matches({"detail": {"reason": [{"exists": False}]}}, event("x"))
    assert not matches({"nowhere": {"at": {"all": ["x"]}}}, event("x"))


def test_every_field_has_to_fit_and_one_alternative_is_enough():
    assert matches({"source": ["aws.s3"], **key("y", {"prefix": "x"})}, event("x"))
    assert not matches({"source": ["aws.ec2"], **key("x")}, event("x"))


def test_a_number_is_no_text():
    assert matches({"detail": {"object": {"size": [3]}}}, event("x"))
    assert not matches({"detail": {"object": {"size": ["3"]}}}, event("x"))


def test_a_comparison_that_is_not_known_is_told():
    with pytest.raises(UnknownMatcherError, match='"cidr" is no comparison'):
        matches(key({"cidr": "10.0.0.0/8"}), event("x"))


def test_a_rule_of_somebodys_own_calls_no_function_but_the_stacks_and_keeps_no_other_from_it(caplog):
    called = []

    class Functions:
        def invoke_async(self, name, event):
            if name.endswith(":somebodys"):
                raise NoSuchFunctionError(name)
            called.append(name)

    targets = {name: f"arn:aws:lambda:us-east-1:1:function:{name}" for name in ("somebodys", "ours")}
    pages = SimpleNamespace(
        search=lambda _: [{"Name": name, "State": "ENABLED", "EventPattern": "{}"} for name in targets]
    )
    client = SimpleNamespace(
        get_paginator=lambda _: SimpleNamespace(paginate=lambda: pages),
        list_targets_by_rule=lambda Rule: {"Targets": [{"Arn": targets[Rule]}]},  # noqa: N803
    )
    events = Events(lambda _service: client, Functions())
    events.ended({"executionArn": "arn"})
    events.close()
    assert called == [targets["ours"]]
    assert (
        "rule somebodys: arn:aws:lambda:us-east-1:1:function:somebodys is no function of the stack"
        in caplog.text
    )
