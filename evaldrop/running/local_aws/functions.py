"""Lambda's data plane: functions by name, called and waited for, or called and retried."""

import json
import os
import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evaldrop.running.local_aws.clients import ACCOUNT, REGION, AccessKey, Clients
from evaldrop.running.local_aws.sandboxes import Code, InvocationResult, Sandboxes

RETRY_AFTER_S = (1.0, 2.0)
"""Lambda waits one minute, then two; a rehearsal does not."""

_KEPT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP")
"""Of this machine's environment, what a process needs to start at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """
    A function, as the template has it.

    Attributes:
        state: The name of its state or trigger, such as `BuildScorecard`.
        folder: Its bundle.
        handler: Module, a dot, and the function's name.
        role: ARN of the role that its requests are held to.
        environment: Its own variables.
        runtime: As Lambda names it, such as `python3.13`.
        timeout_s: It is killed after so long.
        dead_letters: ARN of the queue for events it could not deal with.
        retries: How often an asynchronous event is tried again.
    """

    state: str
    folder: Path
    handler: str
    role: str
    environment: Mapping[str, str] = field(default_factory=dict)
    runtime: str = ""
    timeout_s: float = 3
    memory_mb: int = 128
    log_group: str = ""
    dead_letters: str | None = None
    retries: int = 2


class NoSuchFunctionError(Exception):
    """There is no function of this name."""


class Functions:
    """
    The stack's functions, by name. What they run was said by the template, once: no request changes it.

    Every function gets the `further` environment beside its own, and the key of its role by `key_of`.
    `retry_after_s` are the waits before the second and the third attempt at an asynchronous event.
    """

    def __init__(
        self,
        deployed: Mapping[str, Deployed],
        clients: Clients,
        sandboxes: Sandboxes,
        *,
        key_of: Callable[[str], AccessKey],
        further: Mapping[str, str] | None = None,
        retry_after_s: tuple[float, ...] = RETRY_AFTER_S,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        self._deployed = deployed
        self._clients = clients
        self._sandboxes = sandboxes
        self._key_of = key_of
        self._further = dict(further or {})
        self._retry_after_s = retry_after_s
        self._stopped = threading.Event()
        # Not time.sleep: closing must not wait for the next attempt.
        self._sleep = sleep or self._stopped.wait
        self._waiting: queue.SimpleQueue[threading.Thread] = queue.SimpleQueue()

    def invoke(self, name: str, event: Any) -> InvocationResult:
        """
        Run a function, by its name or ARN, and wait for its answer.

        Raises:
            NoSuchFunctionError: There is none of this name.
        """
        return self._sandboxes.invoke(self._code(short_name(name)), event)

    def invoke_async(self, name: str, event: Any) -> None:
        """
        Run a function on its own; an event that fails is tried again, and kept in the queue when all fails.

        Raises:
            NoSuchFunctionError: There is none of this name.
        """
        short = short_name(name)
        # In the caller's thread: what there is not must be refused, and not lost in the background.
        self._find(short)
        thread = threading.Thread(
            target=self._attempts, args=(short, event), name=f"async {short}", daemon=True
        )
        self._waiting.put(thread)
        thread.start()

    def wait(self) -> None:
        """Wait until asynchronous events are dealt with, those that come meanwhile too."""
        while not self._waiting.empty():
            self._waiting.get().join()

    def close(self) -> None:
        """Stop trying, and end all processes."""
        self._stopped.set()
        self._sandboxes.close()

    def _attempts(self, name: str, event: Any) -> None:
        retries = self._find(name).retries
        for attempt in range(retries + 1):
            answer = self._sandboxes.invoke(self._code(name), event)
            if not answer.failed or self._stopped.is_set():
                return
            if attempt < retries:
                self._sleep(self._retry_after_s[min(attempt, len(self._retry_after_s) - 1)])
        self._bury(name, event, answer)

    def _bury(self, name: str, event: Any, answer: InvocationResult) -> None:
        """Keep an event that no attempt could deal with, as Lambda words it."""
        arn = self._find(name).dead_letters
        if arn is None:
            return
        sqs = self._clients("sqs")
        url = sqs.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"]
        attributes = {
            "RequestID": answer.request_id,
            "ErrorCode": "200",
            "ErrorMessage": str(answer.payload.get("errorMessage", ""))[:1024] or "-",
        }
        sqs.send_message(
            QueueUrl=url,
            MessageBody=json.dumps(event),
            MessageAttributes={
                key: {"DataType": "Number" if key == "ErrorCode" else "String", "StringValue": value}
                for key, value in attributes.items()
            },
        )

    def _find(self, name: str) -> Deployed:
        try:
            return self._deployed[name]
        except KeyError:
            raise NoSuchFunctionError(f"Function not found: {name}") from None

    def _code(self, name: str) -> Code:
        deployed = self._find(name)
        return Code(
            name=name,
            arn=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}",
            folder=deployed.folder,
            handler=deployed.handler,
            environment=self._environment(name, deployed),
            timeout_s=deployed.timeout_s,
            memory_mb=deployed.memory_mb,
            log_group=deployed.log_group,
        )

    def _environment(self, name: str, deployed: Deployed) -> dict[str, str]:
        kept = {key: os.environ[key] for key in _KEPT if key in os.environ}
        key = self._key_of(deployed.role)
        return {
            **kept,
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(deployed.memory_mb),
            "AWS_LAMBDA_LOG_GROUP_NAME": deployed.log_group,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{deployed.runtime}",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": self._clients.endpoint,
            "AWS_ACCESS_KEY_ID": key.id,
            "AWS_SECRET_ACCESS_KEY": key.secret,
            "LAMBDA_TASK_ROOT": str(deployed.folder),
            "PYTHONUTF8": "1",
            "TZ": "UTC",
            **self._further,
            # Last: what the template says wins.
            **deployed.environment,
        }


def short_name(name: str) -> str:
    """Return a function's name, of its name, its ARN or a part of it, with or without a version."""
    return name.partition("function:")[2].partition(":")[0] or name.partition(":")[0]
