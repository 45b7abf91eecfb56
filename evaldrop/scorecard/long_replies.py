"""Replies of long records that were too long for the workflow too: read where they were written."""

from collections.abc import Mapping
from typing import Any

import orjson

from evaldrop import storage
from evaldrop.run.definition import REPLIES
from evaldrop.run.results import Found


def take_unread_replies(found: Found, folder: str) -> None:
    """
    Put into a child's output the replies that its workflow could not read.

    They were paid for and are responses as others, but that no judge has seen them. One that is not there
    any more stays an error.
    """
    for output in (found.output, *found.repeats):
        for response in (output or {}).get("responses") or ():
            if response.get("unread") and (body := _reply(response["candidate"], found.record.calls, folder)):
                response["reply"] = {"Body": body}
                del response["error"]


def _reply(candidate: str, calls: Mapping[str, Any], folder: str) -> Any:
    written: str = calls["long"][candidate]["arguments"]["Output"]["S3Uri"]
    # Beside the results first: a run that was copied to another place stays readable.
    for uri in (storage.join(folder, REPLIES, *written.split("/")[-2:]), written):
        if storage.exists(uri):
            return orjson.loads(storage.read_bytes(uri))
    return None
