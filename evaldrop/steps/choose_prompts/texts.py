"""What all records say, for whoever proposes and for the checks of proposals, read once a turn."""

from collections.abc import Iterator
from typing import NamedTuple

from evaldrop.prompt_search.kept import read_parts
from evaldrop.prompt_search.overlap import SeenRecord
from evaldrop.run.definition import RunDefinition
from evaldrop.steps.choose_prompts.tuning_records import records_of
from evaldrop.steps.prepare_records.prepare import variables


def seen_records(run: RunDefinition) -> Iterator[SeenRecord]:
    """Yield every record of a run, with the part that it is in."""
    parts = read_parts(run.folder)
    for record in records_of(run):
        yield SeenRecord(
            part=parts.get(record.id, "test"),
            record_id=record.id,
            group=record.group or record.id,
            texts=tuple(filter(None, (record.prompt_text, record.system, record.context))),
            references=record.reference,
            values=variables(record),
        )


class Variables(NamedTuple):
    """Variables that a prompt may use: those that any record has, and those that every record has."""

    present: frozenset[str]
    always: frozenset[str]


def variables_of(run: RunDefinition) -> Variables:
    """Return the variables of a run's records."""
    present, always = set[str](), frozenset[str]()
    for number, record in enumerate(records_of(run)):
        names = variables(record).keys() - {"reference"}
        present |= names
        always = always & names if number else frozenset(names)
    return Variables(frozenset(present), always)
