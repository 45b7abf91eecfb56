"""
What a run that is judged again takes from its parent: every response, and each judge's reply to a request
that is the same now.

Requests are compared whole, fences included: a rejudged run keeps its parent's nonce, so that the same
question about the same response comes out as the same text.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, BinaryIO, NamedTuple

import orjson

from evaldrop.bedrock.families.replies import elapsed_latency, is_answer, read_answer, read_reply
from evaldrop.errors import StorageError
from evaldrop.evaluation import Judge
from evaldrop.evaluation.criteria import Criterion
from evaldrop.evaluation.questions import judge_question, request_settings
from evaldrop.run.definition import RunDefinition
from evaldrop.run.records import record_files, with_texts_restored
from evaldrop.run.results import ResultIndex, find_manifests, open_lines, parse_row, read_manifest

JSON = dict[str, Any]


class ParentRecord(NamedTuple):
    """A record in the parent run: what was prepared for it, and its child's output (empty when it failed)."""

    calls: JSON
    output: JSON

    def given(self) -> JSON:
        """
        Return the responses to take over, by candidate.

        The text is apart, for judges are shown it; the reply keeps only what the call took, in the
        shape of Converse, so that a child's payload does not hold the text twice.
        """
        given = {}
        for response in self.output.get("responses") or ():
            if response.get("error") is not None:
                continue
            taken = (
                {key: response[key] for key in ("text", "reply") if key in response}
                if response.get("given")
                else _taken_over(response)
            )
            if taken is not None:
                given[response["candidate"]] = taken
        return given

    def groups(self, judge: str) -> list[tuple[str, ...]]:
        """Return the groups of criteria that one call of a judge was about, in order."""
        its = (judgement for judgement in self.calls["judgements"] if judgement["judge"] == judge)
        return list(dict.fromkeys(tuple(judgement["criteria"]) for judgement in its))

    def kept_replies(self, judgement: Mapping[str, Any]) -> JSON:
        """Return the parent's replies to a judge request, by candidate; none where the request differs."""
        same = (before for before in self.calls["judgements"] if _key(before) == _key(judgement))
        before = next(same, None)
        if before is None or any(before[key] != judgement[key] for key in ("before", "after", "request_key")):
            return {}
        kept = {}
        for response in self.output.get("responses") or ():
            name = response["candidate"]
            if before["fences"].get(name) != judgement["fences"].get(name):
                continue
            for answer in response.get("judgements") or ():
                # A judge's call that failed in the parent, or brought no answer, is made again.
                if _key(answer) == _key(judgement) and _is_answered(answer):
                    kept[name] = {key: answer[key] for key in ("reply", "first_reply") if key in answer}
        return kept

    def kept_comparison(self, comparison: Mapping[str, Any]) -> JSON | None:
        """Return the parent's reply to a comparison, or None where the request differs or there is none."""
        same = (before for before in self.calls["comparisons"] if _pair(before) == _pair(comparison))
        if _without_call(next(same, {})) != _without_call(comparison):
            return None
        for answer in self.output.get("comparisons") or ():
            if _pair(answer) == _pair(comparison) and _is_answered(answer):
                return {key: answer[key] for key in ("reply", "first_reply") if key in answer}
        return None


class ParentReplies:
    """Looks up the parent's records by their ID."""

    def __init__(self, definition: RunDefinition, stack: ExitStack) -> None:
        assert definition.parent is not None
        folder = definition.parent.folder
        before = RunDefinition.load(folder)
        self._results = ResultIndex([read_manifest(uri) for uri in find_manifests(folder)], stack)
        # Of each record the file it is in, and where its line begins.
        self._places: dict[str, tuple[BinaryIO, int]] = {}
        for uri in record_files(folder):
            lines = stack.enter_context(open_lines(uri))
            try:
                self._places |= {record_id: (lines, offset) for record_id, offset in _offsets(lines)}
            except (ValueError, KeyError, TypeError) as error:
                raise StorageError(f"{uri}: a line is no prepared record ({error!r})") from error
        # Judges whose calls are as in the parent, apart from their number and their criteria.
        self._same_judges = frozenset(_same_judges(before, definition))
        self._is_same_pairwise = _pairwise_settings(before) == _pairwise_settings(definition)
        self._questions = {
            name: judge_question(criterion) for name, criterion in before.judged_criteria.items()
        }

    def of(self, record_id: str) -> ParentRecord:
        """Return a record as it was in the parent; one that it did not have has nothing to take over."""
        if record_id not in self._places:
            return ParentRecord({"judgements": [], "comparisons": []}, {})
        lines, offset = self._places[record_id]
        lines.seek(offset)
        calls: JSON = parse_row(lines.readline())["calls"]
        return ParentRecord(with_texts_restored(calls), self._results.output(record_id) or {})

    def keep(self, before: ParentRecord, judgements: list[JSON], comparisons: list[JSON]) -> None:
        """Put the parent's replies beside the requests they answer, so that no call is made again."""
        for judgement in judgements:
            if judgement["judge"] in self._same_judges and (replies := before.kept_replies(judgement)):
                judgement["kept_replies"] = replies
        for comparison in comparisons if self._is_same_pairwise else ():
            if comparison["judge"] in self._same_judges and (reply := before.kept_comparison(comparison)):
                comparison["kept"] = reply

    def groups(self, judge: Judge, criteria: Iterable[Criterion], record_id: str) -> list[list[Criterion]]:
        """
        Return the criteria of each call of a judge: the parent's groups as they were, then the rest.

        A joint reply is kept whole or not at all: a group of which a criterion is gone or changed
        is a new call.
        """
        left = {criterion.name: criterion for criterion in criteria}
        same = {name for name, each in left.items() if self._questions.get(name) == judge_question(each)}
        before = self.of(record_id).groups(judge.name) if judge.name in self._same_judges else []
        groups = [[left.pop(name) for name in names] for names in before if same.issuperset(names)]
        return groups + calls_of(judge, left.values())


