"""
A runtime in a process of its own: one interpreter runs the workflow, another keeps its calls in flight.

Sending a request and reading its answer costs about as much processor time as the states around it, so that
one interpreter cannot keep 256 calls in flight. The two share the work here: one has the workflow, the other
HTTP, signing and JSON.
"""

import asyncio
import gc
import multiprocessing
import pickle
import socket
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from multiprocessing.util import Finalize
from typing import Any, cast

from evaldrop.bedrock.forking import begin_copy
from evaldrop.bedrock.protocol import BedrockRuntime, ServiceError
from evaldrop.errors import EvaldropError

# What goes between the two

_LENGTH = struct.Struct("!I")


def packed(message: Any) -> bytes:
    """Return a message as it is sent."""
    content = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    return _LENGTH.pack(len(content)) + content


class Messages(asyncio.Protocol):
    """
    One end of a connection between two processes of one program.

    Args:
        take: Gets every message, in order.
        ended: Is called when the other end is gone.
    """

    def __init__(self, take: Callable[[Any], None], ended: Callable[[], None]) -> None:
        self._take = take
        self._ended = ended
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # noqa: D102 - asyncio's interface
        self._transport = cast("asyncio.Transport", transport)  # uvloop's does not inherit from it

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002, D102 - asyncio's interface
        self._transport = None
        self._ended()

    def data_received(self, data: bytes) -> None:  # noqa: D102 - asyncio's interface
        self._buffer += data
        start = 0
        # One read may bring many messages, or a part of one.
        while len(self._buffer) >= start + _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._buffer, start)
            end = start + _LENGTH.size + length
            if len(self._buffer) < end:
                break
            # Only this program's own processes write here.
            self._take(pickle.loads(memoryview(self._buffer)[start + _LENGTH.size : end]))  # noqa: S301
            start = end
        # Once for all messages read: cutting after each would move the rest each time.
        del self._buffer[:start]

    def send(self, message: Any) -> None:
        """Send a message; without the other end it goes nowhere."""
        if self._transport is not None:
            self._transport.write(packed(message))

    def close(self) -> None:
        """End the connection."""
        if self._transport is not None:
            self._transport.close()


# The run's own process

_ENDING_S = 5.0
"""How long the other process is waited for that was told to end."""

CONVERSE, INVOKE_MODEL, CHECK_GUARDRAIL = "converse", "invoke_model", "invoke_guardrail_checks"
CANCEL, END = "cancel", "end"


class OtherProcess:
    """
    A process that is to make calls: a copy of this one, begun at once. It waits to be told what to open.

    Args:
        prepare: Imports what it will need, while this process has something else to do.
    """

    def __init__(self, prepare: Callable[[], None] | None = None) -> None:
        self._connection, theirs = socket.socketpair()

        def work() -> None:
            self._connection.close()
            begin_copy()
            _work(theirs, prepare)

        self._process = multiprocessing.get_context("fork").Process(target=work, daemon=True)
        self._process.start()
        # While this process held the other's end, the connection would not end with that process.
        theirs.close()
        # For one that nobody ends: at its end Python asks a process politely, which this one does not hear,
        # and waits.
        Finalize(None, self._process.kill, exitpriority=0)

    def open(self, open_runtime: Callable[[], BedrockRuntime]) -> "OtherProcessRuntime":
        """Have the process open a runtime, by what can be pickled, and answer from it."""
        with suppress(OSError):  # it has ended, which `opened` tells
            self._connection.sendall(packed(open_runtime))
        return OtherProcessRuntime(self._connection)

    def end(self, *, is_done: bool) -> None:
        """End the process; one that is done writes down first what it has yet to."""
        self._connection.close()
        if is_done:
            self._process.join(_ENDING_S)
        self._process.kill()
        self._process.join()


@contextmanager
def open_in_other_process(
    open_runtime: Callable[[], BedrockRuntime], begun: OtherProcess | None = None
) -> Iterator["OtherProcessRuntime"]:
    """
    Have a process open a runtime and answer from it, until the block ends.

    Args:
        open_runtime: Opens it; it can be pickled.
        begun: A process that was begun for it; without one it is forked now.
    """
    process = OtherProcess() if begun is None else begun
    runtime = None
    try:
        runtime = process.open(open_runtime)
        yield runtime
    finally:
        process.end(is_done=runtime is not None and runtime.is_closed)


