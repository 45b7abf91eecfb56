"""Datasets in: files and rows of many shapes become one kind of record, all their problems named at once."""

from typing import TYPE_CHECKING

from evaldrop.late_names import late_names

if TYPE_CHECKING:
    from evaldrop.datasets.reading import Joined as Joined
    from evaldrop.datasets.reading import read_records as read_records
    from evaldrop.datasets.reading import read_rows as read_rows
    from evaldrop.datasets.records import Message as Message
    from evaldrop.datasets.records import Record as Record
    from evaldrop.datasets.records import Rejected as Rejected
    from evaldrop.datasets.survey import Survey as Survey
    from evaldrop.datasets.survey import survey_dataset as survey_dataset

# A command that only names a dataset's file does not wait a tenth of a second for what reads it.
_NAMES = {
    "reading": ("Joined", "read_records", "read_rows"),
    "records": ("Message", "Record", "Rejected"),
    "survey": ("Survey", "survey_dataset"),
}
__all__, __getattr__ = late_names(__name__, _NAMES)
