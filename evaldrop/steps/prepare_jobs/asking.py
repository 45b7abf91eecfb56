"""The bodies of a job's rows: what the workflow would send, put together here."""

from collections.abc import Mapping, Sequence
from typing import Any

from evaldrop.steps.prepare_jobs.casing import as_sent

JSON = dict[str, Any]


def candidate_body(call: Mapping[str, Any], request: Mapping[str, Any]) -> JSON:
    """Return a candidate's body: its constant part (of the workflow's `candidates`) and a record's."""
    if call["api"] == "invoke_model":
        return {**call["body"], **request}
    return as_sent({**call["request"], **request})


def judge_body(api: str, call: Mapping[str, Any], texts: Sequence[str], *, schema: JSON | None) -> JSON:
    """
    Return a judge's body: its constant part (of the workflow's `judges`), and the blocks of its message.

    `schema`: Converse's `outputConfig`, for a judge that is to answer in data.
    """
    if api == "invoke_model":
        content = [{**call["block"], "text": text} for text in texts]
        return {**call["body"], "messages": [{"role": "user", "content": content}]}
    message = {"Role": "user", "Content": [{"Text": text} for text in texts]}
    body = as_sent({**call["request"], "Messages": [message]})
    return body if schema is None else {**body, "outputConfig": schema}
