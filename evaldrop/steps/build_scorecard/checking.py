"""Looks at responses by a run's checks: no judge, no call, no cost."""

from collections.abc import Iterator, Sequence

from evaldrop.bedrock.families.tool_calls import AskedTool
from evaldrop.checks import CHECKED_BY, Check, Outcome, Subject, ToolCall, check_from_config
from evaldrop.errors import EvaluationError
from evaldrop.run.definition import RunDefinition
from evaldrop.run.records import PreparedRecord
from evaldrop.run.tables import ResponseRow, VerdictRow
from evaldrop.scorecard.scores import NO_RESPONSE, NOT_APPLICABLE

NO_REFERENCE = "no_reference"
"""What a check says that has nothing to compare with."""


class Checking:
    """
    Makes the verdicts of one run's checks.

    `has_any` tells whether there are checks at all.
    """

    def __init__(self, run: RunDefinition) -> None:
        checks = ((name, criterion.check) for name, criterion in run.criteria.items())
        self._own = {name: check for name, check in checks if check is not None}
        self.has_any = bool(self._own)

    def rows(
        self,
        record: PreparedRecord,
        response: ResponseRow,
        tool_calls: Sequence[AskedTool],
        *,
        is_there: bool,
    ) -> Iterator[VerdictRow]:
        """
        Yield a verdict for each check that a record has.

        Args:
            record: The record, with the checks it brings.
            response: A candidate's response to it.
            tool_calls: The tools that the candidate asked for.
            is_there: Whether there is a response to look at; else every check is unscored.
        """
        brought = checks_of(record)
        subject = _subject(record, response, tool_calls) if is_there else None
        for name, check in self._own.items():
            mine = brought.get(name, [])
            if not mine and check.kind.run is None:
                # Somebody else is asked, or other records bring it.
                continue
            said = Outcome(None, None, NO_RESPONSE) if subject is None else _outcome(check, mine, subject)
            yield _row(record.record_id, response.candidate, check, said)


def _row(record_id: str, candidate: str, check: Check, said: Outcome) -> VerdictRow:
    reason, note = said.unscored_reason, said.note
    if reason == NO_REFERENCE:
        reason, note = NOT_APPLICABLE, "needs a reference"
    passed = None if said.score is None else check.passes(said.score)
    asked = (record_id, candidate, check.name, CHECKED_BY)
    # No reply and no tokens, and it cost nothing, which is known.
    return VerdictRow(*asked, said.score, passed, reason, note, None, None, None, 0.0)


def _outcome(check: Check, brought: Sequence[Check], subject: Subject) -> Outcome:
    """Return what a check says, or, where the record brings its own by this name, what those say together."""
    if not brought:
        return check.run(subject)
    if len(brought) == 1 and brought[0].kind is check.kind:
        return brought[0].run(subject)
    said = [(each, each.run(subject)) for each in brought]
    missing = next((one for _, one in said if one.score is None), None)
    failed = [one for each, one in said if one.score is not None and not each.passes(one.score)]
    notes = "; ".join(one.note for one in (failed or [one for _, one in said]) if one.note) or None
    # Of a fraction of which little is good, nothing is best.
    worst, best = (0.0, 1.0) if check.higher_is_better else (1.0, 0.0)
    if failed:
        # One that does not hold decides, whatever could not be said of others.
        return Outcome(worst, notes)
    return missing if missing is not None else Outcome(best, notes)


def checks_of(record: PreparedRecord) -> dict[str, list[Check]]:
    """Return the checks that a record brings, by name."""
    found: dict[str, list[Check]] = {}
    for config in record.checks:
        try:
            check = check_from_config(config, path="checks")
        except EvaluationError:
            # A row with such a check is refused; this one was read by a version that knew the kind.
            continue
        found.setdefault(check.name, []).append(check)
    return found


def _subject(record: PreparedRecord, response: ResponseRow, tool_calls: Sequence[AskedTool]) -> Subject:
    return Subject(
        response=response.response or "",
        references=record.reference,
        prompt=record.prompt,
        context=record.context,
        metadata=record.metadata,
        latency_ms=response.latency_ms,
        cost_usd=response.cost_usd,
        tool_calls=tuple(ToolCall(*each) for each in tool_calls),
    )
