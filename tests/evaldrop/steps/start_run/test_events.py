"""StartRun's decisions, with the event shapes that AWS documents."""

import json
from urllib.parse import quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaldrop.datasets.files.formats import DATASET_ENDINGS
from evaldrop.errors import AwsError, InputError, StorageError
from evaldrop.run.request import RunRequest
from evaldrop.steps.start_run.events import Intake, start_runs
from evaldrop.steps.start_run.options import UploadOptions
from evaldrop.steps.start_run.uploads import run_name, uploads_in
from evaldrop.storage import ObjectFacts

FAQ = "s3://drop/datasets/faq.jsonl"

INTAKE = Intake(bucket="drop", out="s3://reports/runs", max_bytes=1000)


class Services:
    """Step Functions, SNS and S3, as far as StartRun sees them."""

    def __init__(self, *, objects=None, failing=(), metadata=None):
        self.started: dict[str, RunRequest] = {}
        self.told: list[dict[str, str]] = []
        self.objects = objects or {}
        self.failing = set(failing)
        self.gone: set[str] = set()
        self.stopped: list[str] = []
        self.labels = metadata or {}

    def is_there(self, uri):
        return uri not in self.gone

    def start(self, request):
        if request.dataset in self.failing:
            raise AwsError(f"run of {request.dataset} was not started: busy")
        if request.run_id in self.started:
            return False
        self.started[request.run_id] = request
        return True

    def stop(self, run_id):
        self.stopped.append(run_id)

    def notify(self, *, subject, message):
        self.told.append({"subject": subject, "message": message})

    def describe(self, uri):
        if uri not in self.objects:
            raise StorageError(f"{uri}: no such file")
        return self.objects[uri]

    def metadata(self, uri, version):
        return self.labels.get((uri, version), {})


def created(key, *, bucket="drop", version: str | None = "v1", size=10, etag="e1"):
    """An event as EventBridge delivers it (S3 user guide, "EventBridge event message structure")."""
    detail = {
        "version": "0",
        "bucket": {"name": bucket},
        "object": {"key": key, "size": size, "etag": etag, "sequencer": "00617F08299329D189"},
        "request-id": "N4N7GDK58NMKJ12R",
        "requester": "123456789012",
        "source-ip-address": "1.2.3.4",
        "reason": "PutObject",
    }
    if version:
        detail["object"]["version-id"] = version
    return {
        "version": "0",
        "id": "17793124-05d4-b198-2fde-7ededc63b103",
        "detail-type": "Object Created",
        "source": "aws.s3",
        "account": "111122223333",
        "time": "2026-11-21T00:00:00Z",
        "region": "us-east-1",
        "resources": [f"arn:aws:s3:::{bucket}"],
        "detail": detail,
    }


def notified(*keys, name="ObjectCreated:Put"):
    """An event as S3 itself delivers it: keys URL-encoded, several records."""
    return {
        "Records": [
            {
                "eventVersion": "2.1",
                "eventSource": "aws:s3",
                "awsRegion": "us-east-1",
                "eventTime": "2026-11-21T00:00:00.000Z",
                "eventName": name,
                "s3": {
                    "s3SchemaVersion": "1.0",
                    "bucket": {"name": "drop", "arn": "arn:aws:s3:::drop"},
                    "object": {"key": quote_plus(key), "size": 10, "eTag": "e1", "versionId": "v1"},
                },
            }
            for key in keys
        ]
    }


def start(event, services=None, *, delivery="request-1"):
    services = services or Services()
    return start_runs(event, INTAKE, services, delivery=delivery), services


def test_an_upload_starts_a_run_on_its_very_version():
    outcome, services = start(created("datasets/faq.jsonl"))
    (request,) = services.started.values()
    assert outcome["started"] == ["s3://drop/datasets/faq.jsonl"]
    assert request.dataset == "s3://drop/datasets/faq.jsonl"
    assert request.dataset_version == "v1"
    assert request.out == "s3://reports/runs"
    assert request.evaluation is None
    assert RunRequest.model_validate_json(request.model_dump_json()) == request


