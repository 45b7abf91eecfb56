"""
The process that a local AWS for tests runs in: moto's state is the process's, and other tests reset it.

Started by `harness`. A JSON document per line on standard input is a wish, one on standard output its answer.
"""

import asyncio
import importlib
import json
import sys
import threading
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path

from evaldrop.bedrock.opening import open_runtime
from evaldrop.engine import ServiceError
from evaldrop.running.local_aws import server
from evaldrop.running.local_aws.server import LocalAws, LocalSettings
from evaldrop.running.local_aws.synthesis import find_checkout, synthesise
from tests.local_aws.faults import CrashingSandboxes, RepeatingFunctions

IN_FLIGHT = 64


class HurriedClock:
    """The executions' time, with waits between retries cut short."""

    def __init__(self, factor):
        self._factor = factor

    def now(self):
        return time.time()

    async def sleep(self, seconds):
        await asyncio.sleep(seconds / self._factor)


@dataclass(frozen=True)
class Seen:
    """A call that Bedrock had: equal digests are equal requests."""

    model: str
    digest: str
    outcome: str


class CountedRuntime:
    """Notes every call that ended, "cancelled" ones too; who answers may be replaced at any time."""

    is_simulated = True

    def __init__(self, runtime):
        self.runtime = runtime
        self._retired = []
        self._lock = threading.Lock()
        self._calls = []

    def replace(self, runtime):
        self._retired.append(self.runtime)
        self.runtime = runtime

    def calls(self):
        with self._lock:
            return [asdict(call) for call in self._calls]

    def forget_calls(self):
        with self._lock:
            self._calls.clear()

    async def converse(self, request):
        return await self._counted(request, self.runtime.converse)

    async def invoke_model(self, request):
        return await self._counted(request, self.runtime.invoke_model)

    async def close(self):
        for runtime in (*self._retired, self.runtime):
            await runtime.close()

    async def _counted(self, request, call):
        outcome = "cancelled"
        try:
            answer = await call(request)
            outcome = "answered"
        except ServiceError as error:
            outcome = error.code
            raise
        finally:
            text = json.dumps(request, sort_keys=True, default=repr)
            digest = blake2b(text.encode(), digest_size=12).hexdigest()
            with self._lock:
                self._calls.append(Seen(request["modelId"], digest, outcome))
        return answer


PARTS_ABOVE_BYTES = 600_000
"""Of this stack alone: a test need not upload hundreds of megabytes for a dataset in parts."""


def _parts_above(assembly, size):
    """Change the size from which on the stack's datasets go in parts."""
    told = [
        each["Properties"]["Environment"]["Variables"]
        for each in assembly.template["Resources"].values()
        if "EVALDROP_PARTS_ABOVE" in each["Properties"].get("Environment", {}).get("Variables", {})
    ]
    (variables,) = told
    variables["EVALDROP_PARTS_ABOVE"] = str(size)


class Host:
    """What the harness may ask for, by the name of the method."""

    def __init__(self, folder, bedrock, hurry):
        self._ahead = timedelta()
        server.Sandboxes = CrashingSandboxes
        assembly = synthesise(find_checkout(), Path(folder) / "assembly", tell=lambda _line: None)
        _parts_above(assembly, PARTS_ABOVE_BYTES)
        self._aws = LocalAws(
            assembly,
            lambda key: CountedRuntime(self._opener(bedrock)(key)),
            LocalSettings(
                port=0,
                bedrock="simulated",
                folder=Path(folder) / "tests",
                retry_after_s=(0.05, 0.1),
                clock=HurriedClock(hurry),
                now=lambda: datetime.now(UTC) + self._ahead,
            ),
        )
        self._functions = self._aws.events._functions = RepeatingFunctions(self._aws.functions)

    def facts(self):
        aws = self._aws
        return {
            **asdict(aws.instance),
            "outputs": dict(aws.stack.outputs),
            "gaps": list(aws.stack.gaps),
            "functions": aws.names,
            "messages_url": aws.messages_url,
            "role": aws.role_arn,
            "logs": str(aws.logs),
        }

    def bedrock(self, spec):
        self._aws.models.runtime.replace(self._opener(spec)(self._aws.answers))

    def calls(self):
        return self._aws.models.runtime.calls()

    def forget_calls(self):
        self._aws.models.runtime.forget_calls()

    def deliver_again(self, times):
        self._functions.deliver_next_again(times)

    def kill_next(self, function, when):
        self._aws.sandboxes.kill_next(self._aws.names[function], when)

    def wait_for_events(self):
        self._aws.events.wait()
        self._aws.functions.wait()

    def pass_time(self, seconds):
        self._ahead += timedelta(seconds=seconds)
        self._aws.schedules.tick()

    def now(self):
        return (datetime.now(UTC) + self._ahead).isoformat()

    def close(self):
        self._aws.close()

    @staticmethod
    def _opener(spec):
        module, _, name = spec.partition("#")
        if name:
            return lambda key: getattr(importlib.import_module(module), name)(key)
        return lambda key: open_runtime(spec, max_in_flight=IN_FLIGHT, answer_key=key)


def main():
    folder, bedrock, hurry = sys.argv[1:]
    answers = sys.stdout
    sys.stdout = sys.stderr
    host = Host(folder, bedrock, float(hurry))
    print(json.dumps({"result": host.facts()}), file=answers, flush=True)
    for line in sys.stdin:
        wish = json.loads(line)
        try:
            answer = {"result": getattr(host, wish["do"])(*wish["with"])}
        except Exception as error:  # noqa: BLE001 - the test raises it
            answer = {"error": repr(error)}
        print(json.dumps(answer), file=answers, flush=True)
    host.close()


if __name__ == "__main__":
    main()