class OtherProcessRuntime:
    """The near end of a runtime in another process. It is connected by the first call."""

    is_simulated = False

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._messages: Messages | None = None
        self._connecting: asyncio.Task[Messages] | None = None
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._asked = 0
        self._is_gone = False
        self.is_closed = False

    def opened(self) -> "OtherProcessRuntime":
        """
        Return this runtime once the other process has it ready.

        Raises:
            InputError: It cannot be opened, or whatever else opening it raises.
        """
        # Before there is an event loop: a runtime that cannot be opened is told before the run begins.
        try:
            fault = _received(self._connection)
        except EOFError:
            fault = _gone()
        if fault is not None:
            raise fault
        return self

    async def converse(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """
        Pass a Converse request on.

        Raises:
            EvaldropError: There is no other process any more, or it cannot keep replies.
            ServiceError: As the runtime there raises it.
        """
        return await self._ask(CONVERSE, request)

    async def invoke_model(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Pass an InvokeModel request on."""
        return await self._ask(INVOKE_MODEL, request)

    async def invoke_guardrail_checks(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Pass an InvokeGuardrailChecks request on."""
        return await self._ask(CHECK_GUARDRAIL, request)

    async def close(self) -> None:
        """End the connection, and the other process with it."""
        self.is_closed = True
        if self._messages is not None:
            # Said, for a process that was forked meanwhile holds the connection open, too.
            self._messages.send((0, END, None))
            self._messages.close()

    async def _ask(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        messages = self._messages or await self._connected()
        if self._is_gone:
            raise _gone()
        self._asked += 1
        number = self._asked
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        messages.send((number, operation, request))
        try:
            reply: dict[str, Any] = await answer
        except asyncio.CancelledError:
            messages.send((number, CANCEL, None))
            raise
        finally:
            self._waiting.pop(number, None)
        return reply

    async def _connected(self) -> Messages:
        # Calls that begin together share one connection.
        if self._connecting is None:
            self._connecting = asyncio.create_task(self._connect())
        # Shielded: a first call that is cancelled must not take the connection from the others.
        return await asyncio.shield(self._connecting)

    async def _connect(self) -> Messages:
        messages = Messages(self._take, self._other_end_is_gone)
        await asyncio.get_running_loop().create_unix_connection(lambda: messages, sock=self._connection)
        self._messages = messages
        return messages

    def _take(self, message: tuple[int, Any, Exception | None]) -> None:
        number, reply, fault = message
        answer = self._waiting.get(number)
        # The answer to a call that was cancelled may be on its way already.
        if answer is None or answer.done():
            return
        if fault is not None:
            answer.set_exception(fault)
        else:
            answer.set_result(reply)

    def _other_end_is_gone(self) -> None:
        self._is_gone = True
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(_gone())


def _gone() -> EvaldropError:
    # No ServiceError: each further call would fail and be a result, though none was made.
    return EvaldropError("the process that makes the calls went away")


# The process that makes the calls


def _received(connection: socket.socket) -> Any:
    """Return the next message of a connection that blocks; EOFError: the other end is gone."""
    header = connection.recv(_LENGTH.size, socket.MSG_WAITALL)
    if len(header) < _LENGTH.size:
        raise EOFError
    (length,) = _LENGTH.unpack(header)
    # Only this program's own processes write here.
    return pickle.loads(connection.recv(length, socket.MSG_WAITALL))  # noqa: S301


def _work(connection: socket.socket, prepare: Callable[[], None] | None) -> None:
    if prepare is not None:
        prepare()
    try:
        open_runtime = _received(connection)
    except EOFError:  # there was nothing to call
        return
    try:
        runtime = open_runtime()
    except Exception as fault:  # noqa: BLE001 - who waits for the runtime gets it
        # Not every exception survives pickling; one that does not would leave the other side without a word.
        connection.sendall(packed(fault if isinstance(fault, EvaldropError) else _readable(fault)))
        return
    connection.sendall(packed(None))
    gc.collect()  # boto3 took megabytes to say where and as whom; now the run has begun
    try:
        import uvloop
    except ImportError:
        asyncio.run(answer_from(runtime, connection))
    else:
        uvloop.run(answer_from(runtime, connection))


async def answer_from(runtime: BedrockRuntime, connection: socket.socket) -> None:
    """Answer every request that comes in, until the other end is gone."""
    ended = asyncio.Event()
    tasks: dict[int, asyncio.Task[None]] = {}

    async def answer(number: int, operation: str, request: Mapping[str, Any]) -> None:
        try:
            # By name and in here: the caller waits for an answer, also of what a runtime has not.
            messages.send((number, await getattr(runtime, operation)(request), None))
        except Exception as fault:  # noqa: BLE001 - the call's own process gets it
            is_readable = isinstance(fault, ServiceError | EvaldropError)
            messages.send((number, None, fault if is_readable else _readable(fault)))
        finally:
            tasks.pop(number, None)

    def take(message: tuple[int, str, Any]) -> None:
        number, operation, request = message
        if operation == END:
            ended.set()
        elif operation != CANCEL:
            tasks[number] = asyncio.create_task(answer(number, operation, request))
        elif number in tasks:
            tasks[number].cancel()

    messages = Messages(take, ended.set)
    await asyncio.get_running_loop().create_unix_connection(lambda: messages, sock=connection)
    await ended.wait()
    for _ in range(2):  # what has its answer is handed on, and so kept, before the rest is cancelled
        await asyncio.sleep(0)
    for task in list(tasks.values()):
        task.cancel()
    await runtime.close()


def _readable(fault: Exception) -> RuntimeError:
    """Return an exception that any process can read."""
    return RuntimeError(f"{type(fault).__name__}: {fault}")
