"""Where a request goes, and what S3 has written becomes."""

import io
import json
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from evaldrop.running.local_aws.control_plane import RestAnswer
from evaldrop.running.local_aws.executions import ApiError
from evaldrop.running.local_aws.front import Front
from evaldrop.running.local_aws.functions import NoSuchFunctionError
from evaldrop.running.local_aws.gate import SIGNER
from evaldrop.running.local_aws.permissions import Permissions
from evaldrop.running.local_aws.requests import Signer
from evaldrop.running.local_aws.sandboxes import InvocationResult

_JOBS = RestAnswer(200, b'{"invocationJobSummaries": []}')


class Asked:
    """A front before parts that write down what reaches them."""

    def __init__(self, *policies):
        self.moto, self.answered, self.events, self.written = [], [], [], []
        self.front = Front(
            moto=self._moto,
            executions=SimpleNamespace(answer=self._answer),
            control_plane=SimpleNamespace(answer=self._job),
            functions=SimpleNamespace(invoke=self._invoke, invoke_async=self._invoke_async),
            permissions=Permissions(lambda _role: policies),
            on_written=[self.written.append],
            tells_eventbridge="told".__eq__,
        )

    def _moto(self, environ, start_response):
        self.moto.append(environ["PATH_INFO"])
        if environ["PATH_INFO"] == "/b/missing":
            start_response("404 Not Found", [])
            return [b"NoSuchKey"]
        if environ["PATH_INFO"] == "/unknown":
            raise NotImplementedError("The x action has not been implemented")
        if environ["QUERY_STRING"] == "notification":
            start_response("200 OK", [("content-length", "31")])
            return [b"<NotificationConfiguration/>"]
        start_response("200 OK", [("x-amz-version-id", "v1")])
        return [b"moto"]

    def _answer(self, action, request):
        if request.get("name") == "taken":
            raise ApiError("ExecutionAlreadyExists", "it exists")
        self.answered.append((action, request))
        return {"executionArn": "arn"}

    def _job(self, environ, role):
        if environ["PATH_INFO"] != "/model-invocation-jobs":
            return None
        return RestAnswer(403, b"{}", (("x-amzn-ErrorType", "AccessDeniedException"),)) if role else _JOBS

    def _invoke(self, name, event):
        if name == "nobody":
            raise NoSuchFunctionError("Function not found: nobody")
        failed = bool(event.get("fail"))
        return InvocationResult(
            payload={"errorType": "X"} if failed else {"got": event}, failed=failed, request_id="r"
        )

    def _invoke_async(self, name, event):
        self.events.append((name, event))

    def send(self, service, method="POST", path="/", body=b"", role=None, **headers):
        said = {}

        def start_response(status, names):
            said.update(status=int(status[:3]), headers=dict(names))

        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "HTTP_HOST": "localhost",
            SIGNER: Signer("AKIA", service, role),
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
            **headers,
        }
        content = b"".join(self.front(environ, start_response))
        return SimpleNamespace(body=content, **said)

    def states(self, action, **request):
        body = json.dumps(request).encode()
        return self.send("states", body=body, HTTP_X_AMZ_TARGET=f"AWSStepFunctions.{action}")


@pytest.fixture
def asked():
    return Asked()


def test_executions_are_answered_here_and_state_machines_by_moto(asked):
    answer = asked.states("StartExecution", name="n")
    assert json.loads(answer.body) == {"executionArn": "arn"}
    assert answer.headers["Content-Type"] == "application/x-amz-json-1.0"
    assert asked.answered == [("StartExecution", {"name": "n"})]
    assert asked.states("DescribeStateMachine").body == b"moto"


def test_a_refusal_is_an_error_of_the_service(asked):
    answer = asked.states("StartExecution", name="taken")
    assert answer.status == 400
    assert json.loads(answer.body) == {"__type": "ExecutionAlreadyExists", "message": "it exists"}


INVOKE = "/2015-03-31/functions/{}/invocations"


def test_a_function_is_invoked_and_its_error_is_in_a_header(asked):
    answer = asked.send("lambda", path=INVOKE.format("f"), body=b'{"a": 1}')
    assert (answer.status, json.loads(answer.body)) == (200, {"got": {"a": 1}})
    assert "X-Amz-Function-Error" not in answer.headers
    failed = asked.send("lambda", path=INVOKE.format("f"), body=b'{"fail": true}')
    assert (failed.status, failed.headers["X-Amz-Function-Error"]) == (200, "Unhandled")


def test_an_asynchronous_event_is_accepted(asked):
    answer = asked.send("lambda", path=INVOKE.format("f"), body=b"{}", HTTP_X_AMZ_INVOCATION_TYPE="Event")
    assert (answer.status, asked.events) == (202, [("f", {})])


@pytest.mark.parametrize(
    ("name", "body", "status", "kind"),
    [
        ("nobody", b"{}", 404, "ResourceNotFoundException"),
        ("f", b"{", 400, "InvalidRequestContentException"),
    ],
)
def test_a_wrong_invocation_is_told_as_lambda_does(asked, name, body, status, kind):
    answer = asked.send("lambda", path=INVOKE.format(name), body=body)
    assert (answer.status, answer.headers["x-amzn-ErrorType"]) == (status, kind)