@pytest.mark.parametrize("key", ["s3://elsewhere/evaluation.yaml", "s3://drop-too/evaluation.yaml"])
def test_an_evaluation_in_another_bucket_is_not_followed(key):
    dataset = "s3://drop/datasets/faq.jsonl"
    services = Services(
        metadata={(dataset, "v1"): {"evaldrop-evaluation": key}},
        objects={dataset: ObjectFacts(size=9, version="v1")},
    )
    for event in (
        created("datasets/faq.jsonl"),
        {"datasets": [{"dataset": "datasets/faq.jsonl", "evaluation": key}]},
    ):
        outcome, _ = start(event, services)
        assert outcome["refused"] == ["s3://drop/datasets/faq.jsonl"]
    assert not services.started
    assert f"its evaluation {key} is not in s3://drop/" in services.told[0]["message"]


def test_the_same_event_twice_starts_one_run():
    services = Services()
    for _ in range(2):
        outcome, _ = start(created("datasets/faq.jsonl"), services)
    assert len(services.started) == 1
    assert outcome["already_started"] == ["s3://drop/datasets/faq.jsonl"]


def test_eventbridge_and_s3_lead_to_the_same_run():
    services = Services()
    start(created("datasets/faq.jsonl"), services)
    start(notified("datasets/faq.jsonl"), services)
    assert len(services.started) == 1


def test_a_new_version_is_a_new_run():
    services = Services()
    for version in ("v1", "v2"):
        start(created("datasets/faq.jsonl", version=version), services)
    assert len(services.started) == 2


@pytest.mark.parametrize("version", [None, "null"])
def test_without_versions_new_content_is_a_new_run(version):
    services = Services()
    for etag in ("e1", "e1", "e2"):
        start(created("datasets/faq.jsonl", version=version, etag=etag), services)
    assert len(services.started) == 2
    assert {request.dataset_version for request in services.started.values()} == {None}


@pytest.mark.parametrize(
    "key",
    [
        "datasets/with space.jsonl",
        "datasets/a+b.jsonl",
        "datasets/100%25.jsonl",
        "datasets/größe 数据.json",
        "datasets/a/b//c.jsonl",
        f"datasets/{'x' * 1009}.jsonl",
    ],
)
def test_odd_keys_arrive_as_they_were_written_by_either_way(key):
    for event in (created(key), notified(key)):
        _, services = start(event)
        (request,) = services.started.values()
        assert request.dataset == f"s3://drop/{key}"


@settings(max_examples=100, deadline=None)
@given(st.text(min_size=1, max_size=40))
def test_a_key_survives_the_encoding_of_s3(text):
    (upload,) = uploads_in(notified(f"datasets/{text}"))
    assert upload.key == f"datasets/{text}"


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(max_size=10), min_size=1, max_size=4))
def test_a_run_has_a_name_that_step_functions_takes(parts):
    name = run_name(*parts)
    assert RunRequest(run_id=name, dataset="d", out="o").run_id == name
    assert len(name) == 43


def test_parts_of_a_name_do_not_run_into_one_another():
    assert run_name("ab", "c") != run_name("a", "bc")


def test_an_uploads_metadata_says_how_its_version_is_evaluated():
    labels = {
        "evaldrop-limit": "20",
        "evaldrop-evaluation": "evaluations/short/evaluation.yaml",
        "evaldrop-go-on": "true",
        "by": "me",
    }
    services = Services(metadata={(FAQ, "v2"): labels})
    for version in ("v1", "v2"):
        start(created("datasets/faq.jsonl", version=version), services)
    plain, chosen = services.started.values()
    assert (plain.limit, plain.evaluation, plain.go_on) == (None, None, False)
    assert (chosen.limit, chosen.evaluation) == (20, "s3://drop/evaluations/short/evaluation.yaml")
    assert chosen.go_on


def test_options_are_read_as_they_are_written():
    for options in (UploadOptions(), UploadOptions(limit=3, evaluation="e.yaml", go_on=True)):
        assert UploadOptions.from_metadata(options.to_metadata()) == options
    assert UploadOptions().to_metadata() == {}
    assert UploadOptions(go_on=True).to_metadata() == {"evaldrop-go-on": "true"}


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        ({"evaldrop-limit": "many"}, "evaldrop-limit: "),
        ({"evaldrop-limit": "0"}, "evaldrop-limit: "),
        ({"evaldrop-limt": "20"}, "evaldrop-limt: "),
        ({"evaldrop-evaluation": ""}, "evaldrop-evaluation: "),
        ({"evaldrop-labels": "plain,a%1B%5B2J"}, "U+001B (a control character) in it is not seen"),
        ({"evaldrop-labels": "a%E2%80%AEb"}, "U+202E (right-to-left override) in it is not seen"),
    ],
)
def test_metadata_that_cannot_be_followed_is_refused_before_the_whole_dataset_is_paid_for(labels, reason):
    services = Services(metadata={(FAQ, "v1"): labels})
    outcome, _ = start(created("datasets/faq.jsonl"), services)
    assert outcome["refused"] == [FAQ]
    assert reason in services.told[0]["message"]
    known = "evaldrop-labels, evaldrop-user, evaldrop-customer and evaldrop-key-id"
    assert known in services.told[0]["message"]


