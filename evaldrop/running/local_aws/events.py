"""What S3 and Step Functions tell, as EventBridge hands it to the rules of the stack: at least once."""

import json
import logging
import queue
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from moto.s3.models import s3_backends

from evaldrop.running.local_aws.clients import ACCOUNT, REGION, Clients
from evaldrop.running.local_aws.functions import Functions
from evaldrop.running.local_aws.patterns import matches

EXECUTION_ENDED = "Step Functions Execution Status Change"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """
    An object that was written. `version` is None in a bucket without versions.

    Attributes:
        reason: EventBridge's word for how: PutObject, CopyObject, CompleteMultipartUpload, POST Object.
    """

    bucket: str
    key: str
    version: str | None
    reason: str


class Events:
    """
    Delivers events to the functions that rules name.

    Args:
        clients: Of the local AWS: its S3 says what was written, its EventBridge which rules there are.
        functions: Called asynchronously, as EventBridge does.
    """

    def __init__(self, clients: Clients, functions: Functions) -> None:
        self._clients = clients
        self._functions = functions
        self._written: queue.Queue[Created | Mapping[str, Any] | None] = queue.Queue()
        self._again = 0
        self._thread = threading.Thread(target=self._deliver, name="events", daemon=True)
        self._thread.start()

    def written(self, created: Created) -> None:
        """Take note of an object that was written; its event is delivered a moment later."""
        self._written.put(created)

    def ended(self, detail: Mapping[str, Any]) -> None:
        """Take note of an execution that ended; its event is delivered a moment later."""
        self._written.put(_event("aws.states", EXECUTION_ENDED, [detail["executionArn"]], detail))

    def deliver_next_again(self, times: int = 1) -> None:
        """Deliver the next event so many times more, as EventBridge may: for rehearsing duplicates."""
        self._again += times

    def wait(self) -> None:
        """Wait until what was written is delivered."""
        self._written.join()

    def close(self) -> None:
        """Deliver what waits, and stop."""
        self._written.put(None)
        self._thread.join()

    def _deliver(self) -> None:
        while (told := self._written.get()) is not None:
            try:
                if isinstance(told, Created):
                    self._announce(told)
                else:
                    self._hand_on(told)
            except Exception:  # noqa: BLE001 - told in the log: one event must not end the others
                _log.exception("the event of %s was not delivered", told)
            finally:
                self._written.task_done()
        self._written.task_done()

    def _announce(self, created: Created) -> None:
        if not _tells_eventbridge(created.bucket):
            return
        version = {"VersionId": created.version} if created.version else {}
        head = self._clients("s3").head_object(Bucket=created.bucket, Key=created.key, **version)
        self._hand_on(object_created(created, size=head["ContentLength"], etag=head["ETag"].strip('"')))

    def _hand_on(self, event: Mapping[str, Any]) -> None:
        functions = list(self._functions_for(event))
        times, self._again = (1 + self._again, 0) if functions else (1, self._again)
        for function in functions * times:
            self._functions.invoke_async(function, event)

    def _functions_for(self, event: Mapping[str, Any]) -> list[str]:
        client = self._clients("events")
        found = []
        for page in client.get_paginator("list_rules").paginate():
            for rule in page["Rules"]:
                pattern = rule.get("EventPattern")
                if pattern and rule["State"] == "ENABLED" and matches(json.loads(pattern), event):
                    targets = client.list_targets_by_rule(Rule=rule["Name"])["Targets"]
                    found += [target["Arn"] for target in targets if ":function:" in target["Arn"]]
        return found


def _tells_eventbridge(bucket: str) -> bool:
    # From moto itself: its API takes this setting, and does not give it back.
    configuration = s3_backends[ACCOUNT]["aws"].get_bucket(bucket).notification_configuration
    return configuration is not None and configuration.event_bridge is not None


def object_created(created: Created, *, size: int, etag: str, now: datetime | None = None) -> dict[str, Any]:
    """
    Return the event for an object, as the S3 user guide documents it ("EventBridge event message structure").

    Args:
        created: The object. Its key goes in as it is: EventBridge does not encode keys.
        size: In bytes.
        etag: Without quotes.
        now: When it was written.
    """
    moment = now or datetime.now(UTC)
    described: dict[str, Any] = {"key": created.key, "size": size, "etag": etag}
    if created.version:
        described["version-id"] = created.version
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