def test_what_s3_has_written_is_told_before_the_answer(asked):
    assert asked.send("s3", "PUT", "/b/k").body == b"moto"
    [created] = asked.written
    assert (created.bucket, created.key, created.version) == ("b", "k", "v1")
    asked.send("s3", "GET", "/b/k")
    assert len(asked.written) == 1


def test_a_role_without_permission_does_not_reach_moto(asked):
    answer = asked.send("s3", "HEAD", "/b/k", role="arn:aws:iam::123456789012:role/step")
    assert (answer.status, answer.body, asked.moto) == (403, b"", [])


@pytest.mark.parametrize(("action", "status"), [("s3:GetObject", 403), ("s3:*", 404)])
def test_only_who_may_list_a_bucket_is_told_that_an_object_is_missing(action, status):
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    asked = Asked(json.dumps({"Statement": statement}))
    assert asked.send("s3", "GET", "/b/missing", role="arn:aws:iam::123456789012:role/step").status == status
    assert asked.send("s3", "GET", "/b/missing").status == 404


def test_what_moto_does_not_know_is_told(asked):
    answer = asked.send("logs", path="/unknown")
    assert answer.status == 501
    assert "evaldrop local: The x action has not been implemented" in json.loads(answer.body)["message"]


FUNCTION = "/2015-03-31/functions/f"


@pytest.mark.parametrize(
    ("service", "method", "path", "body"),
    [
        ("lambda", "PUT", f"{FUNCTION}/code", b"{}"),
        ("lambda", "PUT", f"{FUNCTION}/configuration", b'{"Handler": "os.system"}'),
        ("lambda", "POST", "/2015-03-31/functions", b"{}"),
        ("lambda", "POST", "/2015-03-31/event-source-mappings/", b"{}"),
        ("lambda", "POST", "/2014-11-13/functions/f/invoke-async/", b"{}"),
        ("lambda", "DELETE", FUNCTION, b""),
        ("cloudformation", "POST", "/", b"Action=UpdateStack&StackName=evaldrop"),
        ("cloudformation", "POST", "/", b"Action=DescribeStacks&Action=CreateStack"),
        ("cloudformation", "POST", "/", b""),
    ],
)
def test_what_functions_run_is_nobodys_to_change(asked, service, method, path, body):
    answer = asked.send(service, method, path, body)
    assert (answer.status, asked.moto) == (403, [])
    assert b"are what the template says" in answer.body


def test_functions_and_the_stack_can_be_looked_at(asked):
    assert asked.send("lambda", "GET", FUNCTION).status == 200
    assert asked.send("cloudformation", body=b"Action=DescribeStacks&StackName=evaldrop").status == 200


@pytest.mark.parametrize(("service", "is_added_to_alone"), [("dynamodb", True), ("sqs", False)])
def test_additions_to_a_table_come_one_after_another_for_moto_reads_and_writes(service, is_added_to_alone):
    class Number(Asked):
        value = 0

        def _moto(self, environ, start_response):
            before = self.value
            time.sleep(0.0005)
            self.value = before + 1
            return super()._moto(environ, start_response)

    asked = Number()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: asked.send(service), range(200)))
    assert (asked.value == 200) is is_added_to_alone


def test_a_header_makes_no_request_to_step_functions_of_one_that_was_signed_for_s3(asked):
    asked.send("s3", body=b"{}", HTTP_X_AMZ_TARGET="AWSStepFunctions.StartExecution")
    assert asked.answered == []


@pytest.mark.parametrize(("bucket", "tells"), [("told", True), ("silent", False)])
def test_a_bucket_says_whether_it_tells_eventbridge(bucket, tells):
    """moto keeps it and does not say it: `evaldrop doctor` would find fault with every stack."""
    answer = Asked().send("s3", "GET", f"/{bucket}", QUERY_STRING="notification")
    assert (b"EventBridgeConfiguration" in answer.body) is tells


def test_a_persons_call_of_a_model_is_not_answered_and_no_model_is_said_to_be_missing():
    answer = Asked().send("bedrock", path="/model/amazon.nova-lite-v1:0/converse")
    assert (answer.status, answer.headers["x-amzn-ErrorType"]) == (501, "NotImplementedException")
    assert "models answer the stack's runs" in json.loads(answer.body)["message"]


def test_bedrock_s_jobs_are_the_control_plane_s_to_answer_and_its_models_nobody_s(asked):
    answer = asked.send("bedrock", "GET", "/model-invocation-jobs")
    assert (answer.status, json.loads(answer.body)) == (200, {"invocationJobSummaries": []})
    refused = asked.send("bedrock", "GET", "/model-invocation-jobs", role="role")
    assert (refused.status, refused.headers["x-amzn-ErrorType"]) == (403, "AccessDeniedException")
    assert asked.send("bedrock", path="/model/m/converse").status == 501
    assert not asked.moto
