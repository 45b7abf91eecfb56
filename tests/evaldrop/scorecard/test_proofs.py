"""Whose proof a run's scorecard carries."""

from collections.abc import Callable
from pathlib import Path

import pytest

from evaldrop.errors import StorageError
from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.model.proof import Proof
from evaldrop.scorecard.proofs import proof_of
from tests.evaldrop.run_folders import CORRECTNESS, HAIKU, LITE, PRO, TONE, run_json, write_run

Written = Callable[..., RunDefinition]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """Return a function that writes the run of a week, with a proof where a candidate is named."""

    def write(week: int, proved: str | None = None, *, rehearsed: bool = False, **changed) -> RunDefinition:
        folder = tmp_path / "support" / f"run-{week}"
        content = run_json(run_id=f"run-{week}", started_at=f"2026-11-{week:02}T09:00:00+00:00", **changed)
        write_run(str(folder), run=content, records=[], succeeded=[])
        if proved is not None:
            proof = Proof(candidate=proved, records=9, confidence=0.95, simulated=rehearsed)
            (folder / "proof.json").write_text(proof.model_dump_json())
        return RunDefinition.load(str(folder))

    return write


def whose(run: RunDefinition) -> tuple[str, str | None] | None:
    found = proof_of(run)
    return None if found is None else (found.candidate, found.run_id)


def test_a_run_that_was_proved_has_its_own(written: Written) -> None:
    written(1, "before")
    assert whose(written(2, "own")) == ("own", None)


def test_else_it_is_the_last_of_an_earlier_run(written: Written) -> None:
    written(1, "first")
    written(2, "second")
    written(4, "later")
    assert whose(written(3)) == ("second", "run-2")


def test_without_any_there_is_none(written: Written) -> None:
    written(1)
    assert whose(written(2)) is None


@pytest.mark.parametrize("changed", [
    {"evaluation": {"judges": [{"name": "pro", "model": LITE}]}},
    {"evaluation": {"judges": [{"name": "pro", "model": PRO, "repeats": 3}]}},
    {"prompts": {"judge/criteria.v1": {"sha256": "99" * 32, "text": "?"}}},
    {"criteria": [CORRECTNESS]},
    {"criteria": [CORRECTNESS, {**TONE, "pass_at": 2}]},
    {"checks": [{"contains": "days"}]},
    {"simulated": True},
])  # fmt: skip
def test_a_run_that_was_judged_otherwise_lends_none(written: Written, changed) -> None:
    prompts = {"judge/criteria.v1": {"sha256": "cd" * 32, "text": "{{ prompt }}"}}
    written(1, "like", prompts=prompts)
    written(2, "other", **{"prompts": prompts, **changed})
    assert whose(written(3, prompts=prompts)) == ("like", "run-1")


def test_other_candidates_weights_and_datasets_do_not_matter(written: Written) -> None:
    written(
        1,
        "then",
        criteria=[CORRECTNESS, {**TONE, "weight": 3}],
        dataset={**run_json()["dataset"], "sha256": "00" * 32},
        evaluation={"candidates": [{"name": "new", "model": HAIKU}]},
    )
    assert whose(written(2)) == ("then", "run-1")


def test_a_rehearsals_proof_is_none_of_a_real_run(written: Written) -> None:
    written(1, "rehearsed", rehearsed=True)
    assert whose(written(2)) is None
    assert whose(written(3, "rehearsed", rehearsed=True)) is None
    assert whose(written(4, "rehearsed", rehearsed=True, simulated=True)) == ("rehearsed", None)


def test_a_rehearsal_of_a_proof_does_not_hide_an_earlier_one(written: Written) -> None:
    written(1, "real")
    assert whose(written(2, "rehearsed", rehearsed=True)) == ("real", "run-1")


def test_a_proof_at_another_confidence_is_not_carried(written: Written) -> None:
    written(1, "at95")
    assert whose(written(2, evaluation={"confidence": 0.9})) is None


def test_an_unreadable_one_is_told_of_the_run_and_passed_over_of_others(written: Written) -> None:
    written(1, "readable")
    broken = written(2, "broken")
    Path(broken.file("proof.json")).write_text('{"candidate": 1}')
    with pytest.raises(StorageError, match=r"run-2/proof\.json: no proof"):
        proof_of(broken)
    assert whose(written(3)) == ("readable", "run-1")
