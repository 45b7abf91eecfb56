"""The records of a finished run: a page of those that are asked for, and one with all that is known of it."""

import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import orjson

from evaldrop import storage
from evaldrop.api.answers import ListedRecord, RecordDetails, RecordList
from evaldrop.api.asked import RecordParameters, RecordsParameters
from evaldrop.api.exchange import ApiReply
from evaldrop.api.operations import Ask, Operation
from evaldrop.api.problems import ApiProblem, FieldFault, not_found
from evaldrop.api.results import FILES_ARE_GONE, folder_of
from evaldrop.api.runs import finished_run_asked_for
from evaldrop.errors import EvaldropError, InputError, StorageError
from evaldrop.json_text import loads
from evaldrop.run.ordinals import ORDINAL
from evaldrop.run.records import record_files
from evaldrop.run.results import record_id_of
from evaldrop.run.tables import has_table, rows_where
from evaldrop.store.model import StoredRun

if TYPE_CHECKING:
    from evaldrop.report.browsing import RecordRows, RunRecords

MOST_SECONDS: Final = 2.0
"""A page is answered after them with what was found: who asks goes on from where it ended."""
MOST_BYTES: Final = 2 << 20
"""Of a page: Lambda lets an answer have 6 MB, and one record may be large."""

_NOT_TOLD = "The tables of this run are of a version that does not tell this. Its report can be made anew."


def list_records(ask: Ask) -> ApiReply:
    """Return a page of the records of a run that are asked for."""
    run, asked = finished_run_asked_for(ask, ask.path["run_id"]), ask.parameters
    records = _records(run)
    try:
        page = _page(records, asked)
    except InputError as error:
        names = {"candidate": records.candidates, "criterion": records.criteria}
        wrong = [name for name, known in names.items() if getattr(asked, name) not in {None, *known}]
        if not wrong:
            raise ApiProblem(HTTPStatus.CONFLICT, _NOT_TOLD) from error
        [name, *_] = wrong
        fault = FieldFault(pointer=f"#{name}", detail=str(error))
        raise ApiProblem(HTTPStatus.BAD_REQUEST, f"{name}: {error}", (fault,)) from error
    except StorageError as error:
        raise ApiProblem(HTTPStatus.NOT_FOUND, FILES_ARE_GONE) from error
    return ApiReply(content=page, run_id=run.run_id)


def _page(records: "RunRecords", asked: RecordsParameters) -> RecordList:
    from evaldrop.report.browsing import Looked
    from evaldrop.report.record_filter import SHOWN, RecordFilter

    wanted = RecordFilter(
        candidate=asked.candidate,
        criterion=asked.criterion,
        category=asked.category,
        group=asked.group,
        show=frozenset(kind for kind in SHOWN if kind in (asked.show or "").split(",")),
        text=asked.text,
    )
    listed: list[ListedRecord] = []
    size, before, ends_at = 0, asked.after or 0, time.monotonic() + MOST_SECONDS
    for event in records.found(wanted, before):
        if isinstance(event, Looked):
            before = event.before
        else:
            content = _cut(event)
            size += len(orjson.dumps(content))
            if listed and size > MOST_BYTES:
                break
            listed.append(ListedRecord(**content))
            before = event.ordinal + 1
        if len(listed) == asked.limit or time.monotonic() > ends_at:
            break
    of = records.end
    return RecordList(
        records=tuple(listed), after=before if before < of else None, looked=min(before, of), of=of
    )


def _cut(record: "RecordRows") -> dict[str, Any]:
    """Return a record as it is listed: of a very long text the beginning."""
    from evaldrop.report.browsing import beginning

    def row(values: Mapping[str, Any]) -> dict[str, Any]:
        return {name: beginning(value) if isinstance(value, str) else value for name, value in values.items()}

    content = row(record._asdict())
    return content | {
        name: [row(each) for each in content[name]] for name in ("responses", "verdicts", "comparisons")
    }


def show_record(ask: Ask) -> ApiReply:
    """Return a record with its responses and verdicts."""
    run, record_id = finished_run_asked_for(ask, ask.path["run_id"]), ask.path["record_id"]
    try:
        details = _at(run, record_id, ask.parameters.ordinal) or _looked_for(run, record_id)
    except StorageError as error:
        raise ApiProblem(HTTPStatus.NOT_FOUND, FILES_ARE_GONE) from error
    if details is None:
        raise not_found("record of this ID in this run")
    return ApiReply(content=details, run_id=run.run_id)


def _at(run: StoredRun, record_id: str, ordinal: int | None) -> RecordDetails | None:
    """Return the record at a place, where it is the one of this ID: of any run that is a few reads."""
    records = None if ordinal is None else _records(run)
    if records is None or ordinal is None or ordinal >= records.end:
        return None
    rows = records.record(ordinal, whole=True)
    if rows is None or rows.record_id != record_id:
        return None
    record = _prepared(records.prepared_file(ordinal), record_id)
    if record is None:
        return None
    return RecordDetails(
        record_id=record_id,
        record=record,
        responses=tuple(rows.responses),
        verdicts=tuple(rows.verdicts),
        comparisons=tuple(rows.comparisons),
    )


def _looked_for(run: StoredRun, record_id: str) -> RecordDetails | None:
    folder = folder_of(run)
    found = (_prepared(uri, record_id) for uri in record_files(folder))
    record = next((record for record in found if record is not None), None)
    if record is None:
        return None

    def rows(table: str) -> tuple[dict[str, Any], ...]:
        uri = storage.join(folder, f"{table}.parquet")
        # A run without pairs has no table of comparisons, and one without judges none of verdicts.
        found = rows_where(uri, "record_id", record_id) if has_table(uri) else ()
        return tuple({name: each[name] for name in each if name != ORDINAL} for each in found)

    return RecordDetails(
        record_id=record_id,
        record=record,
        responses=rows("responses"),
        verdicts=rows("verdicts"),
        comparisons=rows("comparisons"),
    )


def _records(run: StoredRun) -> "RunRecords":
    # Imported here: what reads tables takes a third of a second, and few requests need it.
    from evaldrop.report.browsing import RunRecords
    from evaldrop.run.definition import RunDefinition

    try:
        return RunRecords(RunDefinition.load(folder_of(run)))
    except EvaldropError as error:
        raise ApiProblem(HTTPStatus.NOT_FOUND, FILES_ARE_GONE) from error


def _prepared(uri: str, record_id: str) -> dict[str, Any] | None:
    offset = 0
    with storage.open_read(uri) as lines:
        for line in lines:
            if record_id_of(line, uri, offset) == record_id:
                content = loads(line)
                return content if isinstance(content, dict) else None
            offset += len(line)
    return None


_REFUSALS = (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)
OPERATIONS = (
    Operation(
        name="listRecords",
        method="GET",
        path="/runs/{run_id}/records",
        summary="List the records of a finished run, all or those that are asked for",
        description=(
            "In the dataset's order. What is asked for has to fit one candidate's result. After two seconds "
            "a page is answered with what was found: `after` goes on from there."
        ),
        action="read",
        does=list_records,
        parameters=RecordsParameters,
        answers={HTTPStatus.OK: RecordList},
        refusals=_REFUSALS,
    ),
    Operation(
        name="showRecord",
        method="GET",
        path="/runs/{run_id}/records/{record_id}",
        summary="Read a record with its responses and verdicts",
        action="read",
        does=show_record,
        parameters=RecordParameters,
        answers={HTTPStatus.OK: RecordDetails},
        refusals=_REFUSALS,
    ),
)
