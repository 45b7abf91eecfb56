"""
The run that tests another run's instrument: its judges and checks at hidden copies of its own responses.

It is a run like any other, in the folder `proof` of the run it tests: its price is told before, its budget
holds, it can be stopped and gone on with. Candidates are called nowhere: all responses are given.
"""

from collections.abc import Sequence
from typing import Final

import orjson

from evaldrop import storage
from evaldrop.errors import InputError, NotEnoughData, StorageError
from evaldrop.evaluation import Evaluation
from evaldrop.proving.copies import HiddenCopies, hidden_copies, stratified
from evaldrop.proving.edits import FaultKind
from evaldrop.proving.false_alarms import false_alarms
from evaldrop.proving.judgements import judged_copies
from evaldrop.proving.noticing import noticed_faults
from evaldrop.proving.power import detection_power
from evaldrop.proving.words import sentences_of
from evaldrop.run.definition import RunDefinition
from evaldrop.run.records import prepared_records
from evaldrop.run.request import new_run_id
from evaldrop.running.here import LocalRun, new_run
from evaldrop.running.written_faults import WrittenBy, answered_records
from evaldrop.scorecard.answers import silences
from evaldrop.scorecard.model.proof import Proof
from evaldrop.scorecard.proofs import PROOF_FILE
from evaldrop.scorecard.read import read_scorecard
from evaldrop.scorecard.recommendation import recommendation_of
from evaldrop.scorecard.variances import planned_variance

PROOF_FOLDER: Final = "proof"
DATASET_FILE: Final = "copies.jsonl"
EVALUATION_FILE: Final = "evaluation.yaml"
KEY_FILE: Final = "key.json"
DROPS: Final = (0.02, 0.05, 0.10)


def proof_run(
    folder: str,
    *,
    candidate: str,
    kinds: Sequence[FaultKind],
    records: int,
    seed: int = 0,
    bedrock: str | None = None,
    max_in_flight: int | None = None,
    budget_usd: float | None = None,
    written: WrittenBy | None = None,
) -> LocalRun:
    """
    Write copies of a candidate's responses, and return the run that judges them.

    Args:
        folder: A finished run's folder, on this machine.
        candidate: Whose responses are copied.
        kinds: The kinds of faults that are planted.
        records: The most that are sampled, categories with their shares.
        seed: Decides sample, faults and columns.
        bedrock: Who answers; by default as in the run.
        max_in_flight: Calls under way at a time.
        budget_usd: What the judging may cost, instead of the evaluation's budget.
        written: The faults, where a model wrote them; by default code plants them.

    Raises:
        InputError: The candidate is not in the run or answered nothing, or nobody judges and nothing checks.
        StorageError: A file of the run cannot be read.
    """
    parent = RunDefinition.load(folder)
    if not parent.criteria:
        raise InputError(
            f"{folder}: it has neither judges nor checks, and nothing that could notice a fault."
        )
    answered = stratified(answered_records(parent, candidate), records, seed=seed)
    copies = hidden_copies(answered, kinds, seed=seed, planting=written and written.planting)
    # A folder of its own: what a run that was stopped goes on with stays as it is.
    place = storage.join(storage.absolute(folder), PROOF_FOLDER, new_run_id())
    _write(place, parent, copies, candidate, written)
    return new_run(
        storage.join(place, DATASET_FILE),
        evaluation=storage.join(place, EVALUATION_FILE),
        bedrock=bedrock or parent.bedrock,
        out=place,
        limit=None,
        max_in_flight=max_in_flight,
        budget_usd=budget_usd,
    )


def proved_candidate(folder: str) -> str:
    """
    Return whose responses are taken where nobody says: the recommended candidate's, or the first's.

    Raises:
        StorageError: The folder holds no scorecard of this version of evaldrop.
    """
    scorecard = read_scorecard(folder)
    return recommendation_of(scorecard).choice or next(iter(scorecard.candidates))


