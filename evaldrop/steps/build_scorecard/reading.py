"""Reads one record's results: raw replies in, table rows and scores out. Each reply is parsed once."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson

from evaldrop.bedrock.billing import cost_of_reply
from evaldrop.bedrock.families.replies import (
    GUARDRAIL_INTERVENED,
    Reply,
    elapsed_latency,
    is_answer,
    read_answer,
    read_reply,
)
from evaldrop.bedrock.families.thinking import split_thinking
from evaldrop.bedrock.families.tool_calls import tool_calls
from evaldrop.evaluation import Judge, Pairwise
from evaldrop.evaluation.called_checks import is_called_check
from evaldrop.evaluation.criteria import Criterion, Scale
from evaldrop.evaluation.definition import EVALUATION_JOB
from evaldrop.evaluation.delivery import Delivery
from evaldrop.evaluation.metrics import METRICS
from evaldrop.run.definition import RunDefinition
from evaldrop.run.records import ExpectedCall, PreparedRecord
from evaldrop.run.results import SKIPPED_BY_BUDGET, Found
from evaldrop.run.tables import ComparisonRow, ResponseRow, VerdictRow
from evaldrop.scorecard.results import (
    IDENTICAL,
    AnchorResult,
    CandidateResult,
    ComparedPair,
    JudgeCall,
    share_of,
)
from evaldrop.scorecard.scores import (
    JUDGE_ERROR,
    NO_RESPONSE,
    NO_VERDICT,
    NOT_APPLICABLE,
    record_scores,
)
from evaldrop.steps.build_scorecard.called_checks import CalledChecks, own_judgements
from evaldrop.steps.build_scorecard.checking import Checking
from evaldrop.steps.build_scorecard.scored import scorer_rows
from evaldrop.verdicts import (
    TIE,
    Form,
    JudgeReply,
    Preference,
    Verdict,
    read_pair_scores,
    read_preference,
    read_verdicts,
    unscored_verdicts,
)
from evaldrop.verdicts.injection import InjectionFinder
from evaldrop.verdicts.job_scores import read_job_scores


class _Judged(NamedTuple):
    asked: ExpectedCall
    verdicts: Sequence[Verdict]
    raw_reply: str | None
    first_reply: str | None
    call: JudgeCall


class ResultReader:
    """Reads the results of one run."""

    def __init__(self, run: RunDefinition) -> None:
        self._run = run
        self._candidates = {candidate.name: candidate for candidate in run.candidates}
        self._judges = {judge.name: judge for judge in run.judges}
        self._metrics: list[Callable[[str, Sequence[str]], float | None]] = [
            METRICS[name].compute for name in run.evaluation.metrics
        ]
        self._no_metrics = (None,) * len(self._metrics)
        self._injections = _injection_finder(run)
        self._checking = Checking(run)
        self._called_checks = CalledChecks(run)
        # A run without pairwise has no comparisons to read.
        pairwise = run.evaluation.pairwise or Pairwise(all_pairs=True)
        self._asks_scores, self._pairwise = pairwise.verdict == "scores", pairwise
        self._scale = Scale.between(*pairwise.scale)

    def read(self, found: Found) -> list[CandidateResult]:
        """Return a result per candidate, in the evaluation's order, also where there is no response."""
        output = found.output or {}
        responses = {response.get("candidate"): response for response in output.get("responses") or ()}
        return [self._read_candidate(name, responses.get(name), found) for name in self._candidates]

    def read_comparisons(self, found: Found) -> list[ComparedPair]:
        """Return every comparison in a child's output; identical responses are ties without a call."""
        comparisons = (found.output or {}).get("comparisons") or ()
        return [self._read_comparison(found.record, comparison) for comparison in comparisons]

    def read_anchor(self, found: Found) -> AnchorResult:
        """Return the verdicts on an anchor, those that should be there and are not included."""
        record, name = found.record, found.record.record_id
        responses = (found.output or {}).get("responses") or ()
        judged = [
            self._read_judgement(judgement)
            for response in responses
            for judgement in response.get("judgements") or ()
        ]
        rows = [row for reading in judged for row in self._verdict_rows(record, name, reading)]
        rows += self._losses(record, name, {reading.asked for reading in judged}, has_text=True)
        return AnchorResult(rows, [reading.call for reading in judged])

    def _read_candidate(self, name: str, response: Mapping[str, Any] | None, found: Found) -> CandidateResult:
        record, is_skipped = found.record, is_skipped_by_budget(found.output)
        row, error = self._response_row(name, response, found)
        if record.expected_blocked is not None:
            row = row._replace(expected_blocked=record.expected_blocked)
        if row.stop_reason == GUARDRAIL_INTERVENED:
            # The text is the guardrail's own message, which says nothing of the candidate.
            row = row._replace(metrics=self._no_metrics)
        judgements = (response or {}).get("judgements") or ()
        by_judges = own_judgements(judgements)
        judged = [self._read_judgement(each) for each in by_judges if not each.get("skipped")]
        verdicts = [verdict for reading in judged for verdict in self._verdict_rows(record, name, reading)]
        verdicts += self._losses(
            record,
            name,
            {reading.asked for reading in judged},
            has_text=is_to_be_judged(row),
            unasked={_asked_of(each): each["skipped"] for each in by_judges if each.get("skipped")},
            instead=SKIPPED_BY_BUDGET if is_skipped else None,
        )
        verdicts += scorer_rows(
            self._run.criteria,
            row,
            (response or {}).get("scores") or {},
            has_text=is_to_be_judged(row),
            instead=SKIPPED_BY_BUDGET if is_skipped else None,
        )
        if self._checking.has_any and not is_skipped:
            asked_tools = tool_calls((response or {}).get("reply"))
            verdicts += self._checking.rows(record, row, asked_tools, is_there=is_to_be_judged(row))
        called = self._called_checks.read(
            record,
            name,
            judgements,
            is_there=is_to_be_judged(row),
            instead=SKIPPED_BY_BUDGET if is_skipped else None,
        )
        verdicts += called.rows
        # A response of the dataset comes without a reply: there was no call that could have been saved.
        is_reused = row.reused and (response or {}).get("reply") is not None
        return CandidateResult(
            row,
            verdicts,
            # What was not begun is no bad response: it is not counted as the worst.
            record_scores(
                verdicts, self._run.criteria, "drop" if is_skipped else self._run.evaluation.unscored
            ),
            [*(reading.call for reading in judged), *called.calls],
            error if isinstance(error, Mapping) else None,
            response is None and not is_skipped,
            int((response or {}).get("retries") or 0),
            is_reused,
            self._cost_of(row) if is_reused else 0.0,
            is_skipped,
        )

    def _cost_of(self, row: ResponseRow) -> float | None:
        """Return what a response cost when it was called for, had it been on demand."""
        reply = Reply(
            text="",
            input_tokens=row.input_tokens,
            output_tokens=row.output_tokens,
            cache_read_tokens=row.cache_read_tokens or 0,
            cache_write_tokens=row.cache_write_tokens or 0,
        )
        return cost_usd(self._run, row.model, [reply], "on_demand")

    def _judge_call(self, judge: Judge, answer: Mapping[str, Any], replies: Sequence[Reply]) -> JudgeCall:
        asked = self._run.asked_delivery(judge, answer)
        # What an evaluation job cost, its output does not say.
        is_unknown = judge.api == EVALUATION_JOB
        cost = None if is_unknown else cost_usd(self._run, judge.model, replies, asked)
        return JudgeCall.of(judge.name, answer, replies, cost, delivery=asked)

    def _response_row(
        self, name: str, response: Mapping[str, Any] | None, found: Found
    ) -> tuple[ResponseRow, object]:
        """Return a response's row, and the error in its place: what was caught, or a reply that is none."""
        candidate, record = self._candidates[name], found.record
        start = (record.record_id, record.category, record.group, name, candidate.model, record.prompt)
        if response is None or response.get("error") is not None:
            caught = None if response is None else response["error"]
            error = _missing_text(found) if response is None else _error_text(caught)
            row = ResponseRow(*start, None, error, *_NOTHING_MEASURED, False, None, self._no_metrics)
            return row, caught
        if given := bool(response.get("given")):
            reply = _given_reply(response)
            text, latency = reply.text, reply.latency_ms
        else:
            reply = read_answer(response.get("api") or candidate.api, response.get("reply"))
            retries = int(response.get("retries") or 0)
            latency = elapsed_latency(reply, elapsed_ms=response.get("elapsed_ms"), retries=retries)
            # A job's answer lay waiting: how long the model took says nothing of what a user would wait.
            latency = None if response.get("delivery") == "batch" else latency
            text = reply.text
        reused = given or bool(response.get("reused"))
        # Known and nothing, not unknown: this run did not pay for it.
        asked = self._run.asked_delivery(candidate, response)
        cost = 0.0 if reused else cost_usd(self._run, candidate.model, [reply], asked)
        took = (reply.stop_reason, reply.input_tokens, reply.output_tokens)
        if reply.error is not None:
            # It was paid for, and is no answer.
            row = ResponseRow(
                *start, None, _error_text(reply.error), *took, None, cost, reused, None, self._no_metrics
            )
        else:
            measured = self._flags(text), self._measure(text, record.reference)
            row = ResponseRow(*start, text, None, *took, latency, cost, reused, *measured)
        return row._replace(
            thinking=reply.thinking,
            delivery=None if reused else asked,
            service_tier=reply.service_tier,
            cache_read_tokens=reply.cache_read_tokens,
            cache_write_tokens=reply.cache_write_tokens,
        ), reply.error

    def _flags(self, text: str) -> str | None:
        return ",".join(self._injections.find(text)) or None

    def _measure(self, text: str, references: Sequence[str]) -> tuple[float | None, ...]:
        return tuple(compute(text, references) for compute in self._metrics) if self._metrics else ()

    def _read_judgement(self, judgement: Mapping[str, Any]) -> _Judged:
        asked = _asked_of(judgement)
        criteria = [self._run.criteria[name] for name in asked.criteria]
        judge = self._judges[asked.judge]
        error = judgement.get("error")
        if judge.api == EVALUATION_JOB:
            # No reply of a model, but the score that a job made of one.
            replies: list[Reply] = []
            verdicts: Sequence[Verdict] = read_job_scores(judgement, criteria)
        else:
            replies = _replies(judgement, judge)
            verdicts = _read_all([each for each in replies if is_answer(each)], criteria, judge.verdict)
        last = judgement.get("reply") if error is None else {"error": error}
        first = judgement.get("first_reply")
        return _Judged(
            asked,
            verdicts,
            orjson.dumps(last).decode() if last is not None else None,
            orjson.dumps(first).decode() if first is not None else None,
            self._judge_call(judge, judgement, replies),
        )

    def _verdict_rows(self, record: PreparedRecord, candidate: str, judged: _Judged) -> Iterable[VerdictRow]:
        asked, call, shares = judged.asked, judged.call, len(judged.asked.criteria)
        cost = None if call.cost_usd is None else call.cost_usd / shares
        delivered = (None if call.is_kept else call.delivery, call.service_tier)
        for place, verdict in enumerate(judged.verdicts):
            yield VerdictRow(
                record.record_id,
                candidate,
                verdict.criterion,
                asked.judge,
                verdict.score,
                None
                if verdict.score is None
                else self._run.criteria[verdict.criterion].passes(verdict.score),
                verdict.unscored_reason,
                verdict.rationale,
                judged.raw_reply,
                share_of(call.input_tokens, place, shares),
                share_of(call.output_tokens, place, shares),
                cost,
                asked.repeat,
                judged.first_reply,
                record.left_out,
                *delivered,
                share_of(call.cache_read_tokens, place, shares),
                share_of(call.cache_write_tokens, place, shares),
            )

    def _losses(
        self,
        record: PreparedRecord,
        candidate: str,
        got: set[ExpectedCall],
        *,
        has_text: bool,
        unasked: Mapping[ExpectedCall, str] = MappingProxyType({}),
        instead: str | None = None,
    ) -> list[VerdictRow]:
        """
        Return a row for every verdict that should be there and is not: nothing is lost in silence.

        `instead` is the reason where nothing was called, `unasked` those of what was not asked.
        """
        reason = instead or (NO_VERDICT if has_text else NO_RESPONSE)
        rows = [
            _unscored(
                *(record.record_id, candidate, name, asked.judge, unasked.get(asked, reason), None),
                asked.repeat,
            )
            for asked in record.asked
            if asked not in got and not is_called_check(asked.judge)
            for name in asked.criteria
        ]
        for name, why in record.not_applicable.items():
            rows += [
                _unscored(record.record_id, candidate, name, judge, NOT_APPLICABLE, why, 0)
                for judge in self._judges
            ]
        return rows

    def _read_comparison(self, record: PreparedRecord, comparison: Mapping[str, Any]) -> ComparedPair:
        candidate, baseline = comparison["candidate"], comparison["baseline"]
        first = comparison.get("first") or candidate
        asked = (comparison["judge"], comparison.get("criterion"))
        start = (record.record_id, candidate, baseline, *asked, first)
        if (skipped := comparison.get("skipped")) is not None:
            preferred, reason = (TIE, None) if skipped == IDENTICAL else (None, str(skipped))
            return ComparedPair(ComparisonRow(*start, preferred, reason, None, None), None, skipped)
        judge = self._judges[comparison["judge"]]
        error = comparison.get("error")
        replies = _replies(comparison, judge)
        said = self._preference([reply for reply in replies if is_answer(reply)])
        second = baseline if first == candidate else candidate
        places = {"first": first, "second": second, TIE: TIE, None: None}
        raw = {"error": error} if error is not None else comparison.get("reply")
        scores: tuple[float | None, float | None] = said.scores or (None, None)
        call = self._judge_call(judge, comparison, replies)
        row = ComparisonRow(
            *start,
            places[said.place],
            said.unscored_reason,
            said.rationale or None,
            orjson.dumps(raw).decode(),
            *scores,
            record.left_out,
            call.input_tokens,
            call.output_tokens,
            call.cost_usd,
            None if call.is_kept else call.delivery,
            call.service_tier,
            call.cache_read_tokens,
            call.cache_write_tokens,
        )
        return ComparedPair(row, call)

    def _preference(self, replies: Sequence[Reply]) -> Preference:
        if not replies:
            return Preference(place=None, unscored_reason=JUDGE_ERROR)
        said = [self._read_one(reply) for reply in replies]
        # A second asking that brings nothing must not lose what the first reply said.
        return next((one for one in said if one.place is not None), said[0])

    def _read_one(self, reply: Reply) -> Preference:
        heard = _heard(reply)
        if self._asks_scores:
            return read_pair_scores(heard, self._scale, self._pairwise.names)
        return read_preference(
            heard, self._pairwise.names, tie=self._pairwise.tie, tie_words=self._pairwise.tie_words
        )


