"""Cheap looks at a dataset's content: what would make an evaluation's numbers say less than they seem to."""

import re
from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Self

from evaldrop.datasets.advice import unseen
from evaldrop.datasets.choices import Choices
from evaldrop.datasets.records import Problem, Record, Unit
from evaldrop.datasets.seen import SeenIds, digest_of

# Below this a reference such as "Yes" or "8" is in many prompts by chance.
MIN_LEAKED_CHARACTERS = 12
# A category with this share of the records decides the mean by itself.
DOMINANT_SHARE = 0.8
MIN_PROMPT_CHARACTERS = 3
MIN_RECORDS_FOR_BALANCE = 20
MIN_CHOICES_FOR_BALANCE = 5
MAX_LINES_NAMED = 5
# Repetitions are looked for among as many records: each costs up to 117 bytes.
MAX_COMPARED = 300_000
MAX_CATEGORIES = 10_000

# What stands in a table's cell that nobody filled in.
_EMPTY = re.compile(
    r"[\W_]*|n/?a|none|null|nil|nan|undefined|tbd|todo|xxx+|lorem ipsum|#(n/a|ref!|value!|name\?)",
    re.IGNORECASE,
)
_MAX_EMPTY_CHARACTERS = 20
# What a record has, as bits.
_REFERENCE, _GROUP = 1, 2


@dataclass(slots=True, kw_only=True)
class Sightings:
    """How often something was seen, and on which lines (or whatever its file counts by) at first."""

    unit: Unit = "line"
    count: int = 0
    lines: list[str] = field(default_factory=list)

    def add(self, line: object) -> None:
        """Count it on a line."""
        self.count += 1
        if len(self.lines) < MAX_LINES_NAMED:
            self.lines.append(str(line))

    def merge(self, other: Self) -> None:
        """Add what was seen further down."""
        self.count += other.count
        self.lines += other.lines[: MAX_LINES_NAMED - len(self.lines)]

    def __str__(self) -> str:
        rest = self.count - len(self.lines)
        more = f" and {rest:,} more" if rest else ""
        plural = "s" if self.count > 1 or " and " in self.lines[0] else ""
        return f"{self.count:,} ({self.unit}{plural} {', '.join(self.lines)}{more})"


class _Asked:
    """What records ask and which answers are right, as digests: repetitions are looked for at the end."""

    def __init__(self) -> None:
        self._questions, self._answers = array("Q"), array("Q")
        self._lines, self._has = array("I"), array("B")

    def add(self, record: Record) -> None:
        """Take up a record."""
        if len(self._lines) >= MAX_COMPARED:
            return
        # The same question on another context is no repetition; NUL keeps the parts from running together.
        asked = (record.prompt_text, record.system or "", record.context or "")
        question = "\x00".join(" ".join(part.casefold().split()) for part in asked)
        ideal = "\x00".join(sorted(" ".join(each.casefold().split()) for each in record.reference))
        self._questions.append(digest_of(question))
        self._answers.append(digest_of(f"{question}\x00\x00{ideal}"))
        self._lines.append(record.line)
        self._has.append(bool(record.reference) * _REFERENCE + (record.group is not None) * _GROUP)

    def merge(self, other: Self) -> None:
        """Take up what the part that follows asks."""
        room = MAX_COMPARED - len(self._lines)
        self._questions += other._questions[:room]
        self._answers += other._answers[:room]
        self._lines += other._lines[:room]
        self._has += other._has[:room]

    def repetitions(self) -> tuple[Sightings, Sightings]:
        """Return prompts that repeat an earlier one, and those whose references contradict it."""
        prompts, answers = SeenIds(), SeenIds()
        repeated, contradicting = Sightings(), Sightings()
        for question, answer, line, has in zip(
            self._questions, self._answers, self._lines, self._has, strict=True
        ):
            first, other = prompts.note(question, line), answers.note(answer, line)
            if first is None:
                continue
            if other is None and has & _REFERENCE:
                contradicting.add(f"{first} and {line}")
            # One group is how a dataset says that it knows: its records are not counted as independent.
            elif not has & _GROUP:
                repeated.add(line)
        return repeated, contradicting


