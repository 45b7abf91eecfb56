"""
A look at every record before a run: which cannot be sent, what the others take, a sample of the usual.

Parts of a dataset are looked at apart, in any processes, and their looks merged in the dataset's order.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, Self

import orjson

from evaldrop.datasets import Record
from evaldrop.evaluation.definition import GIVEN
from evaldrop.evaluation.questions import compared_pairs
from evaldrop.job_formats.limits import MAX_PROMPT_BYTES
from evaldrop.run.definition import RunDefinition
from evaldrop.run.records import texts_in
from evaldrop.steps.prepare_records.kept_replies import ParentReplies
from evaldrop.steps.validate_dataset.caps import Caps
from evaldrop.steps.validate_dataset.plan import SAMPLE_RECORDS, Counting, judge_calls
from evaldrop.steps.validate_dataset.planning_searches import MOST_COUNTED, SplitRecords

_WORD = (1 << 64) - 1


def sample_step(records: int) -> int:
    """Return of how many records one is in the sample."""
    return max(1, records // SAMPLE_RECORDS)


def is_in_sample(ordinal: int, step: int) -> bool:
    """
    Tell whether a record is in the sample, by its place.

    Spread over the dataset, for the first records alone may all be of one kind; and not in even steps, for
    kinds may take turns. By Fibonacci hashing (Knuth 1973).
    """
    return ((ordinal * 0x9E3779B97F4A7C15 & _WORD) >> 32) % step == 0


class LookAtRecords:
    """
    What a look at records found.

    Args:
        definition: The run.
        parent: What a rejudged run takes from its parent.
        place: Where a record's number belongs, such as "faq.jsonl line".
        caps: What the stack lets a run ask.

    Attributes:
        counting: The calls of those that were counted as themselves.
        checks: What is wrong with records, and unusual.
    """

    def __init__(
        self, definition: RunDefinition, parent: ParentReplies | None, *, place: str, caps: Caps
    ) -> None:
        self.counting = Counting(definition, parent)
        self.checks = RecordChecks(definition, place, self.counting, caps)
        self._sample: list[Record] = []
        self._first: Record | None = None

    @property
    def sample(self) -> list[Record]:
        """Records that represent the usual ones; empty where there are none."""
        return self._sample or ([self._first] if self._first else [])

    def take(self, records: Iterable[Record], *, step: int, first: int = 0) -> None:
        """
        LookAtRecords at records.

        Args:
            records: One after the other.
            step: Of how many one is in the sample.
            first: The place of the first of them among all.

        Raises:
            BudgetExceeded: There are more calls than the stack allows a run.
        """
        for ordinal, record in enumerate(records, start=first):
            # One that is counted as itself would weigh as much as hundreds in the sample.
            if self.checks.takes(record):
                continue
            self._first = self._first or record
            if is_in_sample(ordinal, step):
                self._sample.append(record)

    def merge(self, other: Self) -> None:
        """Add what was found in the part that follows."""
        self.counting.merge(other.counting)
        self.checks.merge(other.checks)
        self._sample += other._sample
        self._first = self._first or other._first

    def to_json(self) -> bytes:
        """Return what was found as JSON."""
        return orjson.dumps(
            {
                "counting": self.counting.state(),
                "checks": self.checks.state(),
                "sample": [each.model_dump(mode="json") for each in self._sample],
                "first": self._first and self._first.model_dump(mode="json"),
            }
        )

    def read_json(self, content: bytes) -> None:
        """
        Take up what `to_json` gave.

        Raises:
            ValueError: It is something else.
        """
        read = orjson.loads(content)
        self.counting.restore(read["counting"])
        self.checks.restore(read["checks"])
        self._sample = [Record.model_validate(each) for each in read["sample"]]
        self._first = read["first"] and Record.model_validate(read["first"])


class Picking:
    """
    Takes the records that prompts are tuned on out of a run's, and keeps those that its searches are counted
    on, spread over the ones that prompts are tried on.
    """

    def __init__(self, split: SplitRecords, tried: list[Record], *, all_of_them: bool) -> None:
        self.split = split
        step = 1 if all_of_them else max(1, len(split.tried) // MOST_COUNTED)
        self._wanted = frozenset(split.tried[::step])
        self._tried = tried

    def takes(self, record: Record) -> bool:
        """Tell whether a prompt is tuned on a record."""
        if record.id in self._wanted:
            self._tried.append(record)
        return record.id in self.split.parts


class RecordChecks:
    """
    Looks one by one at records that are long or whose conversation is unusual: which cannot be sent, and what
    the others take.

    `problems` says which cannot: their lines, why, what to do. `n_joined` counts those whose messages of one
    role in a row are sent as one, `n_too_long_for_jobs` those whose prompt no evaluation job takes.
    """

    def __init__(self, definition: RunDefinition, place: str, counting: Counting, caps: Caps) -> None:
        self._counting = counting
        self._caps = caps
        self._place = place
        evaluation = definition.evaluation
        shown = judge_calls(evaluation, len(definition.judged_criteria))
        # Twice: whichever orders are chosen, this is only to look at too many records, not at too few.
        compared = 2 * sum(1 for _ in compared_pairs(evaluation))
        # How often a child's input may hold a record's text.
        self._requests = len(evaluation.candidates) + shown + len(evaluation.called_judges) * compared
        self.problems: list[str] = []
        self.n_joined = 0
        self.n_too_long_for_jobs = 0
        self._is_calling = any(candidate.model != GIVEN for candidate in evaluation.candidates)

    def takes(self, record: Record) -> bool:
        """
        Tell whether a record may be refused, so that it is looked at by itself, and look at it.

        Raises:
            BudgetExceeded: With it there are more calls than the stack allows a run.
        """
        self.n_too_long_for_jobs += len(record.prompt_text.encode()) > MAX_PROMPT_BYTES
        is_unusual = self._is_irregular(record) or self._may_be_too_long(record)
        if not (is_unusual or self._caps.counts_every_record):
            return False
        refusal = self._counting.add(record)
        # Here and not at the end: counting a million copies takes longer than a function has.
        self._caps.refuse_calls(self._counting.n_calls, so_far=f" for its first {self._counting.n:,} records")
        if refusal is not None:
            self.problems.append(f"{self._place} {record.line}: {refusal}")
        return True

    def merge(self, other: Self) -> None:
        """Add what was found in the part that follows."""
        self.problems += other.problems
        self.n_joined += other.n_joined
        self.n_too_long_for_jobs += other.n_too_long_for_jobs

    def state(self) -> list[Any]:
        """Return what was found as plain data."""
        return [self.problems, self.n_joined, self.n_too_long_for_jobs]

    def restore(self, state: Sequence[Any]) -> None:
        """Take up what `state` gave."""
        self.problems, self.n_joined, self.n_too_long_for_jobs = list(state[0]), state[1], state[2]

    def _is_irregular(self, record: Record) -> bool:
        if len(record.messages) < 2 or not self._is_calling:
            return False
        # Which of those are refused depends on who is called.
        roles = [message.role for message in record.messages if message.role != "system"]
        in_a_row = any(first == second for first, second in pairwise(roles))
        self.n_joined += in_a_row
        return roles[:1] != ["user"] or roles[-1] != "user"

    def _may_be_too_long(self, record: Record) -> bool:
        # A record of the usual length costs no more than a look at the lengths of its texts.
        # Half of the room is for what is not the record's: prompts, criteria, fences.
        room = self._counting.preparing.room / 2 / self._requests
        asked = [message.content for message in record.messages] or record.prompt_text
        others = (record.system, record.context, record.reference, record.responses, record.metadata)
        texts = list(texts_in((asked, *others)))
        # A character has at most four bytes.
        if sum(map(len, texts)) * 4 <= room:
            return False
        return sum(len(text.encode(errors="replace")) for text in texts) > room
