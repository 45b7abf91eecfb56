"""Functions as Lambda runs them: real processes with small handlers."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from evaldrop.running.local_aws.clients import AccessKey
from evaldrop.running.local_aws.functions import Deployed, Functions, NoSuchFunctionError, short_name
from evaldrop.running.local_aws.sandboxes import link_runtime
from tests.local_aws.faults import CrashingSandboxes

HANDLER = """
import os, sys, json, time, logging
calls = 0

def handler(event, context):
    global calls
    calls += 1
    what = event.get("do")
    if what == "raise":
        raise ValueError("no <record> in line 7")
    if what == "sleep":
        time.sleep(30)
    if what == "exit":
        os._exit(3)
    if what == "write":
        with open(event["to"], "w") as file:
            file.write("done")
    if what == "set":
        return {1, 2}
    if what == "print":
        print("printed")
        logging.getLogger("evaldrop").info("done", extra={"run_id": "r1"})
    if what == "path":
        return {"path": sys.path, "modules": sorted(sys.modules), "environment": dict(os.environ)}
    if what == "boto3":
        import boto3
        return boto3.__version__
    if what == "import":
        import evaldrop
    return {
        "event": event,
        "calls": calls,
        "request": context.aws_request_id,
        "function": context.function_name,
        "left": context.get_remaining_time_in_millis(),
    }
