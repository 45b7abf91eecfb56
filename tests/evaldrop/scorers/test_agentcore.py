"""AgentCore's events: what evaldrop writes is read back, and so is what agents' telemetry has."""

import json

import pytest

from evaldrop.scorers import Record, Response
from evaldrop.scorers.agentcore import event_of, read_event

RECORD = Record(id="r1", prompt='What is [{"a": 1}]?', references=("one", "two"), context="a list")
RESPONSE = Response(text="A list.", candidate="small", input_tokens=5, output_tokens=2)


def test_what_is_written_is_read_back():
    assert read_event(event_of("brevity", RECORD, RESPONSE)) == (RECORD, RESPONSE)


def test_an_event_has_all_fields_of_the_schema():
    event = event_of("brevity", RECORD, RESPONSE)
    assert list(event) == [
        "schemaVersion", "evaluatorId", "evaluatorName", "evaluationLevel", "evaluationInput",
        "evaluationReferenceInputs", "evaluationTarget",
    ]  # fmt: skip
    [trace] = event["evaluationTarget"]["traceIds"]
    [span] = event["evaluationInput"]["sessionSpans"]
    assert span["traceId"] == trace
    assert (len(trace), len(span["spanId"])) == (32, 16)
    assert event["evaluationReferenceInputs"][0]["expectedResponse"] == {"text": "one"}


def test_the_content_of_an_event_record_is_read_the_last_of_the_target():
    """As AWS's distribution of OpenTelemetry splits it off: Strands' blocks are JSON in a text."""

    def log(trace, asked, said):
        blocks = {"content": json.dumps([{"text": asked}])}
        return {
            "traceId": trace,
            "body": {
                "input": {"messages": [{"role": "user", "content": blocks}]},
                "output": {"messages": [{"role": "assistant", "content": {"message": said}}]},
            },
        }

    event = {
        "evaluationInput": {
            "sessionSpans": [log("t1", "one?", "1"), log("t1", "two?", "2"), log("t2", "x", "y")]
        },
        "evaluationTarget": {"traceIds": ["t1"]},
    }
    record, response = read_event(event)
    assert (record.id, record.prompt, response.text) == ("t1", "two?", "2")


def test_a_trace_without_a_response_is_told():
    with pytest.raises(ValueError, match="no span"):
        read_event({"evaluationInput": {"sessionSpans": [{"traceId": "t"}]}})