class Doctor:
    """
    Looks at records one by one, holds none, and names what it found.

    There is at most one finding of each kind, with a count and the first lines.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._n_records = 0
        self._asked = _Asked()
        self._repeated, self._contradicting = Sightings(), Sightings()
        self._leaking, self._blank_prompts, self._blank_references = Sightings(), Sightings(), Sightings()
        self._unseen_ids, self._unseen_names = Sightings(), Sightings()
        self._categories: Counter[str] = Counter()
        self._letters: Counter[str] = Counter()

    def add(self, record: Record, choices: Choices | None = None) -> None:
        """Look at one record, and at the choices that its prompt shows."""
        self._asked.add(record)
        # The right choice stands in its prompt.
        if choices is None and _leaks(record):
            self._leaking.add(record.line)
        if choices is not None and record.reference:
            self._letters[record.reference[0]] += 1
        self._n_records += 1
        # Of Chinese, two characters may be a question.
        asked = record.prompt_text.strip()
        if _is_blank(asked) or (len(asked) < MIN_PROMPT_CHARACTERS and asked.isascii()):
            self._blank_prompts.add(record.line)
        # Of a classification "none" may be the right answer; it is not when others say it at length.
        if record.reference and all(map(_is_blank, record.reference)) and choices is None:
            self._blank_references.add(record.line)
        if unseen(record.id):
            self._unseen_ids.add(f"{record.line} with {unseen(record.id)}")
        names = (record.category or "", record.group or "", *record.responses, *record.criteria)
        if found := unseen("".join(names)):
            self._unseen_names.add(f"{record.line} with {found}")
        # Bounded, since every record may have a category of its own.
        if record.category is not None and (
            record.category in self._categories or len(self._categories) < MAX_CATEGORIES
        ):
            self._categories[record.category] += 1

    def merge(self, other: Self) -> None:
        """Add what was seen in the part that follows."""
        self._asked.merge(other._asked)
        self._n_records += other._n_records
        for mine, theirs in zip(self._sightings, other._sightings, strict=True):
            mine.merge(theirs)
        self._letters.update(other._letters)
        for category, n in other._categories.items():
            if category in self._categories or len(self._categories) < MAX_CATEGORIES:
                self._categories[category] += n

    @property
    def _sightings(self) -> tuple[Sightings, ...]:
        return (
            self._leaking, self._blank_prompts, self._blank_references, self._unseen_ids, self._unseen_names,
        )  # fmt: skip

    def findings(self, unit: Unit = "line") -> tuple[Problem, ...]:
        """Return what was found, worst first; `unit` is what the file's rows are counted by."""
        self._repeated, self._contradicting = self._asked.repetitions()
        for seen in (self._repeated, self._contradicting, *self._sightings):
            seen.unit = unit
        return tuple(Problem(source=self._source, line=None, what=what, do=do) for what, do in self._found())

    def _found(self) -> Iterator[tuple[str, str]]:
        if self._contradicting.count:
            what = f"the same prompt with different references: {self._contradicting}"
            yield what, "One of them is wrong, or both are right: then give both as a list on one record."
        if self._repeated.count:
            what = f"prompts that repeat an earlier one, word for word: {self._repeated}"
            yield what, "Remove repetitions, or give them one `group`: they are not independent evidence."
        if self._leaking.count:
            what = f"references that stand word for word in their prompt: {self._leaking}"
            yield (
                what,
                "See whether the prompt gives the answer away; a text to rely on belongs in `context`.",
            )
        yield from self._blank()
        if self._unseen_ids.count:
            what = f"ids with characters that are not seen: {self._unseen_ids}"
            yield what, "Remove them: labels and other runs find a record by its id."
        if self._unseen_names.count:
            what = f"names with characters that are not seen: {self._unseen_names}"
            yield (
                what,
                "Remove them: such a category, group, candidate or criterion is not the one it looks like.",
            )
        yield from _unbalanced(self._categories)
        yield from _one_letter(self._letters)

    def _blank(self) -> Iterator[tuple[str, str]]:
        # Where most are as short, they are meant.
        if 0 < self._blank_prompts.count * 2 < self._n_records:
            yield (
                f"prompts that say next to nothing: {self._blank_prompts}",
                "Write them, or remove the rows.",
            )
        if 0 < self._blank_references.count * 2 < self._n_records:
            what = f"references that say next to nothing: {self._blank_references}"
            yield what, "Write them, or leave them out: a response is held against what is there."


def _is_blank(text: str) -> bool:
    return len(text) <= _MAX_EMPTY_CHARACTERS and _EMPTY.fullmatch(text.strip()) is not None


def _leaks(record: Record) -> bool:
    prompt = record.prompt_text.casefold()
    answers = (answer.strip().casefold() for answer in record.reference)
    return any(len(answer) >= MIN_LEAKED_CHARACTERS and answer in prompt for answer in answers)


def _unbalanced(categories: Counter[str]) -> Iterator[tuple[str, str]]:
    total = categories.total()
    if total < MIN_RECORDS_FOR_BALANCE or len(categories) < 2:
        return
    name, most = categories.most_common(1)[0]
    if most >= DOMINANT_SHARE * total:
        what = f'category "{name[:100]}" holds {most:,} of {total:,} records that have one'
        yield what, "Read results by category: the overall mean is nearly that category's alone."


def _one_letter(letters: Counter[str]) -> Iterator[tuple[str, str]]:
    total = letters.total()
    if total < MIN_CHOICES_FOR_BALANCE:
        return
    letter, most = letters.most_common(1)[0]
    if most >= DOMINANT_SHARE * total:
        what = f"the right choice is {letter} in {most:,} of {total:,} records"
        yield what, f"Shuffle the choices: a model that always says {letter} would seem to know."