"""


class Clients:
    """A queue. Whoever asks Lambda gets what somebody has changed there."""

    endpoint = "http://localhost:1"

    def __init__(self):
        self.sent = []

    def __call__(self, service):
        return SimpleNamespace(
            get_function_configuration=lambda FunctionName: {"Handler": "os.system", "Timeout": 1},  # noqa: N803
            get_queue_url=lambda QueueName: {"QueueUrl": f"http://q/{QueueName}"},  # noqa: N803
            send_message=lambda **message: self.sent.append(message),
        )


TEMPLATE = {
    "state": "Step",
    "handler": "step.handler",
    "role": "arn:aws:iam::123456789012:role/step-role",
    "environment": {"OWN": "1"},
    "runtime": "python3.13",
    "timeout_s": 20,
    "memory_mb": 256,
}


@pytest.fixture
def lines():
    return []


@pytest.fixture
def make(tmp_path, lines):
    """Return a maker of functions, with one named Step."""
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "step.py").write_text(HANDLER)
    link_runtime(tmp_path / "runtime")
    sandboxes = CrashingSandboxes(tmp_path / "runtime", lambda _name, line: lines.append(line), at_most=2)
    slept = []

    def made(clients=None, **deployed):
        functions = Functions(
            {"Step": Deployed(folder=tmp_path / "bundle", **TEMPLATE | deployed)},
            clients or Clients(),
            sandboxes,
            key_of=lambda role: AccessKey(id=f"KEY-OF-{role}", secret="s"),
            further={"EVALDROP_BEDROCK": "simulated"},
            sleep=slept.append,
        )
        functions.sandboxes, functions.slept = sandboxes, slept
        return functions

    yield made
    sandboxes.close()


def test_a_function_answers_and_its_process_stays_warm(make):
    functions = make()
    first, second = functions.invoke("Step", {"x": "ä\u2028\n"}), functions.invoke("Step", {})
    assert not first.failed
    assert first.payload["event"] == {"x": "ä\u2028\n"}
    assert (first.payload["calls"], second.payload["calls"]) == (1, 2)
    assert first.payload["function"] == "Step"
    assert first.payload["request"] == first.request_id
    assert 0 < first.payload["left"] <= 20_000


def test_it_sees_its_bundle_boto3_and_nothing_of_this_environment(make, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "mine")
    functions = make()
    seen = functions.invoke("Step", {"do": "path"}).payload
    assert not [path for path in seen["path"] if Path(path).name == "site-packages"]
    assert not {"evaldrop", "numpy", "pydantic"} & set(seen["modules"])
    environment = seen["environment"]
    assert environment["OWN"] == "1"
    assert environment["EVALDROP_BEDROCK"] == "simulated"
    assert environment["AWS_ENDPOINT_URL"] == "http://localhost:1"
    assert environment["AWS_ACCESS_KEY_ID"] == f"KEY-OF-{TEMPLATE['role']}"
    assert environment["AWS_SECRET_ACCESS_KEY"] == "s"
    assert "AWS_PROFILE" not in environment
    assert functions.invoke("Step", {"do": "boto3"}).payload
    missing = functions.invoke("Step", {"do": "import"})
    assert missing.payload["errorType"] == "ModuleNotFoundError"


def test_an_exception_is_lambdas_error_document(make, lines):
    answer = make().invoke("Step", {"do": "raise"})
    assert answer.failed
    assert answer.payload["errorType"] == "ValueError"
    assert answer.payload["errorMessage"] == "no <record> in line 7"
    assert answer.payload["requestId"] == answer.request_id
    assert 'raise ValueError("no <record>' in "".join(answer.payload["stackTrace"])


def test_what_is_no_json_cannot_be_returned(make):
    assert make().invoke("Step", {"do": "set"}).payload["errorType"] == "Runtime.MarshalError"


def test_a_handler_that_cannot_be_imported_is_told(make):
    answer = make(handler="nowhere.handler").invoke("Step", {})
    assert answer.payload["errorType"] == "Runtime.ImportModuleError"
    assert "Unable to import module 'nowhere'" in answer.payload["errorMessage"]


def test_a_function_that_is_too_slow_is_killed_and_the_next_event_gets_a_new_process(make):
    functions = make(timeout_s=1)
    answer = functions.invoke("Step", {"do": "sleep"})
    assert answer.payload == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {answer.request_id} Error: Task timed out after 1.00 seconds",
    }
    assert functions.invoke("Step", {}).payload["calls"] == 1


def test_a_process_that_ends_is_a_runtime_exit(make):
    functions = make()
    answer = functions.invoke("Step", {"do": "exit"})
    assert answer.payload["errorType"] == "Runtime.ExitError"
    assert answer.payload["errorMessage"].endswith("Error: Runtime exited with error: exit status 3")
    functions.sandboxes.kill_next("Step")
    killed = functions.invoke("Step", {})
    assert killed.payload["errorMessage"].endswith("Error: Runtime exited with error: signal: killed")
    assert not functions.invoke("Step", {}).failed


def test_a_process_can_die_when_its_work_is_done(make, tmp_path):
    functions = make()
    functions.sandboxes.kill_next("Step", "after")
    answer = functions.invoke("Step", {"do": "write", "to": str(tmp_path / "done")})
    assert answer.payload["errorType"] == "Runtime.ExitError"
    assert (tmp_path / "done").read_text() == "done"


def test_lines_are_structured_and_no_answer(make, lines):
    functions = make()
    answer = functions.invoke("Step", {"do": "print"})
    assert not answer.failed
    functions.sandboxes.close()
    [record] = [json.loads(line) for line in lines if line.startswith("{")]
    assert (record["message"], record["run_id"]) == ("done", "r1")
    assert record["requestId"] == answer.request_id
    assert "printed" in lines


def test_an_asynchronous_event_is_tried_three_times_and_then_kept(make):
    clients = Clients()
    functions = make(clients, dead_letters="arn:aws:sqs:us-east-1:123456789012:letters")
    functions.invoke_async("Step", {"do": "raise"})
    functions.wait()
    assert functions.slept == [1.0, 2.0]
    [letter] = clients.sent
    assert letter["QueueUrl"] == "http://q/letters"
    assert json.loads(letter["MessageBody"]) == {"do": "raise"}
    assert letter["MessageAttributes"]["ErrorMessage"]["StringValue"] == "no <record> in line 7"
    assert letter["MessageAttributes"]["RequestID"]["StringValue"]


def test_an_event_whose_process_crashed_once_is_dealt_with_the_second_time(make):
    clients = Clients()
    functions = make(clients, dead_letters="arn:aws:sqs:us-east-1:123456789012:letters")
    functions.sandboxes.kill_next("Step")
    functions.invoke_async("Step", {})
    functions.wait()
    assert functions.slept == [1.0]
    assert clients.sent == []


def test_a_function_that_is_not_there_is_told(make):
    with pytest.raises(NoSuchFunctionError, match="Function not found: Other"):
        make().invoke("Other", {})
    with pytest.raises(NoSuchFunctionError):
        make().invoke_async("Other", {})


@pytest.mark.parametrize(
    "name",
    ["Step", "Step:1", "arn:aws:lambda:us-east-1:1:function:Step", "1:function:Step", "function:Step:live"],
)
def test_a_function_has_several_names(name):
    assert short_name(name) == "Step"
