"""The test of the instrument that a run's scorecard carries: its own, or the last of a run judged alike."""

from collections.abc import Iterator
from typing import Final

from pydantic import ValidationError

from evaldrop import storage
from evaldrop.errors import StorageError, first_line
from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.baseline.comparability import judged_alike
from evaldrop.scorecard.baseline.pool import YEAR_OF_RUNS, earlier_runs
from evaldrop.scorecard.model.proof import Proof

PROOF_FILE: Final = "proof.json"


def proof_of(run: RunDefinition) -> Proof | None:
    """
    Return a run's own proof, or that of the last run before it whose judges and checks are the same.

    One of an earlier run says in `run_id` which. A rehearsal's is no proof for a run that is none.

    Raises:
        StorageError: The run's own proof cannot be read, or the evaluation's folder cannot be listed.
    """
    own = run.file(PROOF_FILE)
    if storage.exists(own):
        proof = _read(own)
        if _counts(proof, run):
            return proof
    return next(_of_earlier_runs(run), None)


def _of_earlier_runs(run: RunDefinition) -> Iterator[Proof]:
    folder = storage.parent(run.folder)
    if folder is None:
        return
    for earlier in earlier_runs(run, folder, most_read=YEAR_OF_RUNS, having=PROOF_FILE):
        if earlier.simulated != run.simulated or not judged_alike(run, earlier):
            continue
        try:
            proof = _read(earlier.file(PROOF_FILE))
        except StorageError:
            # Of another version, or just removed: the one before it may still do.
            continue
        # Its power is that of another level.
        if _counts(proof, run) and proof.confidence == run.evaluation.confidence:
            yield proof.model_copy(update={"run_id": earlier.run_id})


def _counts(proof: Proof, run: RunDefinition) -> bool:
    return run.simulated or not proof.simulated


def _read(uri: str) -> Proof:
    try:
        return Proof.model_validate_json(storage.read_bytes(uri))
    except ValidationError as error:
        raise StorageError(f"{uri}: no proof: {first_line(error)}") from None
