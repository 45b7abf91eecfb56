"""The records that a search may see: train and dev, kept in the run's folder from its first turn on."""

from collections.abc import Iterator
from typing import NamedTuple

import orjson

from evaldrop import storage
from evaldrop.datasets import Record, read_records
from evaldrop.evaluation.originals import improved_candidates
from evaldrop.prompt_search.kept import read_parts, write_parts
from evaldrop.prompt_search.parts import PartRecord, PartsOf, parts_of, split
from evaldrop.prompt_search.state import Part
from evaldrop.run.definition import RunDefinition

RECORDS_FILE = "prompts/records.jsonl"
"""The train and dev records as the dataset has them; the run's own file holds the others."""


class TuningRecords(NamedTuple):
    """
    Attributes:
        records: Train and dev records by their ID.
        parts: The order in which a search meets them.
    """

    records: dict[str, Record]
    parts: PartsOf


def records_of(run: RunDefinition) -> Iterator[Record]:
    """Yield a run's records as its dataset has them, as many as it is to evaluate."""
    dataset = run.dataset
    limit: int | None = run.options.get("limit")
    with storage.open_read(dataset.uri, dataset.version) as stream:
        source = dataset.uri.rpartition("/")[2]
        rows = read_records(stream, source=source, fields=run.evaluation.fields or None)
        n = 0
        for row in rows:
            if n == limit:
                return
            if isinstance(row, Record):
                n += 1
                yield row


def split_records(run: RunDefinition) -> dict[Part, int]:
    """Split a run's records into parts, keep those of train and dev; return how many are in each part."""
    parts: dict[str, Part] = {}
    counts: dict[Part, int] = {"train": 0, "dev": 0, "test": 0}
    if any(improved.reads_records for _, improved in improved_candidates(run.evaluation)):
        parts = split(map(part_record, records_of(run)), seed=split_seed(run))
    with storage.open_write(run.file(RECORDS_FILE)) as kept:
        for record in records_of(run):
            part = parts.get(record.id, "test")
            counts[part] += 1
            if part != "test":
                kept.write(orjson.dumps(record.model_dump(mode="json")) + b"\n")
    write_parts(run.folder, parts)
    return counts


def tuning_records(run: RunDefinition) -> TuningRecords:
    """Return what `split_records` has kept."""
    with storage.open_read(run.file(RECORDS_FILE)) as lines:
        records = [Record.model_validate_json(line) for line in lines]
    parts = parts_of(map(part_record, records), read_parts(run.folder), seed=split_seed(run))
    return TuningRecords({record.id: record for record in records}, parts)


def part_record(record: Record) -> PartRecord:
    """Return a record as it is split."""
    return PartRecord(record.id, record.group, record.category)


def split_seed(run: RunDefinition) -> str:
    """Return what a run's records are split by."""
    # Not the run's own: of the same records the same ones are never tuned on, week after week.
    return run.evaluation_name