def _asked_of(judgement: Mapping[str, Any]) -> ExpectedCall:
    return ExpectedCall(judgement["judge"], int(judgement.get("repeat") or 0), tuple(judgement["criteria"]))


def cost_usd(run: RunDefinition, model: str, replies: Iterable[Reply], asked: Delivery) -> float | None:
    """Return what some replies of a model cost together; None when price or tokens are unknown."""
    price = run.prices.get(model)
    if price is None:
        return None
    costs = [cost_of_reply(price, reply, asked) for reply in replies]
    known = [cost for cost in costs if cost is not None]
    # A sum of the known ones would pass for the whole.
    return sum(known) if len(known) == len(costs) else None


def _injection_finder(run: RunDefinition) -> InjectionFinder:
    """Return what finds responses that are meant for this run's judges."""
    texts = [prompt.text for name, prompt in run.prompts.items() if name.startswith("judge/")]
    return InjectionFinder(criteria=run.judged_criteria, judge_prompts=texts)


def is_to_be_judged(row: ResponseRow) -> bool:
    """Tell whether there is a response to judge: one that came, and that no guardrail stopped."""
    return row.response is not None and row.stop_reason != GUARDRAIL_INTERVENED


# stop_reason, input_tokens, output_tokens, latency_ms, cost_usd of a response that is not there
_NOTHING_MEASURED = (None, None, None, None, None)


