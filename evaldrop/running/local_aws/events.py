"""
What happens in S3 and Step Functions, as EventBridge hands it to the rules of the stack: at least once.

moto keeps rules and matches none of them, so their patterns are read here.
"""

import json
import logging
import queue
import re
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Any

from moto.s3.models import s3_backends

from evaldrop.running.local_aws.clients import ACCOUNT, REGION, Clients
from evaldrop.running.local_aws.functions import Functions, NoSuchFunctionError

EXECUTION_ENDED = "Step Functions Execution Status Change"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """
    An object that was written. `version` is None in a bucket without versions.

    `reason` is EventBridge's word for how: PutObject, CopyObject, CompleteMultipartUpload, POST Object.
    """

    bucket: str
    key: str
    version: str | None
    reason: str


class Events:
    """Delivers events to the functions that rules name, which are called asynchronously."""

    def __init__(self, clients: Clients, functions: Functions) -> None:
        self._clients = clients
        self._functions = functions
        # Delivered by a thread: an upload is answered without waiting for its event, as on AWS.
        self._written: queue.Queue[Created | Mapping[str, Any] | None] = queue.Queue()
        self._thread = threading.Thread(target=self._deliver, name="events", daemon=True)
        self._thread.start()

    def written(self, created: Created) -> None:
        """Take note of an object that was written; its event is delivered a moment later."""
        self._written.put(created)

    def ended(self, detail: Mapping[str, Any]) -> None:
        """Take note of an execution that ended; its event is delivered a moment later."""
        self._written.put(_event("aws.states", EXECUTION_ENDED, [detail["executionArn"]], detail))

    def wait(self) -> None:
        """Wait until what was written is delivered."""
        self._written.join()

    def close(self) -> None:
        """Deliver what waits, and stop."""
        self._written.put(None)
        self._thread.join()

    def _deliver(self) -> None:
        while (event := self._written.get()) is not None:
            try:
                if isinstance(event, Created):
                    self._announce(event)
                else:
                    self._hand_on(event)
            except Exception:  # noqa: BLE001 - it is in the log: one event must not end the others
                _log.exception("the event of %s was not delivered", event)
            finally:
                self._written.task_done()
        self._written.task_done()

    def _announce(self, created: Created) -> None:
        if not tells_eventbridge(created.bucket):
            return
        version = {"VersionId": created.version} if created.version else {}
        head = self._clients("s3").head_object(Bucket=created.bucket, Key=created.key, **version)
        self._hand_on(object_created(created, size=head["ContentLength"], etag=head["ETag"].strip('"')))

    def _hand_on(self, event: Mapping[str, Any]) -> None:
        client = self._clients("events")
        for rule in client.get_paginator("list_rules").paginate().search("Rules"):
            pattern = rule.get("EventPattern")
            if pattern and rule["State"] == "ENABLED" and matches(json.loads(pattern), event):
                for target in client.list_targets_by_rule(Rule=rule["Name"])["Targets"]:
                    self._call(rule["Name"], target["Arn"], event)

    def _call(self, rule: str, arn: str, event: Mapping[str, Any]) -> None:
        try:
            if ":function:" in arn:
                self._functions.invoke_async(arn, event)
        except NoSuchFunctionError:
            # The rules that come after it must not miss the event.
            _log.warning("rule %s: %s is no function of the stack, and is not called", rule, arn)


def tells_eventbridge(bucket: str) -> bool:
    """Tell whether a bucket's writes become events."""
    # From moto itself: its API takes this setting, and does not give it back.
    configuration = s3_backends[ACCOUNT]["aws"].get_bucket(bucket).notification_configuration
    return configuration is not None and configuration.event_bridge is not None


