"""What `execute` promises beside the conformance cases: observers, cancelling, streaming, integrations."""

import asyncio
import json
import time
import tracemalloc
from datetime import UTC, datetime

import pytest

from evaldrop.engine import (
    Clock,
    DefinitionError,
    Execution,
    Observer,
    TaskContext,
    TaskError,
    execute,
    load,
)
from evaldrop.engine.map_runs.reader import CHUNK_BYTES
from tests.evaldrop.engine.scripted import Objects
from tests.evaldrop.engine.virtual_time import VirtualClock, run_virtual

LAMBDA = "arn:aws:states:::lambda:invoke"


def machine(states, **more):
    return load({"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states, **more})


def task(**more):
    return {"Type": "Task", "Resource": LAMBDA, "End": True, **more}


def distributed(states, **more):
    return {
        "Type": "Map",
        "End": True,
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": {"InputType": "JSONL"},
            "Arguments": {"Bucket": "in", "Key": "rows"},
        },
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
            "StartAt": next(iter(states)),
            "States": states,
        },
        "ResultWriter": {
            "Resource": "arn:aws:states:::s3:putObject",
            "Arguments": {"Bucket": "out", "Prefix": "p"},
            "WriterConfig": {"Transformation": "COMPACT", "OutputType": "JSONL"},
        },
        **more,
    }


async def echo(arguments, _context):
    return arguments


class Recorder(Observer):
    def __init__(self):
        self.heard = []

    def __getattribute__(self, name):
        if name == "heard" or name.startswith("__"):
            return super().__getattribute__(name)
        return lambda *given: self.heard.append((name, *given))


def test_the_real_clock_is_the_default():
    start = time.time()
    ended = asyncio.run(
        execute(machine({"W": {"Type": "Wait", "Seconds": 0, "End": True}}), 1, integrations={}, name="n")
    )
    assert ended == Execution(status="SUCCEEDED", output=1)
    assert start - 1 <= Clock().now() <= time.time() + 1


def test_a_resource_without_an_integration_is_refused_before_anything_runs():
    called = []

    async def publish(arguments, context):
        called.append(arguments)

    states = {"A": task(Resource="arn:aws:states:::sns:publish", Next="B"), "B": task()}
    del states["A"]["End"]
    with pytest.raises(DefinitionError, match="no integration is given for the resource lambda:invoke"):
        asyncio.run(execute(machine(states), 1, integrations={"sns:publish": publish}, name="n"))
    assert called == []


def test_an_integration_hears_who_calls():
    heard = []

    async def call(arguments, context):
        heard.append(context)
        if len(heard) == 1:
            raise TaskError("Busy", None)

    clock = VirtualClock()
    states = {"T": task(Retry=[{"ErrorEquals": ["Busy"]}])}
    run_virtual(execute(machine(states), 1, integrations={"lambda:invoke": call}, name="n", clock=clock))
    assert heard == [
        TaskContext(resource="lambda:invoke", state="T", execution="n", attempt=attempt, clock=clock)
        for attempt in (0, 1)
    ]


def test_a_bug_in_an_integration_is_a_failed_task():
    async def broken(arguments, context):
        raise KeyError("x")

    ended = asyncio.run(execute(machine({"T": task()}), 1, integrations={"lambda:invoke": broken}, name="n"))
    assert (ended.status, ended.error, ended.cause) == ("FAILED", "States.TaskFailed", "KeyError: 'x'")


def test_an_integrations_own_timeout_is_not_the_states():
    async def gives_up(arguments, context):
        raise TimeoutError("socket")

    ended = asyncio.run(
        execute(
            machine({"T": task(TimeoutSeconds=50)}), 1, integrations={"lambda:invoke": gives_up}, name="n"
        )
    )
    assert (ended.error, ended.cause) == ("States.TaskFailed", "TimeoutError: socket")


@pytest.mark.parametrize("odd", [{1, 2}, datetime.now(UTC), Execution(status="x"), {(1,): 2}])
def test_a_result_that_is_no_json_fails_the_execution(odd):
    async def give(arguments, context):
        return {"odd": odd}

    ended = asyncio.run(execute(machine({"T": task()}), 1, integrations={"lambda:invoke": give}, name="n"))
    assert (ended.status, ended.error) == ("FAILED", "States.Runtime")


