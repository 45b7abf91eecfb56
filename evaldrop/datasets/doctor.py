"""Cheap looks at a dataset's content: what would make an evaluation's numbers say less than they seem to."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from evaldrop.datasets.reading import SeenIds
from evaldrop.datasets.records import Problem, Record

# Below this a reference such as "Yes" or "8" is in many prompts by chance.
MIN_LEAKED_CHARACTERS = 12
# A category with this share of the records decides the mean by itself.
DOMINANT_SHARE = 0.8
MIN_RECORDS_FOR_BALANCE = 20
MAX_LINES_NAMED = 5


@dataclass(slots=True, kw_only=True)
class _Sightings:
    """How often something was seen, and on which lines at first."""

    count: int = 0
    lines: list[int] = field(default_factory=list)

    def add(self, line: int) -> None:
        self.count += 1
        if len(self.lines) < MAX_LINES_NAMED:
            self.lines.append(line)

    def __str__(self) -> str:
        shown = ", ".join(str(line) for line in self.lines)
        rest = self.count - len(self.lines)
        return f"{shown} and {rest:,} more" if rest else shown


def examine_records(records: Iterable[Record], *, source: str) -> tuple[Problem, ...]:
    """
    Warn of repeated prompts, references that their own prompt gives away, and one category above all others.

    Records are read once and not held. There is at most one warning of each kind, with a count and the first
    lines.
    """
    prompts = SeenIds()
    repeated, leaking = _Sightings(), _Sightings()
    categories: Counter[str] = Counter()
    for record in records:
        # The same question on another context is no repetition; NUL keeps the parts from running together.
        question = "\x00".join((record.prompt_text, record.system or "", record.context or ""))
        if prompts.first_line(question, record.line) is not None:
            repeated.add(record.line)
        if _leaks(record):
            leaking.add(record.line)
        # Bounded, since every record may have a category of its own.
        if record.category is not None and (record.category in categories or len(categories) < 10_000):
            categories[record.category] += 1
    findings = []
    if repeated.count:
        what = f"prompts that repeat an earlier one word for word: {repeated.count:,} (lines {repeated})"
        do = "Remove repetitions, or give them one `group`: they are not independent evidence."
        findings.append((what, do))
    if leaking.count:
        what = f"references that stand word for word in their prompt: {leaking.count:,} (lines {leaking})"
        do = "Check that the prompt does not give the answer away; quoted source text belongs in `context`."
        findings.append((what, do))
    findings += _unbalanced(categories)
    return tuple(Problem(source=source, line=None, what=what, do=do) for what, do in findings)


def _leaks(record: Record) -> bool:
    prompt = record.prompt_text.casefold()
    answers = (answer.strip().casefold() for answer in record.reference)
    return any(len(answer) >= MIN_LEAKED_CHARACTERS and answer in prompt for answer in answers)


def _unbalanced(categories: Counter[str]) -> list[tuple[str, str]]:
    total = categories.total()
    if total < MIN_RECORDS_FOR_BALANCE or len(categories) < 2:
        return []
    name, most = categories.most_common(1)[0]
    if most < DOMINANT_SHARE * total:
        return []
    what = f'category "{name[:100]}" holds {most:,} of {total:,} records that have one'
    return [(what, "Read results by category: the overall mean is nearly that category's alone.")]
