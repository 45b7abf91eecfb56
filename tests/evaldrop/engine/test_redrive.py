"""What a redrive promises beside its conformance cases: lost files, limits, stopping at once, memory."""

import asyncio
import tracemalloc

import pytest

from evaldrop.engine import ArnParts, EventHistory, Execution, Progress, TaskError, execute
from evaldrop.engine.map_runs.state import MAX_REDRIVES
from tests.evaldrop.engine.scripted import Objects
from tests.evaldrop.engine.test_execution import Rows, distributed, machine, task
from tests.evaldrop.engine.virtual_time import VirtualClock, run_virtual


class Calls:
    """Counts calls, and fails those it is told to."""

    def __init__(self, *, fails=()):
        self.calls = []
        self.fails = set(fails)

    async def __call__(self, arguments, context):
        self.calls.append(arguments)
        await asyncio.sleep(1)
        if arguments in self.fails:
            raise TaskError("Bad")
        return arguments


def run(states, calls, progress, store, **more):
    return execute(
        machine(states),
        {},
        integrations={"lambda:invoke": calls},
        name="n",
        store=store,
        progress=progress,
        clock=VirtualClock(),
        **more,
    )


@pytest.mark.parametrize("fails", [(), (3,)])
def test_results_that_could_not_be_written_are_made_again_by_a_new_map_run(fails):
    """With `fails` the threshold is what the Map Run fails of; the files are lost all the same."""

    class Full(Objects):
        is_full = True

        def create(self, bucket, key):
            stream = super().create(bucket, key)
            close = stream.close

            def fail():
                close()
                raise OSError("No space left on device")

            if self.is_full and "SUCCEEDED" in key:
                stream.close = fail
            return stream

    store, calls, progress = Full({"in/rows": "1\n2\n3\n"}), Calls(fails=fails), Progress()
    states = {"M": distributed({"T": task()}, MaxConcurrency=1)}
    ended = run_virtual(run(states, calls, progress, store))
    assert ended.error == ("States.ExceedToleratedFailureThreshold" if fails else "States.ResultWriterFailed")
    store.is_full, calls.fails = False, set()
    ended = run_virtual(run(states, calls, progress, store))
    assert ended.status == "SUCCEEDED"
    assert calls.calls == [1, 2, 3, 1, 2, 3]


def test_a_map_run_that_was_stopped_and_could_not_write_is_made_again():
    class Full(Objects):
        is_full = True

        def create(self, bucket, key):
            if self.is_full and "manifest" in key:
                raise OSError("No space left on device")
            return super().create(bucket, key)

    store, calls, progress = Full({"in/rows": "1\n2\n3\n"}), Calls(), Progress()
    states = {"M": distributed({"T": task()}, MaxConcurrency=1)}

    async def stop_then_redrive():
        running = asyncio.create_task(run(states, calls, progress, store))
        await asyncio.sleep(1.5)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert calls.calls == [1, 2]
        store.is_full = False
        return await run(states, calls, progress, store)

    assert run_virtual(stop_then_redrive()).status == "SUCCEEDED"
    assert calls.calls == [1, 2, 1, 2, 3]


def test_a_map_run_is_redriven_a_thousand_times_at_most():
    store, calls, progress = Objects({"in/rows": "1\n"}), Calls(fails=[1]), Progress()
    states = {"M": distributed({"T": task()})}
    run_virtual(run(states, calls, progress, store))
    progress.place.inside.redrives = MAX_REDRIVES
    ended = run_virtual(run(states, calls, progress, store))
    assert (ended.error, len(calls.calls)) == ("States.Runtime", 1)


@pytest.mark.parametrize("children", ["EXPRESS", "STANDARD"])
def test_cancelled_twice_an_execution_stops_at_once(children):
    store, calls, progress = Objects({"in/rows": "1\n2\n"}), Calls(), Progress()
    states = {"M": distributed({"T": task()}, MaxConcurrency=1)}
    states["M"]["ItemProcessor"]["ProcessorConfig"]["ExecutionType"] = children

    async def cancel_twice():
        running = asyncio.create_task(run(states, calls, progress, store))
        await asyncio.sleep(0.25)
        running.cancel()
        await asyncio.sleep(0.25)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        return asyncio.get_running_loop().time()

    assert run_virtual(cancel_twice()) == 0.5
    assert store.open_streams == 0
    assert run_virtual(run(states, calls, progress, store)).status == "SUCCEEDED"
    assert calls.calls == [1, 1, 2]


def test_children_that_succeeded_are_remembered_in_no_memory():
    """As of a run without a progress: 100 bytes kept of each child would break the bound."""
    store, progress = Rows(10_000), Progress()

    async def fail_the_last(arguments, context):
        if arguments["id"] == 9_999:
            raise TaskError("Bad")
        return {"id": arguments["id"]}

    states = {"M": distributed({"T": task()}, MaxConcurrency=100)}
    tracemalloc.start()
    ended = asyncio.run(
        execute(
            machine(states),
            {},
            integrations={"lambda:invoke": fail_the_last},
            name="n",
            store=store,
            progress=progress,
        )
    )
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert ended.status == "FAILED"
    assert list(progress.place.inside.unfinished) == [9_999]
    assert peak < 1_000_000


def test_arns_carry_what_the_caller_says():
    arns = ArnParts(partition="aws-cn", region="cn-north-1", account="1", role="arn:aws-cn:iam::1:role/r")
    states = {
        "M": distributed(
            {"P": {"Type": "Pass", "Output": "{% $states.context %}", "End": True}}, Items=[1], Label="L"
        )
    }
    del states["M"]["ItemReader"], states["M"]["ResultWriter"]
    ended = asyncio.run(execute(machine(states), {}, integrations={}, name="n", arns=arns))
    [context] = ended.output
    assert context["StateMachine"]["Id"] == "arn:aws-cn:states:cn-north-1:1:stateMachine:StateMachine"
    assert context["Execution"]["Id"].startswith("arn:aws-cn:states:cn-north-1:1:express:StateMachine/L:")
    assert context["Execution"]["RoleArn"] == "arn:aws-cn:iam::1:role/r"


def test_a_plain_history_hears_and_does_nothing():
    states = {"M": distributed({"T": task()}), "P": {"Type": "Pass", "End": True}}
    states["M"] |= {"Next": "P"}
    del states["M"]["End"]
    store = Objects({"in/rows": "1\n"})
    ended = run_virtual(run(states, Calls(), None, store, history=EventHistory()))
    assert ended == Execution(status="SUCCEEDED", output=ended.output)
