"""Whose a request is: what boto3 signs in its ways is theirs, and nothing that was changed on the way."""

import io
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.httpsession import URLLib3Session
from urllib3 import encode_multipart_formdata

from evaldrop.running.local_aws.clients import AccessKey
from evaldrop.running.local_aws.keys import Holder
from evaldrop.running.local_aws.requests import Signer
from evaldrop.running.local_aws.signatures import EXPIRED, UNKNOWN, UNSIGNED, WRONG, NotSignedError, signer_of

KEY = AccessKey(id="AKIAQQQQQQQQQQQQQQQQ", secret="secret/of+40")
ROLE = "arn:aws:iam::123456789012:role/step"
ENDPOINT = "http://localhost:5000"


def find(access_key):
    """Whose keys there are: a person's, and a session of a role."""
    holders = {KEY.id: Holder(secret=KEY.secret), "ASIASESSION": Holder(secret="s", role=ROLE, token="t")}
    return holders.get(access_key)


def environ_of(method, url, headers, body=b""):
    """Return a request as werkzeug hands it on."""
    place = urlsplit(url)
    named = {
        name.upper().replace("-", "_"): value if isinstance(value, str) else value.decode()
        for name, value in headers.items()
    }
    return {
        "REQUEST_METHOD": method,
        "REQUEST_URI": place.path + (f"?{place.query}" if place.query else ""),
        "PATH_INFO": place.path,
        "QUERY_STRING": place.query,
        "HTTP_HOST": place.netloc,
        "CONTENT_TYPE": named.pop("CONTENT_TYPE", ""),
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        **{f"HTTP_{name}": value for name, value in named.items() if name != "CONTENT_LENGTH"},
    }


def client(service, *, key=KEY.id, secret=KEY.secret, token=None, **config):
    session = boto3.Session(key, secret, aws_session_token=token, region_name="us-east-1")
    return session.client(service, endpoint_url=ENDPOINT, config=Config(proxies={}, **config))


def sent(made, action, **request):
    """Return the request that a client would send for an action."""
    seen = []

    def take(request, **_):
        body = request.body or b""
        body = body.read() if hasattr(body, "read") else body
        body = body.encode() if isinstance(body, str) else body
        seen.append(environ_of(request.method, request.url, dict(request.headers.items()), body))
        raise StopIteration

    made.meta.events.register("before-send", take)
    with pytest.raises(StopIteration):
        getattr(made, action)(**request)
    return seen[0]


REQUESTS = [
    ("s3", "put_object", {"Bucket": "in", "Key": "datasets/a b+c/ä.jsonl", "Body": b"{}",
                          "Metadata": {"evaldrop-limit": "5", "x_y": "a  b"}}),
    ("s3", "put_object", {"Bucket": "in", "Key": "k", "Body": io.BytesIO(b"stream")}),
    ("s3", "list_objects_v2", {"Bucket": "in", "Prefix": "a/ü &=", "Delimiter": "/"}),
    ("s3", "get_object", {"Bucket": "in", "Key": "a//b/../c"}),
    ("lambda", "invoke", {"FunctionName": "arn:aws:lambda:us-east-1:1:function:f", "Payload": b"1"}),
    ("sns", "publish", {"TopicArn": "arn:aws:sns:us-east-1:1:t", "Message": "a&b=ü"}),
    ("sqs", "send_message", {"QueueUrl": f"{ENDPOINT}/1/q", "MessageBody": "x"}),
    ("stepfunctions", "start_execution", {"stateMachineArn": "arn:m", "input": "{}"}),
    ("scheduler", "get_schedule", {"Name": "a b"}),
]  # fmt: skip


@pytest.mark.parametrize(("service", "action", "request_"), REQUESTS)
def test_what_an_sdk_signs_is_its_holders(service, action, request_):
    signer = signer_of(sent(client(service), action, **request_), find)
    assert signer == Signer(KEY.id, {"stepfunctions": "states"}.get(service, service), None)


def refused(environ, **more):
    with pytest.raises(NotSignedError) as caught:
        signer_of(environ, find, **more)
    return caught.value.codes


def test_nobody_gets_in_without_a_key_of_this_start():
    assert refused(environ_of("GET", f"{ENDPOINT}/in", {})) == UNSIGNED
    assert refused(sent(client("s3", key="local", secret="local"), "list_buckets")) == UNKNOWN
    assert refused(sent(client("s3", secret="guessed"), "list_buckets")) == WRONG


