"""
A record's calls with what jobs answered: without the requests that are answered, and no larger than a child
has room for.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from evaldrop.evaluation.definition import GIVEN
from evaldrop.steps.prepare_jobs.stages import names_of

JSON = dict[str, Any]

TOO_LARGE = "States.DataLimitExceeded"
"""The error of a reply that a child has no room for, as of one that a call brings."""

_TEXTS = frozenset({"before", "between", "after", "lead", "tail", "call"})


def without_answered(calls: JSON, candidates: Sequence[Mapping[str, Any]]) -> JSON:
    """Return a record's calls without the requests that nobody will be sent any more."""
    failed = {name for name, answer in _responses(calls).items() if "error" in answer}
    names = [name for name in names_of(calls, candidates) if name not in failed]
    judgements = [_judgement(each, names) for each in calls["judgements"]]
    comparisons = [_without(each, _TEXTS) if "job_reply" in each else each for each in calls["comparisons"]]
    left = [each for each in (*judgements, *comparisons) if "before" in each]
    kept = {**calls, "judgements": judgements, "comparisons": comparisons}
    if "candidates" not in calls:
        kept["requests"] = _requests(calls, candidates)
    if not any("lead" in each for each in left):
        kept.pop("texts", None)
    if "constants" in kept:
        keys = {each["request_key"] for each in left}
        kept["constants"] = {key: each for key, each in kept["constants"].items() if key in keys}
    return kept


def _judgement(judgement: JSON, names: Sequence[str]) -> JSON:
    answered = judgement.get("job_replies", {}).keys() | judgement.get("kept_replies", {}).keys()
    left = {name: fence for name, fence in judgement["fences"].items() if name in names} if names else {}
    left = {name: fence for name, fence in left.items() if name not in answered}
    return {**judgement, "fences": left} if left else {**_without(judgement, _TEXTS), "fences": {}}


def _requests(calls: JSON, candidates: Sequence[Mapping[str, Any]]) -> JSON:
    answered = _responses(calls).keys() | calls["given"].keys() | calls.get("long", {}).keys()
    wanted = {
        call["request_key"] for call in candidates if call["api"] != GIVEN and call["name"] not in answered
    }
    return {key: request for key, request in calls["requests"].items() if key in wanted}


def _without(request: JSON, keys: frozenset[str]) -> JSON:
    return {key: value for key, value in request.items() if key not in keys}


def _responses(calls: JSON) -> JSON:
    responses: JSON = calls.get("jobs", {}).get("responses", {})
    return responses


def make_fit(calls: JSON, room: int) -> None:
    """
    Put an error in the place of the longest replies, until a record's calls have no more than `room` bytes.

    What is paid for is not asked again: who needs such a reply finds it in the job's output.
    """
    size = _size(calls)
    if size <= room:
        return
    for answer in sorted(_answers(calls), key=_size, reverse=True):
        before = _size(answer)
        answer["error"] = {
            "Error": TOO_LARGE,
            "Cause": "the model answered in a batch job, and beside all else the record's child has no room "
            f"for the {before:,} bytes of its reply. The job's output has it, in batch/ of the run's folder.",
        }
        del answer["reply"]
        size -= before - _size(answer)
        if size <= room:
            return


def _answers(calls: JSON) -> Iterator[JSON]:
    found = [*_responses(calls).values()]
    for judgement in calls["judgements"]:
        found += judgement.get("job_replies", {}).values()
    found += [each["job_reply"] for each in calls["comparisons"] if "job_reply" in each]
    return (answer for answer in found if "reply" in answer)


def _size(content: Any) -> int:
    return len(orjson.dumps(content))
