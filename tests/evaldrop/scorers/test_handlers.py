"""One function serves evaldrop's batches and AgentCore's own events."""

import json
import subprocess
import sys

from evaldrop.scorers import Record, Response, as_lambda
from evaldrop.scorers.agentcore import event_of
from evaldrop.scorers.batches import batch_event, response_json
from tests.evaldrop.scorers.example_scorers import as_told, brevity

RECORD = Record(id="r1", prompt="Why?")


def test_both_callers_get_the_same_result():
    response = Response(text="a b c d e f")
    handler = as_lambda(brevity)
    batch = handler(batch_event("brevity", [response_json(RECORD, response)] * 2, limit_s=1), None)
    expected = {"value": 0.5, "label": "0.5", "explanation": "6 words"}
    assert batch == {"results": [expected, expected]}
    assert handler(event_of("brevity", RECORD, response), None) == expected


def test_one_response_that_raises_leaves_the_others_of_its_batch():
    responses = [response_json(RECORD, Response(text=text)) for text in ("raise", "sleep", "yes")]
    said = as_lambda(as_told)(json.loads(json.dumps(batch_event("told", responses, limit_s=0.1))), None)
    codes = [each.get("errorCode") or each["label"] for each in said["results"]]
    assert codes == ["ValueError", "Timeout", "PASS"]


def test_an_event_that_has_no_response_is_answered_by_an_error():
    said = as_lambda(brevity)({"evaluationInput": {"sessionSpans": []}}, None)
    assert said["errorCode"] == "NoScore"


def test_a_function_needs_no_package_beside_evaldrop():
    probe = (
        "import sys; before = {*sys.modules}; import evaldrop.scorers, json\n"
        "files = [getattr(sys.modules[name], '__file__', None) or '' for name in {*sys.modules} - before]\n"
        "print(json.dumps([file for file in files if 'site-packages' in file]))"
    )
    ran = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert json.loads(ran.stdout) == []
