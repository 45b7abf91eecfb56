"""
The run in which a model writes faults into a candidate's responses.

A run like any other, with the model for its only candidate and nobody who judges: its price is told before,
its budget holds, and one that was stopped goes on. Asked for the same again, what is there is taken.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import orjson

from evaldrop import storage
from evaldrop.errors import InputError, NotEnoughData
from evaldrop.evaluation.prompts import load_prompt
from evaldrop.proving.copies import AnsweredRecord, stratified
from evaldrop.proving.edits import FaultKind
from evaldrop.proving.material import Planted
from evaldrop.proving.written import (
    FAULT_PROMPT,
    FaultKey,
    WrittenFaults,
    fault_rows,
    most_tokens,
    read_faults,
)
from evaldrop.run.definition import RunDefinition
from evaldrop.run.records import prepared_records
from evaldrop.run.tables import read_rows
from evaldrop.running.here import LocalRun, new_run
from evaldrop.running.resuming import resumed_run
from evaldrop.scorecard.read import read_scorecard

WRITER: Final = "writer"
FOLDER: Final = "proof/faults"
DATASET_FILE: Final = "faults.jsonl"
EVALUATION_FILE: Final = "evaluation.yaml"
KEY_FILE: Final = "key.json"


class WrittenBy(NamedTuple):
    """The faults that a model wrote."""

    model: str
    faults: WrittenFaults

    def planting(self, kind: FaultKind, each: AnsweredRecord) -> Planted | None:
        """Return the fault that it wrote of a kind, if it is one."""
        return self.faults.planted.get(FaultKey(each.record.record_id, kind))


class WritingRun(NamedTuple):
    """
    The run in which a model writes faults.

    Attributes:
        folder: Its folder.
        run: It, or what is left of it; None where it is over.
        responses: What is to be worsened, by record.
        model: The model.
    """

    folder: str
    run: LocalRun | None
    responses: Mapping[str, str]
    model: str

    def written(self) -> WrittenBy:
        """
        Return what it wrote.

        Raises:
            NotEnoughData: Nothing of it is of use.
            StorageError: It has not ended.
        """
        place = storage.parent(storage.parent(self.folder) or "") or ""
        key = orjson.loads(storage.read_bytes(storage.join(place, KEY_FILE)))
        asked = {row: FaultKey(*each) for row, each in key.items()}
        columns = ("record_id", "response", "error")
        replies = read_rows(storage.join(self.folder, "responses.parquet"), columns)
        found = read_faults(asked, replies, self.responses)
        if not found.planted:
            reasons = ", ".join(f"{reason}: {n:,}" for reason, n in found.refused.items())
            raise NotEnoughData(
                f"{self.model} wrote no fault that is of use ({reasons}). Calls that failed are made again "
                f"by evaldrop run --resume {self.folder}; or leave --written-by out: code plants them then."
            )
        return WrittenBy(self.model, found)

    @property
    def cost_usd(self) -> float:
        """
        What it has cost, as far as it is known.

        Raises:
            StorageError: It has not ended.
        """
        return read_scorecard(self.folder).cost_usd.total or 0.0


def writing_run(
    folder: str,
    *,
    model: str,
    candidate: str,
    kinds: Sequence[FaultKind],
    records: int,
    seed: int = 0,
    bedrock: str | None = None,
    max_in_flight: int | None = None,
    budget_usd: float | None = None,
) -> WritingRun:
    """
    Return the run in which a model writes faults; the same as before where the same was asked for.

    Args:
        folder: A finished run's folder, on this machine.
        model: Model ID, inference profile ID or ARN.
        candidate: Whose responses are worsened.
        kinds: The kinds of faults.
        records: The most that are sampled, categories with their shares.
        seed: Decides the sample.
        bedrock: Who answers; by default as in the run.
        max_in_flight: Calls under way at a time.
        budget_usd: What it may cost.

    Raises:
        InputError: The candidate is not in the run, or answered nothing that a model could worsen.
        StorageError: A file of the run cannot be read.
    """
    parent = RunDefinition.load(folder)
    answered = stratified(answered_records(parent, candidate), records, seed=seed)
    rows = list(fault_rows(answered, kinds, nonce=parent.nonce))
    if not rows:
        raise InputError(f"{folder}: every response of {candidate} is too long for a model to write again.")
    lines = b"".join(orjson.dumps(row) + b"\n" for _, row in rows)
    evaluation = orjson.dumps({
        "name": "faults",
        "candidates": [
            {
                "name": WRITER,
                "model": model,
                "prompt": FAULT_PROMPT,
                "inference": {"max_tokens": most_tokens(answered)},
            }
        ],
        "checks": [{"name": "wrote_one", "contains": "</faulty_response>"}],
        "prices": parent.evaluation.model_dump(mode="json")["prices"],
    })  # fmt: skip
    digest = hashlib.sha256(evaluation + lines).hexdigest()[:16]
    place = storage.join(storage.absolute(folder), FOLDER, digest)
    responses = {each.record.record_id: each.response for each in answered}
    begun = sorted(storage.local_path(place).glob("*/*/run.json"))
    if begun:
        there = str(begun[-1].parent)
        if storage.exists(storage.join(there, "scorecard.json")):
            return WritingRun(there, None, responses, model)
        run = resumed_run(there, bedrock=bedrock, max_in_flight=max_in_flight, budget_usd=budget_usd)
        return WritingRun(there, run, responses, model)
    storage.write_bytes(
        storage.join(place, "prompts", "candidate", f"{FAULT_PROMPT}.md"),
        load_prompt("fault", FAULT_PROMPT).text.encode(),
    )
    storage.write_bytes(storage.join(place, EVALUATION_FILE), evaluation)
    storage.write_bytes(storage.join(place, DATASET_FILE), lines)
    key = {row["id"]: [*key] for key, row in rows}
    storage.write_bytes(storage.join(place, KEY_FILE), orjson.dumps(key))
    run = new_run(
        storage.join(place, DATASET_FILE),
        evaluation=storage.join(place, EVALUATION_FILE),
        bedrock=bedrock or parent.bedrock,
        out=place,
        limit=None,
        max_in_flight=max_in_flight,
        budget_usd=budget_usd,
    )
    return WritingRun(run.folder, run, responses, model)


def answered_records(parent: RunDefinition, candidate: str) -> list[AnsweredRecord]:
    """Return what a candidate answered to the dataset's records, in their order."""
    names = [each.name for each in parent.evaluation.candidates]
    if candidate not in names:
        raise InputError(f'{parent.folder}: no candidate "{candidate}". There are {", ".join(names)}.')
    rows = read_rows(
        storage.join(parent.folder, "responses.parquet"), ("record_id", "candidate", "response", "error")
    )
    texts = {
        record: response
        for record, who, response, error in rows
        if who == candidate and response and error is None
    }
    found = [
        AnsweredRecord(record, texts[record.record_id])
        for record in prepared_records(parent.folder)
        if record.record_id in texts and record.anchor is None and record.perturbed is None
    ]
    if not found:
        raise InputError(f"{parent.folder}: {candidate} answered nothing that faults could be planted in.")
    return found
