"""The baseline of an evaluation: `<out>/<evaluation>/baseline.json` names the run that others are held to."""

from datetime import UTC, datetime

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from evaldrop import storage
from evaldrop.errors import InputError, StorageError
from evaldrop.run.definition import RunDefinition

BASELINE_FILE = "baseline.json"


class Blessing(BaseModel):
    """What `baseline.json` says. `run_id` is also the name of the run's folder beside it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    run_id: str
    simulated: bool
    blessed_at: str


def bless(folder: str, *, force: bool = False) -> Blessing:
    """
    Make a finished run the baseline of its evaluation; later runs are compared with it by themselves.

    Raises:
        InputError: The folder holds no finished run; or, without `force`, somebody answered nothing in it, or
            a rehearsal would take the place of a real run.
    """
    # Imported here: every run asks for the baseline as it begins, and a scorecard's types take their time.
    from evaldrop.scorecard.answers import silences
    from evaldrop.scorecard.read import read_scorecard

    folder = folder.rstrip("/")
    if not storage.exists(storage.join(folder, "scorecard.json")):
        raise InputError(f"{folder}: no scorecard.json there. Give the folder of a run that has ended.")
    run = RunDefinition.load(folder)
    silent = silences(read_scorecard(folder))
    # Held to nothing, every later run would pass.
    if silent and not force:
        raise InputError(
            f"{folder}: this run failed, and is no baseline: {silent[0].sentence} "
            "--force makes it one all the same."
        )
    parent = storage.parent(folder)
    if parent is None:
        raise InputError(f"{folder}: a run lies in its evaluation's folder; this has none above it.")
    uri = storage.join(parent, BASELINE_FILE)
    present = _read(uri)
    # A rehearsal is no baseline for real runs: by a slip here they would all lose theirs.
    if present and run.simulated and not present.simulated and not force:
        raise InputError(
            f"{uri}: the baseline is the real run {present.run_id}, and {run.run_id} is SIMULATED. "
            "--force puts it there all the same."
        )
    blessing = Blessing(
        run_id=folder.rpartition("/")[2],
        simulated=run.simulated,
        blessed_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    storage.write_bytes(uri, blessing.model_dump_json(indent=1).encode() + b"\n")
    return blessing


def blessed_run(evaluation_folder: str, *, simulated: bool) -> str | None:
    """
    Return the folder of an evaluation's blessed run, None when there is none.

    A rehearsal is held to no real run, nor a real run to a rehearsal.

    Raises:
        StorageError: `baseline.json` is not one.
    """
    blessing = _read(storage.join(evaluation_folder, BASELINE_FILE))
    # Held to each other, every difference would be the simulation's.
    if blessing is None or blessing.simulated != simulated:
        return None
    return storage.join(evaluation_folder, blessing.run_id)


def _read(uri: str) -> Blessing | None:
    if not storage.exists(uri):
        return None
    try:
        return Blessing.model_validate(orjson.loads(storage.read_bytes(uri)))
    except (ValidationError, orjson.JSONDecodeError) as error:
        raise StorageError(f"{uri}: not a baseline ({error}). Bless a run again.") from error
