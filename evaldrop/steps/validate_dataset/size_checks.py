"""
Looks at long records one by one before any money is spent: which cannot be sent, and what the others take.

A record of the usual length costs no more than a look at the lengths of its texts.
"""

from collections.abc import Iterator
from typing import Any

from evaldrop.datasets import Record
from evaldrop.run.definition import RunDefinition
from evaldrop.steps.prepare_records.pair_texts import pairs
from evaldrop.steps.validate_dataset.plan import Counting, judge_calls


class LongChecks:
    """
    Looks at one record after another.

    Args:
        definition: The run.
        source: The dataset's name, as problems show it.
        counting: Counts the calls of long records; a sample could miss them, or take them for many.

    Attributes:
        problems: What is too long, a sentence each: its line, its size, what to do.
    """

    def __init__(self, definition: RunDefinition, source: str, counting: Counting) -> None:
        self._counting = counting
        self._source = source
        self._requests = _requests_of(definition)
        self.problems: list[str] = []

    def takes(self, record: Record) -> bool:
        """Tell whether a record is so long that it is looked at by itself, and look at it."""
        if not self._may_be_too_long(record):
            return False
        refusal = self._counting.add(record)
        if refusal is not None:
            self.problems.append(f"{self._source} line {record.line}: {refusal}")
        return True

    def _may_be_too_long(self, record: Record) -> bool:
        # Half of the room is for what is not the record's: prompts, criteria, fences.
        room = self._counting.preparing.room / 2 / self._requests
        # A character has at most four bytes.
        if sum(map(len, _texts(record))) * 4 <= room:
            return False
        return sum(len(text.encode(errors="replace")) for text in _texts(record)) > room


def _requests_of(definition: RunDefinition) -> int:
    """Return how often a child's input may hold a record's text."""
    evaluation = definition.evaluation
    shown = judge_calls(evaluation, len(definition.criteria))
    # Twice: whichever orders are chosen, this is only to look at too many records, not at too few.
    compared = 2 * sum(1 for _ in pairs(evaluation))
    return len(evaluation.candidates) + shown + len(evaluation.judges) * compared


def _texts(record: Record) -> Iterator[str]:
    if record.messages:
        yield from (message.content for message in record.messages)
    else:
        yield record.prompt_text
    yield record.system or ""
    yield record.context or ""
    yield from record.reference
    yield from record.responses.values()
    yield from _texts_in(record.metadata)


def _texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts_in(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts_in(each)
