"""Datasets nobody here wrote are read whole; skipped where they are absent."""

import os
from pathlib import Path

import pytest

from evaldrop.datasets import survey_dataset

SHARED = os.environ.get("EVALDROP_SHARED_DATA")


@pytest.mark.skipif(SHARED is None, reason="EVALDROP_SHARED_DATA is not set")
@pytest.mark.parametrize(("folder", "records"), [("vicuna80", 80), ("llmbar", 419)])
def test_published_records_are_read_without_a_problem_or_a_hint(folder, records):
    path = Path(SHARED) / folder / "records.jsonl"
    survey = survey_dataset(lambda: path.open("rb"), source=path.name)
    assert (survey.n_accepted, survey.n_problems, survey.hints) == (records, 0, ())
    assert survey.with_field["category"] == records
