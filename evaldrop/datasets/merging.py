"""Several models' answers to one question, each on a row of its own, become one record with all of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from evaldrop.datasets.records import Record
from evaldrop.datasets.seen import SeenIds

# Records wait for further answers until so much text waits; then the oldest goes on without.
MAX_WAITING_CHARACTERS = 32 * 1024 * 1024

_Row = TypeVar("_Row")


@dataclass(slots=True)
class Gathered(Generic[_Row]):
    """A record, and the row that began it."""

    record: Record
    row: _Row


class AnswerMerger(Generic[_Row]):
    """
    Gathers rows that ask the same.

    A model's second answer to one question begins a second record: it is another sample, or the question is
    there twice.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, list[Gathered[_Row]]] = {}
        self._n_characters = 0
        self._gone = SeenIds()

    def join(self, record: Record) -> bool:
        """Add a row's answers to an earlier record that asks the same; tell whether there is one."""
        for gathered in self._waiting.get(_question(record), ()):
            if not gathered.record.responses.keys() & record.responses.keys():
                gathered.record = _joined(gathered.record, record)
                self._n_characters += _size(record)
                return True
        return False

    def gone_line(self, record: Record) -> int | None:
        """Return the line of the record that a row would have joined, had it not gone on already."""
        key = _question(record)
        return None if key in self._waiting else self._gone.seen_line(key)

    def begin(self, record: Record, row: _Row) -> None:
        """Let a record wait for further answers."""
        self._waiting.setdefault(_question(record), []).append(Gathered(record, row))
        self._n_characters += _size(record)

    def overflow(self) -> Iterator[Gathered[_Row]]:
        """Yield what can wait no longer, the oldest first."""
        while self._n_characters > MAX_WAITING_CHARACTERS and len(self._waiting) > 1:
            key = next(iter(self._waiting))
            for gathered in self._waiting.pop(key):
                self._gone.first_line(key, gathered.record.line)
                self._n_characters -= _size(gathered.record)
                yield gathered

    def rest(self) -> Iterator[Gathered[_Row]]:
        """Yield what waits, in the order of the rows."""
        everything = [gathered for alike in self._waiting.values() for gathered in alike]
        yield from sorted(everything, key=lambda gathered: gathered.record.line)


def _size(record: Record) -> int:
    return len(_question(record)) + sum(map(len, record.responses.values()))


def _question(record: Record) -> str:
    """Return what makes two rows the same question."""
    return "\x00".join((record.prompt_text, record.system or "", record.context or "", record.category or ""))


def _joined(first: Record, further: Record) -> Record:
    """Add a row's answers to the record of an earlier one; what only the later row has is taken as well."""
    return first.model_copy(
        update={
            "responses": {**first.responses, **further.responses},
            "reference": first.reference or further.reference,
            "criteria": {**further.criteria, **first.criteria},
            "checks": (*first.checks, *(each for each in further.checks if each not in first.checks)),
            "metadata": {**further.metadata, **first.metadata},
        }
    )
