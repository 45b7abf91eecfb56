"""Datasets in: files and rows of many shapes become one kind of record, all their problems named at once."""

from evaldrop.datasets.reading import Joined, read_records, read_rows
from evaldrop.datasets.records import Message, Record, Rejected
from evaldrop.datasets.survey import Survey, survey_dataset

__all__ = ["Joined", "Message", "Record", "Rejected", "Survey", "read_records", "read_rows", "survey_dataset"]