@pytest.mark.parametrize("transformation", ["NONE", "COMPACT"])
def test_awkward_json_can_be_written(transformation):
    states = {
        "M": distributed({"T": task(Output={"n": "{% $states.result.n %}", "s": "{% $states.result.s %}"})})
    }
    states["M"]["ResultWriter"]["WriterConfig"]["Transformation"] = transformation
    value = {"n": 2**80, "s": "\ud800"}

    async def give(arguments, context):
        return value

    objects = Objects({"in/rows": "1\n"})
    run = execute(machine(states), {}, integrations={"lambda:invoke": give}, name="n", store=objects)
    assert asyncio.run(run).status == "SUCCEEDED"
    (row,) = [json.loads(text) for (_, key), text in objects.files.items() if "SUCCEEDED" in key]
    assert (json.loads(row["Output"]) if transformation == "NONE" else row) == value


def test_an_expression_over_a_number_that_is_too_large_fails_as_an_expression():
    built = machine({"P": {"Type": "Pass", "Output": "{% $states.input + 1 %}", "End": True}})
    ended = asyncio.run(execute(built, 10**400, integrations={}, name="n"))
    assert ended.error == "States.QueryEvaluationError"


def test_integers_of_any_size_and_lone_surrogates_are_json():
    value = {"n": 2**80, "s": "\ud800"}
    ended = asyncio.run(
        execute(machine({"T": task()}), value, integrations={"lambda:invoke": echo}, name="n")
    )
    assert ended.output == value


def test_an_observer_hears_of_everything_in_turn():
    replies = iter([TaskError("Busy"), 1, TaskError("Bad")])

    async def call(arguments, context):
        reply = next(replies)
        if isinstance(reply, Exception):
            raise reply
        return reply

    retry = [{"ErrorEquals": ["Busy"]}]
    states = {"M": distributed({"T": task(Retry=retry)}, MaxConcurrency=1, ToleratedFailureCount=1)}
    observer = Recorder()
    run_virtual(
        execute(
            machine(states),
            {},
            integrations={"lambda:invoke": call},
            name="n",
            store=Objects({"in/rows": "1\n2\n"}),
            observer=observer,
            clock=VirtualClock(),
        )
    )
    assert observer.heard == [
        ("execution_started", "n"),
        ("state_entered", "M"),
        ("map_started", 2),
        ("child_started",),
        ("state_entered", "T"),
        ("task_started", "lambda:invoke"),
        ("task_finished", "lambda:invoke", "Busy", True),
        ("task_started", "lambda:invoke"),
        ("task_finished", "lambda:invoke", None, False),
        ("child_finished", "SUCCEEDED"),
        ("child_started",),
        ("state_entered", "T"),
        ("task_started", "lambda:invoke"),
        ("task_finished", "lambda:invoke", "Bad", False),
        ("child_finished", "FAILED"),
        ("map_finished", 1, 1),
        ("execution_finished", "SUCCEEDED"),
    ]


def test_a_plain_observer_hears_and_does_nothing():
    observer = Observer()
    observer.execution_started("n")
    observer.state_entered("s")
    observer.task_started("r")
    observer.task_finished("r", None, False)
    observer.map_started(None)
    observer.child_started()
    observer.child_finished("FAILED")
    observer.map_finished(0, 1)
    observer.execution_finished("FAILED")
    assert vars(observer) == {}


@pytest.mark.parametrize(("asked", "cap", "expected"), [(0, 3, 3), (5, 3, 3), (2, 3, 2), (4, None, 4)])
def test_max_children_caps_the_maps_concurrency(asked, cap, expected):
    at_work = most = 0

    async def call(arguments, context):
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        await asyncio.sleep(1)
        at_work -= 1

    rows = "\n".join(map(str, range(20)))
    states = {"M": distributed({"T": task()}, MaxConcurrency=asked)}
    run_virtual(
        execute(
            machine(states),
            {},
            integrations={"lambda:invoke": call},
            name="n",
            store=Objects({"in/rows": rows}),
            max_children=cap,
        )
    )
    assert most == expected


