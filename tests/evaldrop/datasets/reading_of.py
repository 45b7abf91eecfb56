"""Short ways to read rows in tests."""

import io
import json
from collections.abc import Mapping
from typing import Any

from evaldrop.datasets import Record, Rejected, Survey, read_records, survey_dataset


def read_bytes(
    data: bytes,
    *,
    source: str = "faq.jsonl",
    fields: Mapping[str, str] | None = None,
    limit: int = 200 * 1024,
) -> list[Record | Rejected]:
    return list(read_records(io.BytesIO(data), source=source, fields=fields, max_record_bytes=limit))


def read_row(row: Any, fields: Mapping[str, str] | None = None) -> Record | Rejected:
    (outcome,) = read_bytes(json.dumps(row).encode(), fields=fields)
    return outcome


def record_of(row: Any, fields: Mapping[str, str] | None = None) -> Record:
    outcome = read_row(row, fields)
    assert isinstance(outcome, Record), outcome
    return outcome


def problems_of(row: Any, fields: Mapping[str, str] | None = None) -> list[str]:
    outcome = read_row(row, fields)
    assert isinstance(outcome, Rejected), outcome
    return [str(problem) for problem in outcome.problems]


def problems_in(data: bytes, *, source: str = "faq.jsonl", limit: int = 200 * 1024) -> list[str]:
    outcomes = read_bytes(data, source=source, limit=limit)
    return [str(problem) for o in outcomes if isinstance(o, Rejected) for problem in o.problems]


def survey_of(*rows: Any, fields: Mapping[str, str] | None = None, source: str = "faq.jsonl") -> Survey:
    data = "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows).encode()
    return survey_dataset(lambda: io.BytesIO(data), source=source, fields=fields)