@pytest.mark.parametrize(
    "header",
    [
        f"AWS4-HMAC-SHA256 Credential={KEY.id}/20261130/us-east-1/s3/aws4_request, SignedHeaders=host",
        f"AWS4-HMAC-SHA256 Credential={KEY.id}/20261130/us-east-1/s3/aws4_request",
        f"AWS {KEY.id}:c2lnbmF0dXJl",
        "Bearer x",
        "",
    ],
)
def test_half_a_signature_is_none(header):
    asked = sent(client("s3"), "list_buckets") | {"HTTP_AUTHORIZATION": header}
    assert refused(asked) == UNSIGNED


@pytest.mark.parametrize(
    "changed",
    [
        {"REQUEST_METHOD": "DELETE"},
        {"REQUEST_URI": "/in/other"},
        {"REQUEST_URI": "/in/k?acl"},
        {"HTTP_HOST": "localhost:5001"},
        {"wsgi.input": io.BytesIO(b"[]")},
        {"HTTP_X_AMZ_META_LIMIT": "9"},
        {"HTTP_X_AMZ_COPY_SOURCE": "/out/secret"},
        {"HTTP_X_AMZ_TARGET": "AWSStepFunctions.StartExecution"},
    ],
)
def test_a_request_that_was_changed_is_nobodys(changed):
    asked = sent(client("s3"), "put_object", Bucket="in", Key="k", Body=b"{}", Metadata={"limit": "5"})
    assert refused(asked | changed) == WRONG


def test_a_request_that_was_listened_in_on_can_be_sent_again_for_a_quarter_of_an_hour_only():
    asked = sent(client("s3"), "list_buckets")
    now = datetime.now(UTC)
    assert signer_of(asked, find, now + timedelta(minutes=14)).access_key == KEY.id
    assert refused(asked, now=now + timedelta(minutes=16)) == EXPIRED
    assert refused(asked, now=now - timedelta(minutes=16)) == EXPIRED


def test_a_session_is_its_roles_and_carries_its_token():
    made = client("s3", key="ASIASESSION", secret="s", token="t")
    assert signer_of(sent(made, "list_buckets"), find) == Signer("ASIASESSION", "s3", ROLE)
    assert refused(sent(client("s3", key="ASIASESSION", secret="s"), "list_buckets")) == WRONG
    another = client("s3", key="ASIASESSION", secret="s", token="another")
    assert refused(sent(another, "list_buckets")) == WRONG


@pytest.mark.parametrize("version", ["s3v4", "s3"])
@pytest.mark.parametrize("key", ["k", "a b+ä/=&.jsonl"])
def test_a_presigned_url_is_good_for_what_was_signed_until_it_ends(version, key):
    made = client("s3", signature_version=version)
    url = made.generate_presigned_url(
        "get_object", Params={"Bucket": "in", "Key": key, "VersionId": "v1"}, ExpiresIn=60
    )
    assert signer_of(environ_of("GET", url, {}), find) == Signer(KEY.id, "s3", None)
    assert refused(environ_of("PUT", url, {})) == WRONG
    assert refused(environ_of("GET", url.replace("/in/", "/out/"), {})) == WRONG
    assert refused(environ_of("GET", url, {"X-Amz-Copy-Source": "/out/k"})) == WRONG
    later = datetime.now(UTC) + timedelta(seconds=61)
    assert refused(environ_of("GET", url, {}), now=later) == EXPIRED
    longer = url.replace("X-Amz-Expires=60", "X-Amz-Expires=600").replace("Expires=1", "Expires=2")
    assert refused(environ_of("GET", longer, {}), now=later) == WRONG


def test_only_s3_takes_a_signature_in_the_query():
    made = client("sns")
    url = made.generate_presigned_url("list_topics")
    assert refused(environ_of("GET", url, {})) == UNSIGNED


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_a_forms_upload_is_signed_in_its_fields_and_ends(version):
    made = client("s3", signature_version=version)
    form = made.generate_presigned_post("in", "k", ExpiresIn=60)

    def posted(**fields):
        body, kind = encode_multipart_formdata({**form["fields"], **fields, "file": ("f", b"{}")})
        return environ_of("POST", form["url"], {"Content-Type": kind}, body)

    asked = posted()
    assert signer_of(asked, find) == Signer(KEY.id, "s3", None)
    assert b"{}" in asked["wsgi.input"].read()  # there to be read again
    assert refused(posted(**{"x-amz-signature": "0" * 64, "signature": "x"})) == WRONG
    assert refused(posted(policy="e30=")) == UNSIGNED
    assert refused(posted(), now=datetime.now(UTC) + timedelta(seconds=61)) == EXPIRED


def test_what_botocore_sends_is_what_these_tests_read():
    """`before-send` sees a request as it goes out; were it no longer called, nothing here would be tested."""
    assert callable(URLLib3Session.send)
    assert sent(client("s3"), "list_buckets")["HTTP_AUTHORIZATION"].startswith("AWS4-HMAC-SHA256 ")