@pytest.mark.parametrize("output_type", ["JSON", "JSONL"])
def test_cancelling_stops_children_and_leaves_whole_files_and_their_manifest(output_type):
    started, cancelled, all_started = [], [], asyncio.Event()

    async def call(arguments, context):
        started.append(arguments)
        if len(started) == 7:
            all_started.set()
        if arguments < 3:
            return arguments
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(arguments)
            raise

    states = {"M": distributed({"T": task()}, MaxConcurrency=4)}
    states["M"]["ResultWriter"]["WriterConfig"]["OutputType"] = output_type
    objects, observer = Objects({"in/rows": "\n".join(map(str, range(100)))}), Recorder()

    async def cancel_later():
        running = asyncio.create_task(
            execute(
                machine(states),
                {},
                integrations={"lambda:invoke": call},
                name="n",
                store=objects,
                observer=observer,
            )
        )
        await all_started.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(cancel_later())
    assert sorted(cancelled) == [3, 4, 5, 6]
    assert objects.open_streams == 0
    results = {key: text.decode() for (bucket, key), text in objects.files.items() if bucket == "out"}
    (manifest,) = [json.loads(results.pop(key)) for key in list(results) if key.endswith("/manifest.json")]
    assert [each["Key"] for each in manifest["ResultFiles"]["SUCCEEDED"]] == list(results)
    (text,) = results.values()
    rows = json.loads(text) if output_type == "JSON" else list(map(json.loads, text.splitlines()))
    assert sorted(rows) == [0, 1, 2]
    assert observer.heard[-1] == ("execution_finished", "ABORTED")


def test_rows_are_handed_to_the_operating_system_as_children_end(tmp_path):
    seen = []

    class Directory(Objects):
        def create(self, bucket, key):
            path = tmp_path / key.replace("/", "_")
            return path.open("wb")

    async def call(arguments, context):
        seen.append(sum(len(path.read_bytes().splitlines()) for path in tmp_path.iterdir()))
        return arguments

    states = {"M": distributed({"T": task()}, MaxConcurrency=1)}
    store = Directory({"in/rows": "1\n2\n3\n"})
    asyncio.run(execute(machine(states), {}, integrations={"lambda:invoke": call}, name="n", store=store))
    assert seen == [0, 1, 2]


@pytest.mark.parametrize("breaks", ["create", "write", "close"])
def test_a_writer_that_fails_fails_the_map(breaks):
    class Full(Objects):
        def create(self, bucket, key):
            if breaks == "create":
                raise PermissionError("no")
            stream = super().create(bucket, key)
            self.open_streams -= 1
            if breaks == "write":
                stream.write = fail
            elif "SUCCEEDED" in key:
                stream.close = fail
            return stream

    def fail(*_given):
        raise OSError("No space left on device")

    states = {
        "M": distributed({"T": task()}, Catch=[{"ErrorEquals": ["States.ResultWriterFailed"], "Next": "P"}])
    }
    states["P"] = {"Type": "Pass", "End": True}
    ended = asyncio.run(
        execute(
            machine(states),
            {},
            integrations={"lambda:invoke": echo},
            name="n",
            store=Full({"in/rows": "1\n2\n"}),
        )
    )
    assert ended.output["Error"] == "States.ResultWriterFailed"
    assert ("no" if breaks == "create" else "No space left") in ended.output["Cause"]


@pytest.mark.parametrize(
    ("reader", "error"), [(True, "States.ItemReaderFailed"), (False, "States.ResultWriterFailed")]
)
def test_a_map_that_needs_a_store_fails_without_one(reader, error):
    state = distributed({"T": task()})
    if not reader:
        del state["ItemReader"]
        state["Items"] = [1]
    ended = asyncio.run(execute(machine({"M": state}), {}, integrations={"lambda:invoke": echo}, name="n"))
    assert ended.error == error


class Rows(Objects):
    """An object of many rows that is made while it is read, and results that are counted, not kept."""

    def __init__(self, count):
        super().__init__()
        self.count = count
        self.written = 0

    def open_read(self, bucket, key):
        return Generated(self.count)

    def create(self, bucket, key):
        return Counted(self)


class Generated:
    def __init__(self, count):
        self.rows = (b'{"id": %d, "text": "%s"}\n' % (number, b"x" * 200) for number in range(count))

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self.rows.close()

    def __iter__(self):
        return self.rows


class Counted:
    closed = False

    def __init__(self, rows):
        self.rows = rows

    def write(self, text):
        self.rows.written += text.count(b"\n")

    def flush(self):
        pass

    def close(self):
        self.closed = True

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self.close()


def test_memory_does_not_grow_with_the_dataset():
    """10,000 items of 220 bytes are 2.2 MB as text; 100 bytes kept of each would break the bound."""
    store = Rows(10_000)
    built = machine(
        {"M": distributed({"T": task(Output={"id": "{% $states.input.id %}"})}, MaxConcurrency=100)}
    )

    tracemalloc.start()
    ended = asyncio.run(execute(built, {}, integrations={"lambda:invoke": echo}, name="n", store=store))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert ended.status == "SUCCEEDED"
    assert store.written == 10_000
    assert peak < 1_000_000