def object_created(created: Created, *, size: int, etag: str, now: datetime | None = None) -> dict[str, Any]:
    """
    Return the event for an object, as the S3 user guide documents it ("EventBridge event message structure").

    The size is in bytes, the ETag without quotes.
    """
    moment = now or datetime.now(UTC)
    # The key goes in as it is: EventBridge does not encode keys.
    described: dict[str, Any] = {"key": created.key, "size": size, "etag": etag}
    if created.version:
        described["version-id"] = created.version
    # Of one width, for it is compared as text.
    described["sequencer"] = f"{int(moment.timestamp() * 1_000_000):018X}"
    detail = {
        "version": "0",
        "bucket": {"name": created.bucket},
        "object": described,
        "request-id": uuid.uuid4().hex[:16].upper(),
        "requester": ACCOUNT,
        "source-ip-address": "127.0.0.1",
        "reason": created.reason,
    }
    return _event("aws.s3", "Object Created", [f"arn:aws:s3:::{created.bucket}"], detail, now=moment)


def _event(
    source: str,
    detail_type: str,
    resources: list[str],
    detail: Mapping[str, Any],
    *,
    now: datetime | None = None,
) -> dict[str, Any]:
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": detail_type,
        "source": source,
        "account": ACCOUNT,
        "time": f"{now or datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "region": REGION,
        "resources": resources,
        "detail": detail,
    }


_MISSING = object()


class UnknownMatcherError(ValueError):
    """A pattern asks for a comparison that is not known here."""


def matches(pattern: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """
    Tell whether an event fits a pattern: every field of the pattern, by any of its alternatives.

    Raises:
        UnknownMatcherError: The pattern uses a comparison other than equality, prefix, suffix, wildcard,
            equals-ignore-case, anything-but and exists.
    """
    for name, wanted in pattern.items():
        found = event.get(name, _MISSING)
        if isinstance(wanted, Mapping):
            if not matches(wanted, found if isinstance(found, Mapping) else {}):
                return False
        elif not _any_fits(wanted, found):
            return False
    return True


def _any_fits(alternatives: Sequence[Any], found: Any) -> bool:
    values = found if isinstance(found, list) else [found]
    return any(_fits(wanted, value) for wanted in alternatives for value in values)


def _fits(wanted: Any, value: Any) -> bool:
    if not isinstance(wanted, Mapping):
        # The type counts as well: in Python True equals 1, in a pattern it does not.
        return value is not _MISSING and type(value) is type(wanted) and bool(value == wanted)
    [(comparison, operand)] = wanted.items()
    if comparison == "exists":
        return bool((value is not _MISSING) == operand)
    if comparison == "anything-but":
        return value is not _MISSING and not _excluded(operand, value)
    compare = _OF_TEXT.get(comparison)
    if compare is None:
        raise UnknownMatcherError(
            f'"{comparison}" is no comparison that evaldrop local knows; it knows anything-but, exists, '
            f"{', '.join(_OF_TEXT)}"
        )
    return isinstance(value, str) and compare(operand, value)


def _excluded(operand: Any, value: Any) -> bool:
    if isinstance(operand, Mapping):
        [(comparison, inner)] = operand.items()
        inners = inner if isinstance(inner, list) else [inner]
        return any(_fits({comparison: one}, value) for one in inners)
    return _any_fits(operand if isinstance(operand, list) else [operand], value)


def _at_an_end(has: Callable[[str, str], bool], operand: Any, value: str) -> bool:
    if isinstance(operand, Mapping):
        return has(value.lower(), str(operand["equals-ignore-case"]).lower())
    return has(value, operand)


@lru_cache(maxsize=256)
def _wildcard(pattern: str) -> re.Pattern[str]:
    # "*" is any run of characters, "\*" and "\\" are themselves
    parts = re.findall(r"\\[*\\]|.", pattern, re.DOTALL)
    return re.compile("".join(".*" if part == "*" else re.escape(part[-1]) for part in parts), re.DOTALL)


_OF_TEXT: dict[str, Callable[[Any, str], bool]] = {
    "prefix": partial(_at_an_end, str.startswith),
    "suffix": partial(_at_an_end, str.endswith),
    "wildcard": lambda operand, value: _wildcard(operand).fullmatch(value) is not None,
    "equals-ignore-case": lambda operand, value: value.lower() == operand.lower(),
}
