"""
Whether prompts quote records: runs of words that both have.

The records stream by, however many there are; what is kept are the runs of the prompts, which are few.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from evaldrop.prompt_search.state import Part
from evaldrop.verdicts.injection import fold

RUN, REFERENCE_RUN = 8, 6
"""Words in a row that quote a record's texts, and its references, which are short."""

WHOLE: Final = 5
"""Words of the shortest text that is quoted by having all of it."""

COMMON_SHARE: Final = 0.02
"""A run that this share of the groups has, 3 to 20 of them, is how the dataset puts things."""
_COMMON_LEAST, _COMMON_MOST = 3, 20
_ENOUGH_GROUPS = int(_COMMON_MOST / COMMON_SHARE)

# Scripts without blanks: two characters make about a word of others.
_NO_BLANKS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
_WORD = re.compile(rf"[{_NO_BLANKS}]|[^\W_{_NO_BLANKS}]+")
_ASCII_WORD = re.compile(r"[a-z0-9]+")
_CHARACTER = re.compile(f"[{_NO_BLANKS}]")

Run = tuple[str, ...]


class SeenRecord(NamedTuple):
    """
    What of a record a prompt must not quote.

    Attributes:
        record_id: Its ID.
        part: Which part it is in.
        group: What it is about; records without a group are each their own.
        texts: What it asks, its system text, its material.
        references: Its ideal answers.
        values: Its variables by name, as a prompt is filled in with them.
    """

    record_id: str
    part: Part
    group: str
    texts: tuple[str, ...]
    references: tuple[str, ...] = ()
    values: Mapping[str, Any] = {}


class Quotation(NamedTuple):
    """Words in a row that a prompt and a record have in common."""

    part: Part
    record_id: str
    words: str


class Quotations:
    """
    Finds which of some prompts quote records.

    Args:
        prompts: All texts that each of them says.
        allowed: Texts that may be quoted, such as the prompt that a search began with.
        may_quote_train: Whether train records may be quoted.
    """

    def __init__(
        self, prompts: Iterable[Iterable[str]], *, allowed: Iterable[str], may_quote_train: bool
    ) -> None:
        self._may_quote_train = may_quote_train
        known = _runs_of(allowed)
        self._prompts = [_runs_of(texts) - known for texts in prompts]
        self._wanted: set[Run] = set().union(*self._prompts)
        self._parts: dict[Run, dict[Part, str]] = defaultdict(dict)
        self._groups: dict[Run, set[str]] = defaultdict(set)
        self._all_groups: set[str] = set()

    def add(self, record: SeenRecord) -> None:
        """Look for a record's words in the prompts."""
        if len(self._all_groups) < _ENOUGH_GROUPS:
            self._all_groups.add(record.group)
        if not self._wanted:
            return
        for size, texts in ((RUN, record.texts), (REFERENCE_RUN, record.references)):
            for text in texts:
                # The set's own loop: a dataset may have a hundred million runs.
                for run in self._wanted.intersection(runs(text, size, least=WHOLE)):
                    self._parts[run].setdefault(record.part, record.record_id)
                    if len(self._groups[run]) < _COMMON_MOST:
                        self._groups[run].add(record.group)

    def found(self) -> list[Quotation | None]:
        """Return for each prompt a record that it quotes, of test before others; None for none."""
        common = min(_COMMON_MOST, max(_COMMON_LEAST, COMMON_SHARE * len(self._all_groups)))
        rare = {run: parts for run, parts in self._parts.items() if len(self._groups[run]) < common}
        return [self._worst({run: rare[run] for run in own & rare.keys()}) for own in self._prompts]

    def _worst(self, quoted: Mapping[Run, Mapping[Part, str]]) -> Quotation | None:
        # What may be quoted from train may be in other parts as well.
        counted = {
            run: parts for run, parts in quoted.items() if not (self._may_quote_train and "train" in parts)
        }
        parts: tuple[Part, ...] = ("test", "dev", "train")
        for part in parts:
            if own := [run for run in counted if part in counted[run]]:
                run = min(own, key=lambda each: (-len(each), each))
                return Quotation(part, counted[run][part], " ".join(run))
        return None


def runs(text: str, size: int, *, least: int | None = None) -> Iterable[Run]:
    """
    Return a text's runs of so many words; in scripts without blanks, of twice so many characters.

    Args:
        text: The text.
        size: Words of a run.
        least: A shorter text of so many words or more is a run itself; of any other there is none.
    """
    folded = fold(text)
    words = (_ASCII_WORD if folded.isascii() else _WORD).findall(folded)
    has_characters = not folded.isascii() and _CHARACTER.search(folded) is not None
    if least is not None and len(words) < 2 * size:
        characters = sum(bool(_CHARACTER.match(word)) for word in words) if has_characters else 0
        size = max(least, min(size, len(words) - characters + characters // 2))
    return _mixed_runs(words, size) if has_characters else _windows(words, size)


def _windows(words: Sequence[str], size: int) -> Iterator[Run]:
    return zip(*(words[start:] for start in range(size)), strict=False)


def _mixed_runs(words: Sequence[str], size: int) -> Iterator[Run]:
    for length in (size, 2 * size):
        for run in _windows(words, length):
            characters = sum(bool(_CHARACTER.match(word)) for word in run)
            if (2 * characters >= length) == (length == 2 * size):
                yield run


def _runs_of(texts: Iterable[str]) -> set[Run]:
    return {run for text in texts for size in range(WHOLE, RUN + 1) for run in runs(text, size)}
