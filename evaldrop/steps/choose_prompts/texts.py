"""What all records say, for whoever proposes and for the checks of proposals, read once a turn."""

from collections.abc import Iterator

from evaldrop.prompt_search.kept import read_parts
from evaldrop.prompt_search.overlap import SeenRecord
from evaldrop.prompt_search.refusals import Shapes
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


def always_there(run: RunDefinition) -> frozenset[str]:
    """Return the variables that every record of a run has."""
    shapes = Shapes()
    for record in records_of(run):
        shapes.add(variables(record))
    return shapes.always - {"reference"}
