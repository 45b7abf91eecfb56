"""The event that an upload becomes, and who gets it."""

import json
from datetime import UTC, datetime

from evaldrop.running.local_aws.events import Created, object_created
from evaldrop.steps.start_run.events import uploads_in

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
