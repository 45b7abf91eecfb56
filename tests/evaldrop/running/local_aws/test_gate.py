"""Who gets in: no page of another site on any route, and nobody without a key of this start."""

import json
import re
import socket
import threading
from types import SimpleNamespace

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import make_server

from evaldrop.running.local_aws.gate import SIGNER, Guard, Signed
from evaldrop.running.local_aws.keys import Holder, Keys, new_access_key


@pytest.fixture
def gates():
    """A server whose application says who signed; `asked` are the paths that reached it."""
    keys, asked = Keys(sessions=lambda _key: None), []

    def application(environ, start_response):
        asked.append((environ["REQUEST_METHOD"], environ["PATH_INFO"]))
        start_response(
            "200 OK", [("Access-Control-Allow-Origin", "*"), ("X-Role", str(environ[SIGNER].role))]
        )
        return [b"<in/>"]

    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=MotoRequestHandler)
    signed = Signed(application=application, keys=keys, port=server.port)
    server.app = Guard(application=signed, bound_to="127.0.0.1", port=server.port)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield SimpleNamespace(keys=keys, asked=asked, port=server.port, own=f"localhost:{server.port}")
    server.shutdown()
    server.server_close()
    thread.join()


def say(gates, head, body=b""):
    """Send a request's head as it is, and return the answer's status, head and body."""
    with socket.create_connection(("127.0.0.1", gates.port), timeout=10) as connection:
        lines = [*head, f"Content-Length: {len(body)}", "Connection: close", "", ""]
        connection.sendall("\r\n".join(lines).encode("latin-1") + body)
        answer = connection.makefile("rb").read()
    told, _, content = answer.partition(b"\r\n\r\n")
    return int(told.split()[1]), told.decode().lower(), content


METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
STRANGERS = [
    ["Host: evil.example:{port}"],
    ["Host: localhost.:{port}"],
    ["Host: {own}", "Host: evil.example"],
    ["Host: {own}", "Origin: https://evil.example"],
    ["Host: {own}", "Origin: null"],
    ["Host: {own}", "Origin: http://localhost:1"],
    ["Host: {own}", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors"],
    ["Host: {own}", "Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: navigate"],
    ["Host: evil.bucket.localhost.evil.example:{port}"],
    # A page of a bucket's own name is another origin.
    ["Host: {own}", "Origin: http://in.localhost:{port}"],
    ["Host: {own}", "Origin: https://evil.example", "Upgrade: websocket", "Connection: Upgrade"],
    ["Host: {own}", "Origin: https://evil.example", "Access-Control-Request-Method: PUT"],
    [],
]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("headers", STRANGERS)
def test_no_method_lets_a_page_of_another_site_in(gates, method, headers):
    own = [line.format(port=gates.port, own=gates.own) for line in headers]
    status, head, body = say(gates, [f"{method} /in/k HTTP/1.1", *own], b"x" * 100_000)
    assert (status, gates.asked) == (403, [])
    assert "access-control" not in head
    assert b"evaldrop local env" not in body


def test_the_address_in_a_proxys_request_counts(gates):
    head = ["GET http://evil.example/in HTTP/1.1", f"Host: {gates.own}"]
    assert say(gates, head)[0] == 403
    assert gates.asked == []


@pytest.mark.parametrize("path", ["/moto-api/reset", "//moto-api/", "/%6Doto-api/reset", "/moto-api"])
def test_motos_own_pages_are_off_also_for_who_has_the_keys(gates, path):
    assert say(gates, [f"POST {path} HTTP/1.1", f"Host: {gates.own}"])[2] == b"There is no such page.\n"


def client(gates, service, key):
    return boto3.client(
        service,
        endpoint_url=f"http://{gates.own}",
        region_name="us-east-1",
        aws_access_key_id=key.id,
        aws_secret_access_key=key.secret,
        config=Config(proxies={}, retries={"max_attempts": 0}),
    )


def test_a_person_and_a_role_get_in_with_their_keys_and_no_page_is_given_leave(gates):
    answer = client(gates, "s3", gates.keys.person).list_buckets()["ResponseMetadata"]["HTTPHeaders"]
    assert answer["x-role"] == "None"
    assert "access-control-allow-origin" not in answer
    role = "arn:aws:iam::123456789012:role/step"
    answer = client(gates, "s3", gates.keys.of_role(role)).list_buckets()
    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-role"] == role


@pytest.mark.parametrize(
    ("service", "action", "code"),
    [
        ("s3", "list_buckets", "InvalidAccessKeyId"),
        ("sns", "list_topics", "InvalidClientTokenId"),
        ("sqs", "list_queues", "UnrecognizedClientException"),
        ("stepfunctions", "list_state_machines", "UnrecognizedClientException"),
        ("lambda", "list_functions", "UnrecognizedClientException"),
        ("scheduler", "list_schedules", "UnrecognizedClientException"),
    ],
)
def test_every_kind_of_client_is_told_in_its_services_words_what_to_do(gates, service, action, code):
    with pytest.raises(ClientError) as caught:
        getattr(client(gates, service, new_access_key()), action)()
    error = caught.value.response
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert error["Error"]["Code"] == code
    assert f'Run: eval "$(evaldrop local env --port {gates.port})"' in error["Error"]["Message"]
    assert gates.asked == []


def test_who_signs_nothing_is_told_what_to_do(gates):
    status, _, body = say(gates, ["GET /in/k HTTP/1.1", f"Host: {gates.own}"])
    assert status == 403
    assert b"<Code>AccessDenied</Code><Message>The request is not signed. Run: eval" in body
    head = ["POST / HTTP/1.1", f"Host: {gates.own}", "X-Amz-Target: AWSStepFunctions.StartExecution"]
    status, _, body = say(gates, head, b"{}")
    assert (status, json.loads(body)["__type"]) == (403, "MissingAuthenticationTokenException")
    assert gates.asked == []


def test_every_start_has_keys_of_its_own_and_every_role_another():
    one, other = Keys(sessions=lambda _key: None), Keys(sessions=lambda _key: None)
    keys = [
        one.person, one.operator, one.of_role("a"), one.of_role("b"),
        other.person, other.operator, other.of_role("a"),
    ]  # fmt: skip
    assert len({key.id for key in keys}) == len({key.secret for key in keys}) == len(keys)
    assert all(re.fullmatch("AKIA[A-Z2-7]{16}", key.id) and len(key.secret) == 40 for key in keys)
    assert one.of_role("a") == one.of_role("a")
    assert one.find(one.of_role("a").id) == Holder(secret=one.of_role("a").secret, role="a")
    assert one.find(other.person.id) is None
    assert one.person.secret not in repr(one.person) + repr(one.find(one.person.id))
