"""What the files of a run's batch jobs tell of their money, without what makes jobs."""

from typing import NamedTuple

import orjson

from evaldrop import storage

_BATCH = "batch"


class JobsSoFar(NamedTuple):
    """
    What is known of a run's batch jobs.

    Attributes:
        unfinished: Places of those of which it is not known how they ended.
        micros: What the others cost, in micro-dollars.
        refused_by: Of those that were not created for the budget: the budgets that refused them, likewise.
    """

    unfinished: frozenset[str]
    micros: int
    refused_by: tuple[int, ...]


def jobs_so_far(folder: str) -> JobsSoFar:
    """
    Return what is known of a run's batch jobs; `folder` is the run's.

    Raises:
        StorageError: A file cannot be read.
    """
    found = {name: list[dict[str, object]]() for name in ("jobs.json", "results.json")}
    for uri in storage.list_files(storage.join(folder, _BATCH)):
        # A stage's own files, and none of a job's.
        place = uri.removeprefix(storage.join(folder, _BATCH)).strip("/").split("/")
        if len(place) == 2 and place[1] in found:
            found[place[1]] += orjson.loads(storage.read_bytes(uri))
    jobs, results = found.values()
    known = {result["place"] for result in results}
    return JobsSoFar(
        frozenset(str(job["place"]) for job in jobs if job["place"] not in known),
        sum(int(str(each["micros"])) for each in results if each.get("micros") is not None),
        tuple(int(str(each["limit"])) for each in results if each.get("limit") is not None),
    )
