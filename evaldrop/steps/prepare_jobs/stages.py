"""
What each stage asks in jobs: candidates first, then judges about the responses that are there, then pairs.

Of a record's calls a stage gives every request that is delivered in batch and not answered yet, always in the
same order and under the same ID: what is written for jobs, and what takes their answers, goes by it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Literal, NamedTuple, get_args

from evaldrop.run.definition import RunDefinition
from evaldrop.run.records import with_texts_restored
from evaldrop.steps.prepare_jobs.asking import candidate_body, judge_body
from evaldrop.steps.prepare_jobs.masking import with_identity_masked
from evaldrop.steps.prepare_jobs.row_ids import RowKey
from evaldrop.steps.prepare_jobs.shown import shown_of_given, shown_of_reply
from evaldrop.steps.prepare_jobs.verdict_schemas import VerdictSchemas

JSON = dict[str, Any]

Stage = Literal["candidates", "judges", "pairs"]
STAGES: tuple[Stage, ...] = get_args(Stage)


class Asked(NamedTuple):
    """
    A request that goes into a job.

    Attributes:
        who: The candidate's or judge's name.
        api: How its model is called.
        key: The row's.
        body: Makes the row's body.
        take: Puts the answer, `{"reply"}` or `{"error"}`, where the workflow finds it.
    """

    who: str
    api: str
    key: RowKey
    body: Callable[[], JSON]
    take: Callable[[JSON], None]


class Stages:
    """
    What a run's records ask in jobs.

    Args:
        run: The run.
        state: The workflow's, with `candidates`, `judges` and `refused`.
    """

    def __init__(self, run: RunDefinition, state: Mapping[str, Any]) -> None:
        self._candidates: list[JSON] = state["candidates"]
        self._constants: Mapping[str, JSON] = state["judges"]
        self._apis = {call["name"]: call["api"] for call in self._candidates}
        self._schemas = VerdictSchemas(run)
        self._has_pairs = run.evaluation.pairwise is not None
        refused = state["refused"]
        self._asked_candidates = {
            call["name"]
            for call in self._candidates
            if run.delivery_of("candidate", call["name"]) == "batch"
            and call["name"] not in refused["candidates"]
        }
        self._asked_judges = {
            judge.name
            for judge in run.judges
            if run.delivery_of("judge", judge.name) == "batch" and judge.name not in refused["judges"]
        }

    def may_ask(self, stage: Stage) -> bool:
        """Tell whether a stage may have any request."""
        if stage == "candidates":
            return bool(self._asked_candidates)
        return bool(self._asked_judges) and (stage == "judges" or self._has_pairs)

    def asked(self, stage: Stage, ordinal: int, calls: JSON) -> Iterator[Asked]:
        """Yield what a stage asks about a record; `ordinal` is its line in `records.jsonl`, from 0."""
        if stage == "candidates":
            yield from self._of_candidates(ordinal, calls)
        elif self._asked_judges:
            # A copy whose texts are whole; answers go into the record's own calls.
            whole = with_texts_restored(calls)
            of_stage = self._of_judges if stage == "judges" else self._of_pairs
            yield from of_stage(ordinal, calls, whole)

    def _of_candidates(self, ordinal: int, calls: JSON) -> Iterator[Asked]:
        # An anchor brings the only candidate that there is for it, and its response.
        for place, call in enumerate(self._candidates if "candidates" not in calls else ()):
            name = call["name"]
            request = calls["requests"].get(call.get("request_key"))
            # A request that is too long for a payload waits in S3, and goes on demand.
            if (
                name in self._asked_candidates
                and name not in calls["given"]
                and name not in calls.get("long", ())
                and request is not None
            ):
                yield Asked(
                    name,
                    call["api"],
                    RowKey(ordinal, place),
                    partial(candidate_body, call, request),
                    partial(_take_response, calls, name),
                )

    def _of_judges(self, ordinal: int, calls: JSON, whole: JSON) -> Iterator[Asked]:
        for place, name in enumerate(names_of(calls, self._candidates)):
            shown = self._shown(calls, name)
            for number, request in enumerate(whole["judgements"] if shown is not None else ()):
                if request["judge"] in self._asked_judges and name not in request.get("kept_replies", ()):
                    yield Asked(
                        request["judge"],
                        request["api"],
                        RowKey(ordinal, place, number),
                        partial(self._judgement, request, name, shown),
                        partial(_take_verdict, calls["judgements"][number], name),
                    )

    def _of_pairs(self, ordinal: int, calls: JSON, whole: JSON) -> Iterator[Asked]:
        shown = {name: self._shown(calls, name) for name in names_of(calls, self._candidates)}
        for number, request in enumerate(whole["comparisons"]):
            texts = [shown.get(request["first"]), shown.get(request["second"])]
            # What is missing cannot be compared, and the same text twice is a tie.
            if (
                request["judge"] in self._asked_judges
                and "kept" not in request
                and None not in texts
                and texts[0] != texts[1]
            ):
                yield Asked(
                    request["judge"],
                    request["api"],
                    RowKey(ordinal, 0, number),
                    partial(self._comparison, request, texts),
                    partial(_take_preference, calls["comparisons"][number]),
                )

    def _judgement(self, request: JSON, name: str, shown: str) -> JSON:
        call, fence = self._call(request), request["fences"][name]
        return judge_body(
            request["api"],
            call,
            (
                request["before"] + fence["open"],
                with_identity_masked(shown) if call.get("mask_identity") else shown,
                fence["close"] + request["after"],
            ),
            schema=self._schemas.of_verdict(request["judge"], request["criteria"]),
        )

    def _comparison(self, request: JSON, shown: Sequence[str]) -> JSON:
        call = self._call(request)
        first, second = map(with_identity_masked, shown) if call.get("mask_identity") else shown
        return judge_body(
            request["api"],
            call,
            (request["before"], first, request["between"], second, request["after"]),
            schema=self._schemas.of_pair(request["judge"]),
        )

    def _call(self, request: JSON) -> JSON:
        # A request brings its own only where the state has no room for it.
        return self._constants.get(request["request_key"]) or request["call"]

    def _shown(self, calls: JSON, name: str) -> str | None:
        if (given := calls["given"].get(name)) is not None:
            return shown_of_given(given)
        answer = calls.get("jobs", {}).get("responses", {}).get(name, {})
        return shown_of_reply(self._apis[name], answer["reply"]) if "reply" in answer else None


def names_of(calls: JSON, candidates: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the candidates of a record: all, or those that an anchor brings."""
    return [call["name"] for call in calls.get("candidates", candidates)]


def _take_response(calls: JSON, name: str, answer: JSON) -> None:
    calls.setdefault("jobs", {"responses": {}})["responses"][name] = answer


def _take_verdict(judgement: JSON, name: str, answer: JSON) -> None:
    judgement.setdefault("job_replies", {})[name] = answer


def _take_preference(comparison: JSON, answer: JSON) -> None:
    comparison["job_reply"] = answer
