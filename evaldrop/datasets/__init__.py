"""Datasets in: many shapes of JSON read as one kind of record, and every problem of a file named at once."""

from evaldrop.datasets.reading import read_records
from evaldrop.datasets.records import Message, Record, Rejected
from evaldrop.datasets.survey import Survey, survey_dataset

__all__ = ["Message", "Record", "Rejected", "Survey", "read_records", "survey_dataset"]
