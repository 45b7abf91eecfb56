"""What AWS Step Functions was recorded to do, the engine does: outcomes, causes and events."""

import re

import pytest

from tests.evaldrop.running.local_aws.executions.recordings import SHARED, compared, recorded, run_again

CASES = recorded("start")
# Why a recorded machine may be refused: what DESIGN leaves out, said in plain words.
REASONS = re.compile(
    r"runs JSONPath|runs JSONata only|is not supported|is not a service integration like .*; call a function"
)

needs_recordings = pytest.mark.skipif(
    not CASES, reason=f"no recordings beside {SHARED or 'EVALDROP_SHARED_DATA'}"
)


@needs_recordings
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"].split("::", 1)[1])
def test_an_execution_goes_as_it_was_recorded_or_is_refused_with_a_reason(case):
    kind, found = run_again(case)
    assert kind == "equal" or (kind == "refused" and REASONS.search(found)), found


def test_a_comparison_tells_an_outcome_from_a_text():
    ended = {
        "type": "ExecutionFailed",
        "executionFailedEventDetails": {"error": "X", "cause": "because <uuid:1>"},
    }

    def history(**details):
        event = {"type": "ExecutionFailed", "executionFailedEventDetails": details, "timestamp": 1}
        return [{"id": 1, "type": "ExecutionStarted"}, {**event, "id": 2}]

    theirs = [{"id": 1, "type": "ExecutionStarted"}, {**ended, "id": 2}]
    assert compared(theirs, history(error="X", cause="because 17")) == ("equal", None)
    assert compared(theirs, history(error="X", cause="why not"))[0] == "text"
    assert compared(theirs, history(error="Y", cause="because 17"))[0] == "outcome"
    assert compared(theirs, history(error="X", cause="because 17")[1:])[0] == "text"
