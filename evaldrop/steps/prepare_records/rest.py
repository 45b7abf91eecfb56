"""
What is left of a run that goes on in a stack: its records without a result, and nothing else.

On one machine a run that goes on does all its states again, and its journal hands out the replies; in a stack
there is no journal, so that only the records are evaluated that nothing came of.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import orjson

from evaldrop import storage
from evaldrop.errors import InputError
from evaldrop.run.batch_files import jobs_so_far
from evaldrop.run.definition import RunDefinition
from evaldrop.run.job_results import may_have_jobs_left
from evaldrop.run.records import RECORDS_FILE, record_files
from evaldrop.run.results import find_manifests, read_manifest
from evaldrop.steps.prepare_records.so_far import ResultsSoFar

JSON = dict[str, Any]

REST_FILE = "rest.jsonl"
ANSWERED = "batch"
"""The folder with the records as batch jobs have answered them: their replies are paid for."""


def state_of_rest(
    state: Mapping[str, Any], definition: RunDefinition, reserving: Callable[[JSON], JSON]
) -> JSON:
    """
    Return a state with which the workflow evaluates the records without a result.

    Its `batch` stays where the budget has room now for jobs that it had none for; `budget_so_far` is what its
    counter begins with.

    Args:
        state: As for all records.
        definition: The run.
        reserving: Makes a record's calls say what they reserve of the budget.

    Raises:
        InputError: There are none, nor evaluation jobs; or batch jobs had not come to their end.
        StorageError: A file cannot be read or written.
    """
    manifests = find_manifests(definition.folder)
    so_far = ResultsSoFar(definition, [read_manifest(uri) for uri in manifests])
    uri, n = definition.file(REST_FILE), 0
    with storage.open_write(uri) as stream:
        for line in _lines(definition):
            if line["record_id"] not in so_far.done:
                # What a job had no room for is called on demand now.
                calls = {name: each for name, each in line["calls"].items() if name != "skipped"}
                stream.write(orjson.dumps({**line, "calls": reserving(calls)}) + b"\n")
                n += 1
    done_again: list[str] = []
    if not n:
        if not (definition.evaluation.job_judges and may_have_jobs_left(definition.folder)):
            raise InputError(
                f"{definition.folder}: every record has a result. There is nothing to go on with."
            )
        # What an empty file is to a Map is not documented: a record whose child has nothing to do is none.
        first = next(_lines(definition))["record_id"]
        storage.write_bytes(uri, orjson.dumps({"record_id": first, "calls": {"record_id": first}}) + b"\n")
        done_again = [first]
    places = [storage.place(each, root=definition.out) for each in manifests]
    rest = {
        **{name: value for name, value in state.items() if name not in {"batch", "rest"}},
        "reader": storage.place(uri, root=definition.out)._asdict(),
        "done": done_again,
        "earlier": [{"Bucket": place.bucket, "Key": place.key} for place in places],
    }
    if state["run"].get("go_on"):
        rest["refused"] = so_far.refused()
    if budget := state["budget"]:
        jobs = jobs_so_far(definition.folder)
        if any(limit < budget["limit"] for limit in jobs.refused_by):
            rest["batch"] = state["batch"]
        if counter := so_far.counter(jobs):
            rest["budget_so_far"] = counter
    return rest


def records_to_go_on_with(definition: RunDefinition) -> list[str]:
    """
    Return the URIs of the records that a run in a stack goes on with.

    Raises:
        InputError: Its batch jobs had not come to their end: what they answer would be paid for again.
    """
    if "batch" not in definition.deliveries.values():
        return record_files(definition.folder)
    answered = storage.join(definition.folder, ANSWERED, RECORDS_FILE)
    if not storage.exists(answered) or jobs_so_far(definition.folder).unfinished:
        raise InputError(
            f"{definition.folder}: its batch jobs had not come to their end, and what they answer would be "
            "paid for again. Redrive its execution, which goes on with the same jobs (docs/resuming.md)."
        )
    return [answered]


def _lines(definition: RunDefinition) -> Iterator[JSON]:
    for uri in records_to_go_on_with(definition):
        with storage.open_read(uri) as lines:
            yield from map(orjson.loads, filter(bytes.strip, lines))
