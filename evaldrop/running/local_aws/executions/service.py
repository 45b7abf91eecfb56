"""
Executions: Step Functions' data plane over evaldrop.engine.

Everything happens on one event loop in a thread of its own; `answer` may be called from any other thread.
What the surroundings are asked (machines, integrations) is asked in the caller's thread.
"""

import asyncio
import json
import threading
import uuid
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any, TypeVar

from evaldrop.engine import Clock, DefinitionError, Integration, ObjectStore, StateMachine, load
from evaldrop.running.local_aws.executions.attempts import Attempts
from evaldrop.running.local_aws.executions.reading import ExecutionAnswers
from evaldrop.running.local_aws.executions.records import EventLog, ExecutionRecord
from evaldrop.running.local_aws.executions.requests import (
    ApiError,
    IntegrationsFor,
    Machine,
    MachineSource,
    checked,
    checked_name,
    parsed_input,
)

Answer = dict[str, Any]
Result = TypeVar("Result")


class Executions:
    """
    Starts, follows, stops and redrives executions.

    The store is called on the loop, so it must not wait for `answer`. So is `on_ended`, at each end of an
    execution, with the detail of EventBridge's event.
    """

    def __init__(
        self,
        *,
        machines: MachineSource,
        integrations: IntegrationsFor,
        store: ObjectStore,
        clock: Clock | None = None,
        on_ended: Callable[[Answer], None] = lambda _detail: None,
    ) -> None:
        self._machines = machines
        self._integrations = integrations
        self._clock = clock or Clock()
        self._records: dict[str, ExecutionRecord] = {}
        self._loaded: dict[tuple[str, str], StateMachine] = {}
        self._attempts = Attempts(self._records, store, self._clock, on_ended)
        self._reading = reading = ExecutionAnswers(self._records, self._clock)
        # Those that need nothing but what is remembered here.
        self._actions: dict[str, Callable[[Answer], Answer]] = {
            "DescribeExecution": reading.describe,
            "DescribeMapRun": reading.describe_map_run,
            "DescribeStateMachineForExecution": reading.describe_machine,
            "GetExecutionHistory": reading.history,
            "ListMapRuns": reading.list_map_runs,
            "StopExecution": self._stop,
            "UpdateMapRun": reading.update_map_run,
        }
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="executions", daemon=True)
        self._thread.start()

    def answer(self, action: str, request: Answer) -> Answer:
        """
        Answer a request as the service's JSON protocol has it; times are in seconds since 1970.

        Raises:
            ApiError: The request is refused.
        """
        # Named by itself: the AWS CLI offers it, and "unknown" would mislead.
        if action == "StartSyncExecution":
            raise ApiError("StateMachineTypeNotSupported", f"{action} is for Express state machines alone")
        asking = {
            "ListExecutions": self._list,
            "RedriveExecution": self._redrive,
            "StartExecution": self._start,
        }
        if action in asking:
            return asking[action](checked(action, request))
        if action not in self._actions:
            raise ApiError("UnknownOperationException", f"{action} is no action on executions")
        return self._on_loop(partial(self._actions[action], checked(action, request)))

    def close(self) -> None:
        """Stop what runs, and the thread."""
        if self._loop.is_closed():
            return
        asyncio.run_coroutine_threadsafe(self._attempts.cancel_all(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def wait(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Do something on the executions' loop, for whom what is there belongs to; return its result."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _on_loop(self, work: Callable[[], Result]) -> Result:
        async def call() -> Result:
            return work()

        if self._loop.is_closed():
            raise ApiError("ServiceUnavailable", "the local AWS is closed", 503)
        return asyncio.run_coroutine_threadsafe(call(), self._loop).result()

    def _start(self, request: Answer) -> Answer:
        arn = request["stateMachineArn"]
        if "/" in arn:
            raise ApiError("ValidationException", f"{arn!r} is a Map state: only its Map Runs start it")
        machine = self._machine(arn)
        name = checked_name(request.get("name", str(uuid.uuid4())))
        text = request.get("input", "{}")
        data, integrations = parsed_input(text), self._integrations(machine)
        arn = machine.arns.states("execution", f"{machine.name}:{name}")
        record = ExecutionRecord(
            arn=arn,
            name=name,
            machine=machine,
            definition=self._load(machine, integrations),
            input_text=text,
            input=data,
            started=self._clock.now(),
            log=EventLog(self._clock, arn),
            trace_header=request.get("traceHeader"),
        )
        return self._on_loop(partial(self._attempts.start, record, integrations))

    def _machine(self, arn: str) -> Machine:
        if ":stateMachine:" not in arn:
            raise ApiError("InvalidArn", f"Invalid Arn: {arn!r}")
        machine = self._machines(arn)
        if machine is None:
            raise ApiError("StateMachineDoesNotExist", f"State Machine Does Not Exist: {arn!r}")
        return machine

    def _load(self, machine: Machine, integrations: Mapping[str, Integration]) -> StateMachine:
        # The text is part of the key: UpdateStateMachine changes what later executions run, and no earlier
        # one.
        key = (machine.arn, machine.definition)
        try:
            if key not in self._loaded:
                self._loaded[key] = load(json.loads(machine.definition), name=machine.name)
        except (ValueError, DefinitionError) as error:
            raise ApiError("ValidationException", f"{machine.name} cannot run here: {error}") from error
        missing = sorted(self._loaded[key].resources - integrations.keys())
        if missing:
            what = ", ".join(missing)
            raise ApiError(
                "ValidationException", f"{machine.name} cannot run here: nothing answers for {what}"
            )
        return self._loaded[key]

    def _redrive(self, request: Answer) -> Answer:
        arn = request["executionArn"]
        record = self._on_loop(partial(self._own, arn, "ExecutionNotRedrivable", "redrive"))
        # In the caller's thread: making clients takes a tenth of a second, in which the loop would answer
        # nobody.
        integrations = self._integrations(record.machine)
        return self._on_loop(
            partial(self._attempts.redrive, record, integrations, request.get("clientToken"))
        )

    def _stop(self, request: Answer) -> Answer:
        record = self._own(request["executionArn"], "ValidationException", "stop")
        return self._attempts.stop(record, request.get("error"), request.get("cause"))

    def _own(self, arn: str, code: str, verb: str) -> ExecutionRecord:
        """Return an execution that no Map Run started."""
        if self._reading.find_child(arn) is not None:
            raise ApiError(code, f"{arn!r} was started by a Map Run; {verb} its parent execution")
        return self._reading.find(arn)

    def _list(self, request: Answer) -> Answer:
        machine_arn = request.get("stateMachineArn")
        if (machine_arn is None) == ("mapRunArn" not in request):
            raise ApiError("ValidationException", "ListExecutions takes either stateMachineArn or mapRunArn")
        if machine_arn is not None:
            if request.get("statusFilter") == "PENDING_REDRIVE":
                raise ApiError("ValidationException", "the statusFilter PENDING_REDRIVE needs mapRunArn")
            self._machine(machine_arn)
        return self._on_loop(partial(self._reading.list, request))