def drops_asked_before(folder: str) -> tuple[float, ...]:
    """Return the drops that the newest proof of a run was asked about; without one the usual ones."""
    try:
        found = Proof.model_validate_json(storage.read_bytes(storage.join(folder, PROOF_FILE)))
    except (StorageError, ValueError):
        return DROPS
    return tuple(dict.fromkeys(each.drop for each in found.power if each.kind is None)) or DROPS


def read_proof(folder: str, *, drops: Sequence[float] = DROPS) -> Proof:
    """
    Analyse the newest finished run that judged copies of a run's responses; write `proof.json` there.

    Args:
        folder: The folder of the run that was tested, on this machine.
        drops: Drops of the pass rate that are asked about, fractions.

    Raises:
        InputError: Nothing was judged yet, or not to its end.
        NotEnoughData: A judge answered nothing.
        StorageError: A file of either run cannot be read.
    """
    ended = sorted(storage.local_path(folder).glob(f"{PROOF_FOLDER}/*/*/*/scorecard.json"))
    if not ended:
        raise InputError(f"{folder}: no test of its judges and checks has ended. --faults makes one.")
    judged_in = ended[-1].parent
    judging = read_scorecard(str(judged_in))
    if silent := [lack for lack in silences(judging) if lack.judge is not None]:
        # Who answered nothing noticed nothing: that says nothing of them, and an earlier proof stays.
        raise NotEnoughData(f"{judged_in}: {silent[0].sentence} Nothing is proved by it.")
    key = orjson.loads(storage.read_bytes(str(judged_in.parents[1] / KEY_FILE)))
    tested, proof = RunDefinition.load(folder), RunDefinition.load(str(judged_in))
    judged = judged_copies(
        proof,
        key["columns"],
        candidate=key["candidate"],
        run_records=sum(record.anchor is None for record in prepared_records(folder)),
        comparisons=max(1, len(tested.evaluation.candidates) * len(tested.criteria)),
    )
    confidence = tested.evaluation.confidence
    found = Proof(
        candidate=judged.candidate,
        records=judged.records,
        confidence=confidence,
        simulated=proof.simulated,
        noticed=noticed_faults(judged, confidence=confidence),
        false_alarms=false_alarms(judged, confidence=confidence, seed=0),
        power=tuple(
            detection_power(
                judged,
                drops=sorted(set(drops)),
                confidence=confidence,
                planned_variance=planned_variance(read_scorecard(folder)),
                seed=0,
            )
        ),
        cost_usd=judging.cost_usd.total,
        written_by=key.get("written_by"),
        refused=key.get("refused", {}),
        made_at=judging.started_at,
    )
    found = found.model_copy(update={"sentences": tuple(sentences_of(found))})
    storage.write_bytes(storage.join(folder, PROOF_FILE), found.model_dump_json(indent=2).encode())
    return found


def _write(
    place: str, parent: RunDefinition, copies: HiddenCopies, candidate: str, written: WrittenBy | None
) -> None:
    for name, text in parent.prompt_files.items():
        storage.write_bytes(storage.join(place, "prompts", f"{name}.md"), text.encode())
    # JSON is YAML.
    evaluation = _judging_only(parent.evaluation).model_dump(mode="json", exclude_defaults=True)
    storage.write_bytes(storage.join(place, EVALUATION_FILE), orjson.dumps(evaluation))
    lines = b"".join(orjson.dumps(row) + b"\n" for row in copies.rows)
    storage.write_bytes(storage.join(place, DATASET_FILE), lines)
    key = {"candidate": candidate, "columns": dict(copies.key), "planted": copies.planted}
    if written is not None:
        key |= {"written_by": written.model, "refused": dict(written.faults.refused)}
    storage.write_bytes(storage.join(place, KEY_FILE), orjson.dumps(key))


def _judging_only(evaluation: Evaluation) -> Evaluation:
    """Return an evaluation that asks its judges and checks as before, of given responses, and no more."""
    return evaluation.model_copy(
        update={
            "candidates": (),
            "pairwise": None,
            "robustness": None,
            "anchors": None,
            "gate": (),
            "fields": {},
            "tools": (),
            "metrics": (),
        }
    )
