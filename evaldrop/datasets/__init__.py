"""Datasets in: many shapes of JSON read as one kind of record, and every problem of a file named at once."""

from evaldrop.datasets.doctor import examine_records
from evaldrop.datasets.reading import MAX_RECORD_BYTES, read_records
from evaldrop.datasets.records import CANONICAL_FIELDS, Message, Problem, Record, Rejected
from evaldrop.datasets.survey import Survey, survey_dataset

__all__ = [
    "CANONICAL_FIELDS",
    "MAX_RECORD_BYTES",
    "Message",
    "Problem",
    "Record",
    "Rejected",
    "Survey",
    "examine_records",
    "read_records",
    "survey_dataset",
]