def test_labels_of_an_upload_travel_in_a_header_and_are_the_runs():
    """A header holds ASCII alone, and a comma ends a label."""
    options = UploadOptions(labels=("shorter prompt", "branch=main", "größer, kürzer %20", "👩‍💻 مرحبا"))
    metadata = options.to_metadata()
    assert metadata["evaldrop-labels"].isascii()
    assert metadata["evaldrop-labels"].startswith("shorter prompt,branch=main,gr%C3%B6")
    services = Services(metadata={(FAQ, "v1"): metadata})
    start(created("datasets/faq.jsonl"), services)
    (request,) = services.started.values()
    assert request.labels == options.labels


def test_the_schedule_does_not_follow_what_an_upload_asked_for_its_own_run():
    services = Services(
        objects={FAQ: ObjectFacts(10, "v2")}, metadata={(FAQ, "v2"): {"evaldrop-limit": "20"}}
    )
    start(scheduled("datasets/faq.jsonl"), services)
    (request,) = services.started.values()
    assert request.limit is None


def test_all_records_of_an_event_are_gone_through():
    outcome, services = start(notified("datasets/a.jsonl", "datasets/a.yaml", "datasets/b.json"))
    assert len(services.started) == 2
    assert outcome["ignored"] == ["s3://drop/datasets/a.yaml"]


@pytest.mark.parametrize(
    "key",
    [
        "datasets/faq.yaml",
        "datasets/faq.yml",
        "datasets/prompts/candidate/answer.v2.md",
        "datasets/folder/",
        "evaluations/submitted/0f/anchors.jsonl",
        "evaluations/support/evaluation.yaml",
        "evaluations/support/known.json",
        "shared/anchors.jsonl",
    ],
)
def test_what_lies_beside_datasets_is_ignored_without_a_word(key):
    outcome, services = start(created(key))
    assert outcome["ignored"] == [f"s3://drop/{key}"]
    assert not services.told
    assert not services.started


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (created("datasets/faq.xlsx"), "the name of a dataset ends in .json, .jsonl, .ndjson, .csv, .tsv or"),
        (created("datasets/faq.tar.gz"), "Convert it (docs/datasets.md), and upload it again."),
        (created("datasets/FAQ.CSV"), "Rename it to FAQ.csv, and upload it again."),
        (created("datasets/a.B/UPPER.Jsonl"), "Rename it to UPPER.jsonl, and upload it again."),
        (created("datasets/faq.Jsonl.GZ"), "Rename it to faq.jsonl.gz, and upload it again."),
        (created("datasets/FAQ.XLSX"), "Convert it (docs/datasets.md), and upload it again."),
        (created("elsewhere/x.json"), "Upload it as s3://drop/datasets/x.json."),
        (created("UPPER.Jsonl"), "does not lie below s3://drop/datasets/"),
        (created("elsewhere/faq.csv.gz"), "does not lie below s3://drop/datasets/"),
        (created("datasets/faq.jsonl", size=1001), "it has 1,001 bytes; this stack takes 1,000"),
        (created("datasets/faq.jsonl", size=0), "it is empty"),
        (created("datasets/faq.jsonl", bucket="other"), "does not lie below s3://drop/datasets/"),
        (created("elsewhere/faq.jsonl"), "does not lie below s3://drop/datasets/"),
        (created("elsewhere/faq.yaml"), "does not lie below s3://drop/datasets/"),
    ],
)
def test_what_cannot_be_evaluated_is_refused_with_a_message(event, reason):
    outcome, services = start(event)
    (message,) = services.told
    assert reason in message["message"]
    assert len(outcome["refused"]) == 1
    assert not services.started
    assert message["subject"].isascii()
    assert len(message["subject"]) < 100