def test_a_map_run_starts_no_more_workers_than_it_has_items():
    """Of a JSON file the number of items is not known, and without MaxConcurrency the limit is 10,000."""
    reader = {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": "JSON"},
        "Arguments": {"Bucket": "in", "Key": "rows"},
    }
    at_once = []

    async def call(arguments, _context):
        await asyncio.sleep(0.01)
        at_once.append(len(asyncio.all_tasks()))
        return arguments

    built = machine({"M": distributed({"T": task()}, ItemReader=reader)})
    store = Objects({"in/rows": "[1, 2, 3]"})
    ended = asyncio.run(execute(built, {}, integrations={"lambda:invoke": call}, name="n", store=store))
    assert ended.status == "SUCCEEDED"
    assert len(at_once) == 3
    assert max(at_once) < 10


@pytest.mark.parametrize("size", [1, 7, CHUNK_BYTES - 2, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1])
def test_a_json_array_is_read_right_wherever_a_chunk_ends(size):
    items = ["é" * (size // 2), 12345, {"k": ["x" * 40, None, True]}, 'a,]"b', -1.5e3, [[]]]
    text = json.dumps(items, ensure_ascii=False)
    state = distributed({"P": {"Type": "Pass", "End": True}}, MaxConcurrency=1)
    state["ItemReader"]["ReaderConfig"]["InputType"] = "JSON"
    state["ItemProcessor"]["StartAt"] = "P"
    del state["ResultWriter"]
    ended = asyncio.run(
        execute(machine({"M": state}), {}, integrations={}, name="n", store=Objects({"in/rows": text}))
    )
    assert ended.output == items


def test_a_loop_of_states_that_never_wait_can_be_timed_out_and_cancelled():
    loop = {"A": {"Type": "Pass", "Next": "C"}, "P": {"Type": "Pass", "End": True}}
    loop["C"] = {"Type": "Choice", "Choices": [{"Condition": False, "Next": "P"}], "Default": "A"}
    endless = execute(machine(loop), 1, integrations={}, name="n")

    async def cancel_soon():
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(endless, 0.01)

    asyncio.run(cancel_soon())


def test_an_observer_hears_the_end_of_a_call_that_was_cancelled():
    states = {"M": distributed({"T": task()}, ToleratedFailureCount=5)}

    async def never(arguments, context):
        await asyncio.sleep(10_000)

    observer = Recorder()
    ended = run_virtual(
        execute(
            machine(states),
            {},
            integrations={"lambda:invoke": never},
            name="n",
            store=Objects({"in/rows": "1\n"}),
            observer=observer,
            clock=VirtualClock(),
        )
    )
    assert ended.status == "SUCCEEDED"
    assert observer.heard[5:7] == [
        ("task_started", "lambda:invoke"),
        ("task_finished", "lambda:invoke", "Cancelled", False),
    ]
    assert ("child_finished", "TIMED_OUT") in observer.heard


def test_what_is_no_object_is_refused():
    with pytest.raises(DefinitionError, match="must be an object, not array"):
        load([])


def test_every_problem_stands_on_a_line_of_the_message():
    with pytest.raises(DefinitionError) as refused:
        machine({"A": {"Type": "Pass"}, "B": {"Type": "Pass", "End": True}})
    assert str(refused.value) == (
        "the state machine has 2 problems:\n"
        "  $.States.A: Next or End is missing\n"
        "  $.States.B: no state leads here from StartAt 'A'"
    )


def test_jitter_differs_without_a_seed_and_repeats_with_one():
    async def busy(arguments, context):
        raise TaskError("Busy")

    retry = [{"ErrorEquals": ["Busy"], "JitterStrategy": "FULL", "IntervalSeconds": 1000}]
    built = machine({"T": task(Retry=retry)})

    def waits(seed):
        clock = VirtualClock()
        run_virtual(execute(built, 1, integrations={"lambda:invoke": busy}, name="n", clock=clock, seed=seed))
        return clock.waits

    assert waits(1) == waits(1) != waits(2)
    assert waits(None) != waits(None)


def test_two_executions_of_one_machine_do_not_meet():
    built = machine(
        {
            "A": {"Type": "Pass", "Assign": {"x": "{% $states.input %}"}, "Next": "W"},
            "W": {"Type": "Wait", "Seconds": 5, "Next": "B"},
            "B": {"Type": "Pass", "Output": "{% [$x, $states.context.Execution.Name] %}", "End": True},
        }
    )

    async def both():
        clock = VirtualClock()
        return await asyncio.gather(
            *(execute(built, n, integrations={}, name=f"n{n}", clock=clock) for n in (1, 2))
        )

    assert [ended.output for ended in run_virtual(both())] == [[1, "n1"], [2, "n2"]]
