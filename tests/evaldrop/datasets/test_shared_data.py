"""Datasets nobody here wrote are read whole; skipped where they are absent."""

import os
from pathlib import Path

import pytest

from evaldrop.datasets import survey_dataset

SHARED = os.environ.get("EVALDROP_SHARED_DATA")


@pytest.mark.skipif(SHARED is None, reason="EVALDROP_SHARED_DATA is not set")
@pytest.mark.parametrize(
    ("folder", "records", "notes"),
    [
        ("vicuna80", 80, []),
        ("llmbar", 419, ["prompts that repeat an earlier one, word for word: 1 (line 313)"]),
    ],
)
def test_published_records_are_read_without_a_problem_and_what_is_noted_is_so(folder, records, notes):
    path = Path(SHARED) / folder / "records.jsonl"
    survey = survey_dataset(lambda: path.open("rb"), source=path.name)
    assert (survey.n_accepted, survey.n_problems) == (records, 0)
    assert [hint.what for hint in survey.hints] == notes
    assert survey.with_field["category"] == records
