"""
How many records may be evaluated at a time by what an account may call, from what the first records took.

Only where no lanes hold calls back. What is in flight is what a second lets through, times how long it takes
(Little's law); a limit is by the minute, and records are what the workflow counts.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import ceil
from statistics import fmean, median
from typing import Any, NamedTuple

from evaldrop.bedrock.families.replies import read_reply
from evaldrop.evaluation.burndown import quota_tokens
from evaldrop.evaluation.called_checks import CalledCheck
from evaldrop.evaluation.definition import GIVEN, Called
from evaldrop.run.definition import RunDefinition

JSON = Mapping[str, Any]


class Taken(NamedTuple):
    """What a record took: seconds from its first call to its last, and calls and tokens of each model."""

    seconds: float
    calls: Counter[str]
    tokens: Counter[str]


def records_at_a_time(run: RunDefinition, outputs: Sequence[JSON], at_most: int) -> int:
    """
    Return how many records may be evaluated at a time, from 1 to `at_most`.

    Args:
        run: Its limits say what the account may call.
        outputs: What the children of the first records gave.
        at_most: What is asked for; it stays where nothing tells that it is too much.
    """
    limits = run.evaluation.limits
    records = [taken for output in outputs if (taken := _taken(run, output)).calls] if limits else []
    if not records:
        return at_most
    in_a_second = [
        quota / 60 / each
        for model, limit in limits.items()
        for quota, each in (
            (limit.rpm, fmean(taken.calls[model] for taken in records)),
            (limit.tpm, fmean(taken.tokens[model] for taken in records)),
        )
        if quota is not None and each
    ]
    if not in_a_second:
        return at_most
    return max(1, min(at_most, int(min(in_a_second) * median(taken.seconds for taken in records))))


def _taken(run: RunDefinition, output: JSON) -> Taken:
    candidates = {each.name: each for each in run.candidates}
    judges = run.answering
    calls: Counter[str] = Counter()
    tokens: Counter[str] = Counter()

    def seconds_of(called: Called | CalledCheck, answer: JSON) -> float:
        # A judge that was asked again was called twice.
        for reply in (answer.get("reply"), answer.get("first_reply")):
            if reply is not None:
                calls[called.model] += 1
                tokens[called.model] += _tokens(called, answer, reply)
        return _seconds(answer)

    def longest(answers: Iterable[JSON]) -> float:
        asked = (each for each in answers if not each.get("kept") and each["judge"] in judges)
        return max((seconds_of(judges[each["judge"]], each) for each in asked), default=0.0)

    seconds = [0.0]
    for response, called in _asked(output, candidates):
        own = seconds_of(called, response) if called else 0.0
        seconds.append(own + longest(response.get("judgements") or ()))
    return Taken(max(seconds) + longest(output.get("comparisons") or ()), calls, tokens)


def _asked(output: JSON, candidates: Mapping[str, Called]) -> Iterator[tuple[JSON, Called | None]]:
    """Yield a record's responses, each with who was called for it."""
    for response in output.get("responses") or ():
        is_given = response.get("given") or response.get("api") == GIVEN
        yield response, None if is_given else candidates.get(response["candidate"])


def _tokens(called: Called | CalledCheck, answer: JSON, reply: object) -> int:
    """Return the tokens that a call takes of a quota: those it begins with, or those it ends with."""
    said = read_reply(str(answer.get("api") or called.api), reply)
    sent, received = said.input_tokens or 0, said.output_tokens or 0
    ended = ceil(quota_tokens(called.model, sent, received))
    if isinstance(called, CalledCheck):
        return ended
    return max(sent + (called.inference.max_tokens or 0), ended)


def _seconds(answer: JSON) -> float:
    # Waits before its retries are none that others will have.
    said = read_reply(str(answer.get("api")), answer.get("reply"))
    own = said.latency_ms if answer.get("retries") else None
    return ((own or answer.get("elapsed_ms") or 0) + (answer.get("again_ms") or 0)) / 1000
