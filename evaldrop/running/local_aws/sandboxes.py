"""Processes that functions run in: one event at a time each, kept warm, killed when their time is up."""

import importlib.util
import json
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RUNTIME_PACKAGES = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3")
"""What Lambda's Python runtime brings along; everything else has to be in the bundle."""

Log = Callable[[str, str], None]
"""Takes a function's name and a line that it printed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """
    What a function runs.

    Attributes:
        folder: Its bundle.
        handler: Module, a dot, and the function's name.
        environment: The whole of the process's environment.
        timeout_s: It is killed after so long.
        memory_mb: For the handler to know; not enforced.
    """

    name: str
    arn: str
    folder: Path
    handler: str
    environment: Mapping[str, str]
    timeout_s: float
    memory_mb: int
    log_group: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InvocationResult:
    """What came of an invocation: the result, or Lambda's error document in `payload` with `failed`."""

    payload: Any
    failed: bool
    request_id: str


def link_runtime(folder: Path) -> None:
    """Make a folder that holds what the runtime brings along, and nothing else of this environment."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in RUNTIME_PACKAGES:
        found = importlib.util.find_spec(name)
        if found is None or found.origin is None:
            continue  # an environment without it; an import in the function says so
        origin = Path(found.origin)
        source = origin.parent if found.submodule_search_locations else origin
        link = folder / source.name
        if not link.is_symlink() or link.resolve() != source.resolve():
            link.unlink(missing_ok=True)
            link.symlink_to(source, target_is_directory=source.is_dir())


class Sandbox:
    """A process with one function's code, beside what is in the folder of `link_runtime`."""

    def __init__(self, code: Code, runtime: Path, log: Log) -> None:
        self._code = code
        self._process = subprocess.Popen(  # noqa: S603 - every part is ours
            [
                # Isolated, and with its bytecode beside the bundle: compiling takes longer than starting.
                *(sys.executable, "-I", "-S", "-X", f"pycache_prefix={code.folder}.bytecode"),
                str(Path(__file__).with_name("bootstrap.py")),
                *(str(code.folder), str(runtime), code.handler),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=code.folder,
            env=dict(code.environment),
            start_new_session=True,  # a terminal's Ctrl-C is for the server, which ends its processes itself
        )
        # Read all the time: a pipe that is full would stop a handler that logs much.
        self._reader = threading.Thread(target=self._pass_on, args=(log,), daemon=True)
        self._reader.start()

    def _pass_on(self, log: Log) -> None:
        assert self._process.stderr
        with self._process.stderr as lines:
            for line in lines:
                log(self._code.name, line.decode(errors="replace").rstrip("\n"))

    @property
    def alive(self) -> bool:
        """Whether it can take another event."""
        return self._process.poll() is None

    def invoke(self, event: Any) -> InvocationResult:
        """Hand over an event and wait for the answer; a process that is too slow is killed."""
        request_id = str(uuid.uuid4())
        timed_out = threading.Event()

        def give_up() -> None:
            timed_out.set()
            self._process.kill()

        # A kill ends the blocked read below; a handler cannot be interrupted in any other way.
        timer = threading.Timer(self._code.timeout_s, give_up)
        timer.start()
        try:
            line = self._exchange(self._invocation(event, request_id))
        finally:
            timer.cancel()
        # The answer counts also where the process died after it.
        if line:
            reply = json.loads(line)
            failed = "error" in reply
            return InvocationResult(
                payload=reply["error" if failed else "result"], failed=failed, request_id=request_id
            )
        return self._ended(request_id, timed_out=timed_out.is_set())

    def _exchange(self, invocation: dict[str, Any]) -> bytes:
        assert self._process.stdin
        assert self._process.stdout
        try:
            self._process.stdin.write(json.dumps(invocation).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            return b""
        return self._process.stdout.readline()

    def _invocation(self, event: Any, request_id: str) -> dict[str, Any]:
        code = self._code
        context = {
            "aws_request_id": request_id,
            "function_name": code.name,
            "function_version": "$LATEST",
            "invoked_function_arn": code.arn,
            "memory_limit_in_mb": str(code.memory_mb),
            "log_group_name": code.log_group,
            "log_stream_name": f"local/[$LATEST]{self._process.pid}",
            "deadline_ms": round((time.monotonic() + code.timeout_s) * 1000),
        }
        return {"event": event, "context": context}

    def _ended(self, request_id: str, *, timed_out: bool) -> InvocationResult:
        """Return what Lambda says of a process that ended without an answer."""
        code = self._process.wait()
        if timed_out:
            kind, said = "Sandbox.Timedout", f"Task timed out after {self._code.timeout_s:.2f} seconds"
        else:
            how = "signal: killed" if code < 0 else f"exit status {code}"
            kind, said = "Runtime.ExitError", f"Runtime exited with error: {how}"
        message = f"RequestId: {request_id} Error: {said}"
        return InvocationResult(
            payload={"errorType": kind, "errorMessage": message}, failed=True, request_id=request_id
        )

    def kill(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        self._process.wait()
        self._reader.join()
        for stream in (self._process.stdin, self._process.stdout):
            if stream:
                with suppress(BrokenPipeError):  # an event that nobody took
                    stream.close()


class Sandboxes:
    """
    The warm processes of all functions; each concurrent event has one for itself.

    Of one function there are `at_most` so many, for each holds its libraries in memory; further events wait.
    """

    def __init__(self, runtime: Path, log: Log, *, at_most: int = 4) -> None:
        self._runtime = runtime
        self._log = log
        self._at_most = at_most
        self._lock = threading.Lock()
        self._idle: dict[str, list[Sandbox]] = {}
        self._busy: set[Sandbox] = set()
        self._places: dict[str, threading.Semaphore] = {}

    def invoke(self, code: Code, event: Any) -> InvocationResult:
        """Run a function on an event, in a process that is free or a new one."""
        with self._place(code.name):
            sandbox = self._take(code)
            try:
                return sandbox.invoke(event)
            finally:
                self._give_back(code, sandbox)

    def close(self) -> None:
        """End all processes."""
        with self._lock:
            idle = [sandbox for kept in self._idle.values() for sandbox in kept]
            self._idle.clear()
            # Busy ones, too: their event would hold the process, and the command, until its time is up.
            busy = list(self._busy)
        for sandbox in (*idle, *busy):
            sandbox.kill()

    def _place(self, name: str) -> threading.Semaphore:
        with self._lock:
            return self._places.setdefault(name, threading.Semaphore(self._at_most))

    def _take(self, code: Code) -> Sandbox:
        with self._lock:
            kept = self._idle.pop(code.name, [])
            usable = [sandbox for sandbox in kept if sandbox.alive]
            ended = [sandbox for sandbox in kept if sandbox not in usable]
            chosen = usable.pop() if usable else None
            self._idle[code.name] = usable
        # Outside the lock: what is left of a process takes a while to clear away.
        for sandbox in ended:
            sandbox.kill()
        chosen = chosen or Sandbox(code, self._runtime, self._log)
        with self._lock:
            self._busy.add(chosen)
        return chosen

    def _give_back(self, code: Code, sandbox: Sandbox) -> None:
        with self._lock:
            self._busy.discard(sandbox)
            if sandbox.alive:
                self._idle.setdefault(code.name, []).append(sandbox)
                return
        sandbox.kill()