@pytest.mark.parametrize("ending", DATASET_ENDINGS)
def test_a_dataset_of_any_form_starts_a_run(ending):
    outcome, services = start(created(f"datasets/faq{ending}"))
    assert outcome["started"] == [f"s3://drop/datasets/faq{ending}"]
    assert not services.told


def test_the_largest_dataset_that_is_taken_is_taken():
    outcome, _ = start(created("datasets/faq.jsonl", size=1000))
    assert outcome["started"]


def test_a_dataset_that_fails_does_not_keep_the_others():
    services = Services(failing={"s3://drop/datasets/a.jsonl"})
    with pytest.raises(AwsError, match="busy"):
        start(notified("datasets/a.jsonl", "datasets/b.jsonl"), services)
    assert [request.dataset for request in services.started.values()] == ["s3://drop/datasets/b.jsonl"]


@pytest.mark.parametrize(
    "event",
    [
        {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "drop"},
        notified("datasets/faq.jsonl", name="ObjectRemoved:Delete"),
        {"datasets": []},
    ],
)
def test_events_that_name_no_new_dataset_start_nothing(event):
    outcome, services = start(event)
    assert not any(outcome.values())
    assert not services.started


@pytest.mark.parametrize("event", [{}, {"hello": "world"}, {"source": "aws.ec2"}])
def test_an_unknown_event_is_an_error_that_says_what_to_send(event):
    with pytest.raises(InputError, match=r'Send \{"datasets"'):
        start(event)


def scheduled(*datasets, time="2026-11-23T06:00:00Z"):
    return json.loads(json.dumps({"datasets": datasets, "scheduled_time": time}))


def test_the_schedule_starts_a_run_per_dataset_on_its_newest_version():
    other = "s3://drop/datasets/other.json"
    services = Services(objects={FAQ: ObjectFacts(10, "v7"), other: ObjectFacts(20, "v8")})
    start(scheduled("datasets/faq.jsonl", "datasets/other.json"), services)
    assert {(request.dataset, request.dataset_version) for request in services.started.values()} == {
        (FAQ, "v7"),
        (other, "v8"),
    }


def test_a_week_later_the_same_dataset_is_another_run():
    services = Services(objects={FAQ: ObjectFacts(10, "v7")})
    for time in ("2026-11-23T06:00:00Z", "2026-11-23T06:00:00Z", "2026-11-30T06:00:00Z"):
        start(scheduled("datasets/faq.jsonl", time=time), services)
    assert len(services.started) == 2


def test_on_demand_each_request_is_a_run_and_its_repetition_is_not():
    services = Services(objects={FAQ: ObjectFacts(10, None)})
    for delivery in ("request-1", "request-1", "request-2"):
        start({"datasets": [FAQ]}, services, delivery=delivery)
    assert len(services.started) == 2


def test_a_wish_may_name_its_evaluation_and_a_limit():
    services = Services(objects={FAQ: ObjectFacts(10, "v7")})
    wishes = [
        {"dataset": "datasets/faq.jsonl", "evaluation": "evaluations/short/evaluation.yaml", "limit": 5},
        {"dataset": "datasets/faq.jsonl", "evaluation": "s3://drop/evaluations/long/evaluation.yaml"},
    ]
    start(scheduled(*wishes), services)
    assert {(request.evaluation, request.limit) for request in services.started.values()} == {
        ("s3://drop/evaluations/short/evaluation.yaml", 5),
        ("s3://drop/evaluations/long/evaluation.yaml", None),
    }


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        ("datasets/gone.jsonl", "no such file. Upload it, or take it out of the schedule."),
        ("s3://other/datasets/faq.jsonl", "does not lie below"),
        ("datasets/table.xlsx", "the name of a dataset ends in"),
    ],
)
def test_a_scheduled_dataset_that_cannot_be_evaluated_is_told(wish, reason):
    services = Services(objects={"s3://drop/datasets/table.xlsx": ObjectFacts(10, "v1")})
    outcome, _ = start(scheduled(wish), services)
    assert len(outcome["refused"]) == 1
    assert reason in services.told[0]["message"]


@pytest.mark.parametrize("wish", [{"data": "x"}, 3, "", {"dataset": "d", "limit": 0}])
def test_a_malformed_wish_is_an_error(wish):
    with pytest.raises(InputError, match="is neither a key nor an object"):
        start({"datasets": [wish]})