def calls_of(judge: Judge, criteria: Iterable[Criterion]) -> list[list[Criterion]]:
    """Return the criteria of each call of a judge."""
    return [[criterion] for criterion in criteria] if judge.mode == "per_criterion" else [list(criteria)]


@contextmanager
def parent_replies(definition: RunDefinition) -> Iterator[ParentReplies | None]:
    """Open what a rejudged run takes from its parent; None for any other run."""
    if definition.parent is None or definition.parent.how != "rejudged":
        yield None
        return
    with ExitStack() as stack:
        yield ParentReplies(definition, stack)


def _is_answered(answer: Mapping[str, Any]) -> bool:
    raw = answer.get("reply")
    if answer.get("error") is not None or raw is None:
        return False
    return is_answer(read_reply(answer.get("api") or ("invoke_model" if "Body" in raw else "converse"), raw))


def _taken_over(response: Mapping[str, Any]) -> JSON | None:
    reply = read_answer(response["api"], response.get("reply"))
    if reply.error is not None:
        return None
    latency = elapsed_latency(
        reply, elapsed_ms=response.get("elapsed_ms"), retries=int(response.get("retries") or 0)
    )
    # Of what a job answered it is not known.
    latency = None if response.get("delivery") == "batch" else latency
    cached = reply.cache_read_tokens + reply.cache_write_tokens
    usage = {
        "InputTokens": None if reply.input_tokens is None else reply.input_tokens - cached,
        "OutputTokens": reply.output_tokens,
        "CacheReadInputTokens": reply.cache_read_tokens or None,
        "CacheWriteInputTokens": reply.cache_write_tokens or None,
    }
    return {
        "text": reply.text,
        "reply": {
            "StopReason": reply.stop_reason,
            "Usage": {key: tokens for key, tokens in usage.items() if tokens is not None},
            "Metrics": {} if latency is None else {"LatencyMs": latency},
        },
    }


def _same_judges(before: RunDefinition, now: RunDefinition) -> Iterator[str]:
    # What a check asks is in its requests' key.
    yield from (check.name for check in now.called_checks)
    earlier = {judge.name: judge for judge in before.evaluation.called_judges}
    for judge in now.evaluation.called_judges:
        same, prompt = earlier.get(judge.name), f"judge/{judge.prompt}"
        # More repeats leave those there are as they were.
        if (
            same
            and request_settings(same) | {"repeats": 0} == request_settings(judge) | {"repeats": 0}
            and before.prompts[prompt].sha256 == now.prompts[prompt].sha256
        ):
            yield judge.name


def _pairwise_settings(definition: RunDefinition) -> JSON | None:
    pairwise = definition.evaluation.pairwise
    if pairwise is None:
        return None
    # What is left out says which pairs are asked and how they count, not what a judge reads.
    settings = pairwise.model_dump(mode="json", exclude={"baseline", "all_pairs", "orders", "unscored"})
    return {**settings, "sha256": definition.prompts[f"judge/{pairwise.prompt}"].sha256}


def _offsets(lines: BinaryIO) -> Iterator[tuple[str, int]]:
    offset = 0
    for line in lines:
        if line.strip():
            yield orjson.loads(line)["record_id"], offset
        offset += len(line)


def _key(judgement: Mapping[str, Any]) -> tuple[str, tuple[str, ...], int]:
    return judgement["judge"], tuple(judgement["criteria"]), int(judgement.get("repeat") or 0)


def _pair(comparison: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(comparison.get(key, "") for key in ("judge", "candidate", "baseline", "first"))


def _without_call(comparison: Mapping[str, Any]) -> JSON:
    # Whether constants are in the request or in the state depends on room, and is no part of the question.
    return {key: value for key, value in comparison.items() if key not in {"call", "kept"}}
