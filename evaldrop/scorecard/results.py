"""What a record came to: a candidate's response, its verdicts and scores, and the calls behind them."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from evaldrop.bedrock.billing import FLEX
from evaldrop.bedrock.families.replies import GUARDRAIL_INTERVENED, Reply, is_answer
from evaldrop.evaluation.delivery import Delivery
from evaldrop.run.results import ChildFailure
from evaldrop.run.tables import ComparisonRow, ResponseRow, VerdictRow
from evaldrop.scorecard.scores import RecordScore

BLOCKED, REFUSED, PASSED, UNKNOWN = range(4)
IDENTICAL, MISSING = "identical", "missing"

REFUSALS = frozenset({"refusal", "content_filtered"})
"""Stop reasons of a model that refused, or whose own filter did; a guardrail's is not among them."""
CUT_OFF = frozenset({"max_tokens", "model_context_window_exceeded"})
"""Stop reasons of a response that was not finished."""


class JudgeCall(NamedTuple):
    """
    A call of a judge, for its health and its cost. `cost_usd` is None when unknown.

    `error` is what the workflow caught, {"Error", "Cause"}, or why its reply is no answer; None for a call
    that did not fail. `stop_reasons` are those of its replies. `delivery` is how it was asked for, and
    `service_tier` the tier that served it; cached tokens are among the input.
    """

    judge: str
    error: object
    asked_again: bool
    retries: int
    input_tokens: int
    output_tokens: int
    cost_usd: float | None
    is_kept: bool = False
    saved_usd: float | None = 0.0
    thinks: bool = False
    stop_reasons: Sequence[str] = ()
    is_answered: bool = True
    delivery: Delivery = "on_demand"
    service_tier: str | None = None
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0

    @classmethod
    def of(
        cls,
        judge: str,
        answer: Mapping[str, Any],
        replies: Sequence[Reply],
        cost_usd: float | None,
        *,
        delivery: Delivery,
    ) -> "JudgeCall":
        """Return the call behind a judge's answer; an earlier run's is not paid for again."""
        is_kept = bool(answer.get("kept"))
        # A first reply that is an answer stands in for a second one that is none.
        is_answered = any(is_answer(reply) for reply in replies)
        unread = None if is_answered else next((reply.error for reply in replies), None)
        return cls(
            judge,
            answer.get("error") or unread,
            answer.get("first_reply") is not None,
            int(answer.get("retries") or 0),
            sum(reply.input_tokens or 0 for reply in replies),
            sum(reply.output_tokens or 0 for reply in replies),
            # Paid for in the earlier run: counted here too, two runs would add up to more than the bill.
            0.0 if is_kept else cost_usd,
            is_kept,
            cost_usd if is_kept else 0.0,
            any(reply.thinking for reply in replies),
            [reply.stop_reason for reply in replies if reply.stop_reason],
            bool(replies),
            delivery,
            _service_tier(replies),
            sum(reply.cache_read_tokens for reply in replies),
            sum(reply.cache_write_tokens for reply in replies),
        )


def _service_tier(replies: Sequence[Reply]) -> str | None:
    """Return the tier that served a call; of two replies, one that was not served in flex."""
    tiers = [reply.service_tier for reply in replies if reply.service_tier is not None]
    return next((tier for tier in tiers if tier != FLEX), next(iter(tiers), None))


class CandidateResult(NamedTuple):
    """
    What a candidate's response to one record is and was judged to be.

    `is_reused`: a call of an earlier run brought it; `saved_usd` is what it cost there. A response that came
    with the dataset was no call. `is_skipped`: its record was not begun, and nobody was called.
    """

    response: ResponseRow
    verdicts: list[VerdictRow]
    scores: dict[str, RecordScore]
    judge_calls: list[JudgeCall]
    error: Mapping[str, Any] | None
    is_missing: bool
    retries: int
    is_reused: bool = False
    saved_usd: float | None = 0.0
    is_skipped: bool = False


class AnchorResult(NamedTuple):
    """What the judges made of an anchor."""

    verdicts: list[VerdictRow]
    judge_calls: list[JudgeCall]


class ComparedPair(NamedTuple):
    """A comparison, the judge's call where there was one, and why there was none: IDENTICAL, MISSING."""

    row: ComparisonRow
    call: JudgeCall | None
    skipped: str | None = None


class Repeat(NamedTuple):
    """What a record took that was evaluated again: paid for, and in no other number."""

    candidates: Sequence[CandidateResult]
    judge_calls: Sequence[JudgeCall]


class RecordResults(NamedTuple):
    """
    All that came of a line of `records.jsonl`.

    Attributes:
        ordinal: Its place in the file, 0 for the first: it tells what came first when parts are merged.
        candidates: A result per candidate, in the evaluation's order; none for an anchor.
        failure: Why there is no output; None where there is one.
        anchor: Of an anchor, what judges made of it.
        original: Of a perturbed copy, what came of its record.
        is_skipped: It was not begun: the budget was spent.
    """

    ordinal: int
    candidates: Sequence[CandidateResult]
    compared: Sequence[ComparedPair] = ()
    failure: ChildFailure | None = None
    repeats: Sequence[Repeat] = ()
    anchor: AnchorResult | None = None
    original: "RecordResults | None" = None
    is_skipped: bool = False


def share_of(total: int, place: int, shares: int) -> int:
    """Return a whole share of a total, such that all shares add up to it."""
    return (place + 1) * total // shares - place * total // shares


def error_name(error: object) -> str:
    """Return the name of what the workflow caught; of something that is not {"Error", "Cause"}, "unknown"."""
    return str((isinstance(error, Mapping) and error.get("Error")) or "unknown")


def end_of(row: ResponseRow) -> int:
    """Return how a request ended: BLOCKED, REFUSED, PASSED, or UNKNOWN."""
    if row.response is None or (row.reused and row.stop_reason is None):
        # A text that came with the dataset does not say whether a guardrail wrote it.
        return UNKNOWN
    if row.stop_reason == GUARDRAIL_INTERVENED:
        return BLOCKED
    # By the stop reason alone: a refusal in the model's own words is a text like any other.
    return REFUSED if row.stop_reason in REFUSALS else PASSED


def is_paid_for(row: ResponseRow) -> bool:
    """Tell whether a model replied: of a reply that is no answer, too, its tokens are billed."""
    return row.response is not None or row.stop_reason is not None or row.input_tokens is not None


def is_wrong(row: ResponseRow) -> bool:
    """Tell whether a bad request got through, or a good one was stopped."""
    end = end_of(row)
    return (row.expected_blocked is True and end == PASSED) or (
        row.expected_blocked is False and end == BLOCKED
    )
