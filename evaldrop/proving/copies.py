"""
Copies of a run's responses, in columns whose names tell nothing: what a test of the instrument has judged.

One column holds the responses as they are, one the same again, and one for each kind of fault the
responses with a fault of that kind. No request names a column, and whoever reads the run without its key
should not be able to guess either.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from evaldrop.proving.edits import FaultKind, plant
from evaldrop.proving.material import Planted, RecordTexts
from evaldrop.run.records import PreparedRecord

AS_IT_IS: Final = "as_it_is"
AGAIN: Final = "again"

_FEWEST_PER_STRATUM = 1


class AnsweredRecord(NamedTuple):
    """A record of a run, and what the candidate answered."""

    record: PreparedRecord
    response: str


@dataclass(frozen=True, slots=True)
class HiddenCopies:
    """
    A dataset of copies, and what its columns hold.

    Attributes:
        rows: A record each, in the form of `evaldrop.jsonl`, with `responses` by column.
        key: Column to AS_IT_IS, AGAIN, or the kind of its faults; no kind that was planted nowhere.
        planted: Kind to record to what the fault is, in words.
    """

    rows: tuple[dict[str, Any], ...]
    key: Mapping[str, str]
    planted: Mapping[str, Mapping[str, str]]


Planting = Callable[[FaultKind, AnsweredRecord], Planted | None]
"""Plants a fault of a kind in a response; None where there is none."""


def planting_edits(seed: int) -> Planting:
    """Return what plants faults by code; the same seed plants the same."""

    def planting(kind: FaultKind, each: AnsweredRecord) -> Planted | None:
        record = each.record
        texts = RecordTexts(prompt=record.prompt, references=record.reference, context=record.context)
        return plant(kind, each.response, texts, seed=seed)

    return planting


def hidden_copies(
    answered: Iterable[AnsweredRecord],
    kinds: Sequence[FaultKind],
    *,
    seed: int,
    planting: Planting | None = None,
) -> HiddenCopies:
    """
    Return copies of responses; the same seed gives the same faults in the same columns.

    A record has no response in the column of a kind that its response gives no hold for.

    Args:
        answered: Records and responses.
        kinds: Of the faults.
        seed: Decides the columns, and the faults that code plants.
        planting: Gives the faults; by default code plants them.
    """
    kept, planting = list(answered), planting or planting_edits(seed)
    versions = [_versions(each, kinds, planting) for each in kept]
    planted: dict[str, dict[str, str]] = defaultdict(dict)
    for each, (_, faults) in zip(kept, versions, strict=True):
        for kind, what in faults.items():
            planted[kind][each.record.record_id] = what
    columns = _columns([AS_IT_IS, AGAIN, *(kind for kind in kinds if kind in planted)], seed)
    rows = tuple(
        _row(each.record, {column: texts[what] for column, what in columns.items() if what in texts})
        for each, (texts, _) in zip(kept, versions, strict=True)
    )
    return HiddenCopies(rows, columns, dict(planted))


def stratified(answered: Sequence[AnsweredRecord], size: int, *, seed: int) -> list[AnsweredRecord]:
    """
    Return at most `size` records in their order, each category with its share, rounded; chosen by the seed.

    Every category has a record as long as there is room for one of each.
    """
    if len(answered) <= size:
        return list(answered)
    source = _source(seed, "sample")
    strata: dict[str | None, list[int]] = defaultdict(list)
    for place, each in enumerate(answered):
        strata[each.record.category].append(place)
    for places in strata.values():
        source.shuffle(places)
    # Each record's rank within its category, as a share of it: taking the lowest ranks takes from every
    # category alike. The first of each comes before all others.
    ranked = [
        (rank >= _FEWEST_PER_STRATUM, (rank + 0.5) / len(places), source.random(), place)
        for places in strata.values()
        for rank, place in enumerate(places)
    ]
    return [answered[place] for place in sorted(each[-1] for each in sorted(ranked)[:size])]


def _versions(
    each: AnsweredRecord, kinds: Sequence[FaultKind], planting: Planting
) -> tuple[dict[str, str], dict[str, str]]:
    """Return a response's versions by what they are, and what the faults are in words."""
    found = {kind: planting(kind, each) for kind in kinds}
    faults = {kind: planted for kind, planted in found.items() if planted is not None}
    return (
        {AS_IT_IS: each.response, AGAIN: each.response}
        | {kind: planted.text for kind, planted in faults.items()},
        {kind: planted.what for kind, planted in faults.items()},
    )


def _columns(contents: list[str], seed: int) -> dict[str, str]:
    _source(seed, "columns").shuffle(contents)
    return {f"c{number:02}": content for number, content in enumerate(contents, start=1)}


def _source(seed: int, what: str) -> random.Random:
    return random.Random(f"{seed}/{what}")  # noqa: S311  # no secret


def _row(record: PreparedRecord, responses: Mapping[str, str]) -> dict[str, Any]:
    fields = {
        "id": record.record_id,
        "prompt": record.prompt,
        "system": record.system,
        "context": record.context,
        "reference": list(record.reference),
        "category": record.category,
        "group": record.group,
        "metadata": dict(record.metadata),
        "checks": list(record.checks),
    }
    return {name: value for name, value in fields.items() if value} | {"responses": dict(responses)}
