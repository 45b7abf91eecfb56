"""What a request to the endpoint is: whose, and which object it creates."""

import io

import pytest

from evaldrop.running.local_aws.requests import body_of, object_of, written_by


def request(method="PUT", path="/bucket/key", query="", **more):
    return {
        "REQUEST_METHOD": method,
        "PATH_INFO": path.encode().decode("latin-1"),  # as WSGI hands it over
        "QUERY_STRING": query,
        "HTTP_HOST": "localhost:5000",
        **more,
    }


ODD_KEYS = ["a b.json", "a+b.json", "ä/ö/日本.jsonl", "a%20b.json", "k" * 1000, "?#&=.json", "a//b.json"]


@pytest.mark.parametrize("key", ODD_KEYS)
def test_an_upload_has_created_the_object_whose_key_it_names(key):
    created = written_by(request(path=f"/bucket/{key}"), 200, {"x-amz-version-id": "v1"})
    assert created is not None
    assert (created.bucket, created.key, created.version) == ("bucket", key, "v1")
    assert created.reason == "PutObject"


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (request(HTTP_X_AMZ_COPY_SOURCE="/b/k"), "CopyObject"),
        (request("POST", query="uploadId=1"), "CompleteMultipartUpload"),
    ],
)
def test_a_copy_and_a_multipart_upload_are_told_as_such(asked, reason):
    created = written_by(asked, 200, {})
    assert created is not None
    assert created.reason == reason
    assert created.version is None


def test_a_form_names_its_object_in_the_answer():
    asked = request("POST", "/bucket", CONTENT_TYPE="multipart/form-data; boundary=x")
    created = written_by(asked, 204, {"location": "http://localhost:5000/bucket/a%20b.json"})
    assert created is not None
    assert (created.key, created.reason) == ("a b.json", "POST Object")


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (request(), 403),
        (request("GET"), 200),
        (request("DELETE"), 204),
        (request(query="tagging"), 200),
        (request(query="acl="), 200),
        (request(query="partNumber=1&uploadId=1"), 200),
        (request("POST", query="uploads"), 200),
        (request(path="/bucket"), 200),
        (request(path="/bucket/"), 200),
    ],
)
def test_nothing_else_creates_an_object(asked, status):
    assert written_by(asked, status, {}) is None


def test_a_bucket_may_be_in_the_host():
    assert object_of(request(path="/k/l", HTTP_HOST="bucket.localhost:5000")) == ("bucket", "k/l")
    assert object_of(request(path="/bucket/k/l")) == ("bucket", "k/l")


def test_a_body_that_was_read_can_be_read_again():
    environ = request(**{"wsgi.input": io.BytesIO(b"abcdef"), "CONTENT_LENGTH": "3"})
    assert body_of(environ) == b"abc"
    assert environ["wsgi.input"].read() == b"abc"
