"""A service that asks to be left alone for a while: how long a retry waits then, within the state's Retry."""

import pickle

from evaldrop.engine import TaskError, execute, load
from evaldrop.engine.errors import ServiceError
from evaldrop.engine.integrations.sdk import service_failure
from tests.evaldrop.engine.virtual_time import VirtualClock, run_virtual

BUSY = {
    "ErrorEquals": ["Busy"],
    "IntervalSeconds": 2,
    "BackoffRate": 2,
    "MaxDelaySeconds": 12,
    "MaxAttempts": 5,
}
LOST = {"ErrorEquals": ["Lost"], "IntervalSeconds": 2, "MaxDelaySeconds": 12, "MaxAttempts": 1}


def waits(*errors, retry=(BUSY, LOST)):
    """What a call waits between its attempts, which fail by these errors and then work."""
    states = {"Call": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": True,
                       "Arguments": {"FunctionName": "f"}, "Retry": list(retry)}}  # fmt: skip
    machine = load({"QueryLanguage": "JSONata", "StartAt": "Call", "States": states})
    left = list(errors)

    async def call(_arguments, _context):
        if left:
            raise left.pop(0)
        return {}

    async def run():
        clock = VirtualClock()
        done = await execute(machine, {}, integrations={"lambda:invoke": call}, clock=clock, name="run")
        return clock.waits, done

    return run_virtual(run())


def busy(after=None):
    return TaskError("Busy", "too many", retry_after_s=after)


def test_a_retry_waits_at_least_as_long_as_it_was_asked_to():
    waited, done = waits(busy(5))
    assert waited == [7.0], "what was asked, and the retry's own 2 s: not all come back at once"
    assert done.status == "SUCCEEDED"


def test_no_wait_is_longer_than_max_delay_seconds():
    assert waits(busy(3600))[0] == [12.0]
    assert waits(TaskError("Lost", "", retry_after_s=10**9))[0] == [12.0]


def test_all_waits_together_stay_within_what_the_retry_would_have_taken():
    """An Express child has 300 s, of which tests/test_structure.py has counted these."""
    whole = 2 + 4 + 8 + 12 + 12 + 2
    assert sum(waits(*[busy(3600)] * 5)[0]) <= whole
    assert sum(waits(busy(3600), busy(3600), busy(3600), busy(), busy())[0]) <= whole


def test_nothing_changes_for_who_was_not_asked():
    assert waits(busy(), busy(), busy(), busy(), busy())[0] == [2, 4, 8, 12, 12]
    assert waits(busy(0))[0] == [2]


def test_a_retry_with_millions_of_attempts_is_not_added_up():
    endless = {"ErrorEquals": ["Busy"], "IntervalSeconds": 1, "BackoffRate": 1, "MaxAttempts": 99_999_999}
    assert waits(busy(3), retry=(endless,))[0] == [1.0], "without MaxDelaySeconds, its longest own wait"


def test_what_was_asked_goes_from_the_service_to_the_task_and_to_other_processes():
    error = pickle.loads(pickle.dumps(ServiceError("ThrottlingException", "slow down", retry_after_s=4.0)))
    assert (error.code, error.message, error.retry_after_s) == ("ThrottlingException", "slow down", 4.0)
    assert service_failure("Bedrock", "bedrock-runtime", error).retry_after_s == 4.0
