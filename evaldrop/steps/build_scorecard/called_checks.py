"""Reads what was answered to called checks: how near a response is to its references, how severe it is."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from evaldrop.bedrock.families.called import embedding_of, severities_of
from evaldrop.bedrock.families.replies import read_reply
from evaldrop.checks import CHECKED_BY, Outcome
from evaldrop.evaluation.called_checks import EMBED, CalledCheck, is_called_check
from evaldrop.run.definition import RunDefinition
from evaldrop.run.records import PreparedRecord
from evaldrop.run.tables import VerdictRow
from evaldrop.scorecard.results import JudgeCall
from evaldrop.scorecard.scores import JUDGE_ERROR, NO_RESPONSE, NO_VERDICT, NOT_APPLICABLE

JSON = Mapping[str, Any]


class CalledVerdicts(NamedTuple):
    """The verdicts of a response's called checks, and the calls behind them."""

    rows: list[VerdictRow]
    calls: list[JudgeCall]


class CalledChecks:
    """Makes the verdicts of one run's called checks."""

    def __init__(self, run: RunDefinition) -> None:
        self._run = run
        self._checks = run.called_checks

    def read(
        self,
        record: PreparedRecord,
        candidate: str,
        judgements: Sequence[JSON],
        *,
        is_there: bool,
        instead: str | None = None,
    ) -> CalledVerdicts:
        """
        Return a verdict for each check that is asked about a record.

        Args:
            record: The record.
            candidate: Whose response it is.
            judgements: What the workflow brought of the response, judges' answers among it.
            is_there: Whether there is a response to ask about.
            instead: Why nothing was asked, where that was the run's decision.
        """
        found = CalledVerdicts([], [])
        own = {check.get("name") for check in record.checks if isinstance(check, Mapping)}
        for check in self._checks:
            answers = [each for each in judgements if each["judge"] == check.name]
            calls = [self._call(check, each) for each in answers]
            found.calls.extend(calls)
            if check.check.name in own:
                continue
            asked = sum(1 for each in record.asked if each.judge == check.name)
            if not asked:
                said = Outcome(None, "needs a reference", NOT_APPLICABLE)
            elif not answers:
                said = Outcome(None, None, instead or (NO_VERDICT if is_there else NO_RESPONSE))
            else:
                said = _outcome(check, answers, asked)
            found.rows.append(self._row(record.record_id, candidate, check, said, answers, calls))
        return found

    def _call(self, check: CalledCheck, answer: JSON) -> JudgeCall:
        replies = [read_reply(check.api, answer["reply"])] if answer.get("reply") is not None else []
        price = self._run.prices.get(check.model)
        units = [reply.input_tokens for reply in replies]
        cost: float | None = None
        if price is not None and None not in units:
            cost = sum(n for n in units if n is not None) * price.input / 1_000_000
        elif not replies:
            # Refused, or lost before it was answered.
            cost = 0.0
        return JudgeCall.of(check.name, answer, replies, cost, delivery="on_demand")

    def _row(
        self,
        record_id: str,
        candidate: str,
        check: CalledCheck,
        said: Outcome,
        answers: Sequence[JSON],
        calls: Sequence[JudgeCall],
    ) -> VerdictRow:
        costs = [call.cost_usd for call in calls]
        cost = None if None in costs else sum(each for each in costs if each is not None)
        passed = None if said.score is None else check.check.passes(said.score)
        # An embedding's numbers tell nobody anything, and would be most of a table.
        raw = [each.get("error") or {} if check.api == EMBED else each.get("reply") for each in answers[:1]]
        shown = orjson.dumps(raw[0]).decode() if raw and raw[0] else None
        units = sum(call.input_tokens for call in calls)
        return VerdictRow(
            *(record_id, candidate, check.check.name, CHECKED_BY, said.score, passed),
            *(said.unscored_reason, said.note, shown, units, 0, cost),
        )


def own_judgements(judgements: Iterable[JSON]) -> list[JSON]:
    """Return those of a response's judgements that judges gave."""
    return [each for each in judgements if not is_called_check(each["judge"])]


def _outcome(check: CalledCheck, answers: Sequence[JSON], asked: int) -> Outcome:
    failed = next((each["error"] for each in answers if each.get("error") is not None), None)
    if failed is None:
        replies = [each["reply"] for each in answers if each.get("reply") is not None]
        failed = next((said for raw in replies if (said := read_reply(check.api, raw).error)), None)
    if failed is None and len(answers) < asked:
        return Outcome(None, None, NO_VERDICT)
    if failed is not None:
        return Outcome(None, f"{failed.get('Error')}: {failed.get('Cause')}"[:500], JUDGE_ERROR)
    if check.api == EMBED:
        return _similarity({int(each.get("repeat") or 0): embedding_of(each["reply"]) for each in answers})
    severities = severities_of(answers[0]["reply"])
    most = max(severities.values())
    return Outcome(most, ", ".join(f"{one} {value:g}" for one, value in severities.items()) if most else None)


def _similarity(embeddings: Mapping[int, Sequence[float]]) -> Outcome:
    response = embeddings.get(0, ())
    others = {place: vector for place, vector in embeddings.items() if place}
    near = {place: cosine(response, vector) for place, vector in others.items()}
    place, best = max(near.items(), key=lambda each: (each[1], -each[0]))
    # What points away is as unlike as anything can be.
    score = min(1.0, max(0.0, best))
    which = f" (reference {place} of {len(others)} is the nearest)" if len(others) > 1 else ""
    return Outcome(score, f"cosine {best:.3f}{which}")


def cosine(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the cosine of two vectors; 0 where one of them is no direction, or they are of two lengths."""
    size = math.hypot(*one) * math.hypot(*other)
    if len(one) != len(other) or not size:
        return 0.0
    return math.fsum(a * b for a, b in zip(one, other, strict=True)) / size