def _given_reply(response: Mapping[str, Any]) -> Reply:
    text = str(response.get("text") or "")
    if response.get("reply") is not None:
        # Of an earlier run's response the text is apart from its reply, which says what the call took.
        return read_reply("converse", response["reply"])._replace(text=text, error=None)
    said = split_thinking(text)
    return Reply(text=said.text, thinking=said.thinking)


def _replies(answer: Mapping[str, Any], judge: Judge) -> list[Reply]:
    # The last reply counts; what it leaves unscored the first one may still answer.
    raws = [answer[key] for key in ("reply", "first_reply") if answer.get(key) is not None]
    return [read_reply(answer.get("api") or judge.api, raw) for raw in raws]


def _read_all(replies: Sequence[Reply], criteria: Sequence[Criterion], form: Form) -> Sequence[Verdict]:
    if not replies:
        return unscored_verdicts(criteria, JUDGE_ERROR)
    verdicts = _read_one(replies[0], criteria, form)
    if len(replies) == 1 or all(verdict.score is not None for verdict in verdicts):
        return verdicts
    earlier = _read_one(replies[1], criteria, form)
    return [
        old if now.score is None and old.score is not None else now
        for now, old in zip(verdicts, earlier, strict=True)
    ]


def _read_one(reply: Reply, criteria: Sequence[Criterion], form: Form) -> Sequence[Verdict]:
    return read_verdicts(_heard(reply), criteria, form=form)


def _heard(reply: Reply) -> JudgeReply:
    return JudgeReply(text=reply.text, tool_input=reply.tool_input, stop_reason=reply.stop_reason)


def _unscored(
    record_id: str, candidate: str, criterion: str, judge: str, reason: str, why: str | None, repeat: int
) -> VerdictRow:
    return VerdictRow(
        record_id, candidate, criterion, judge, None, None, reason, why, None, None, None, None, repeat
    )


def _error_text(error: object) -> str:
    if not isinstance(error, dict):
        return str(error)
    return f"{error.get('Error') or 'unknown'}: {error.get('Cause') or ''}".rstrip(": ")


def is_skipped_by_budget(output: Mapping[str, Any] | None) -> bool:
    """Tell whether a child was not begun, for the budget was spent."""
    return (output or {}).get("skipped") == SKIPPED_BY_BUDGET


def _missing_text(found: Found) -> str:
    if is_skipped_by_budget(found.output):
        return "skipped: the budget was spent, and nobody was called"
    return f"missing: {found.failure.error}: {found.failure.cause}".rstrip(": ")
