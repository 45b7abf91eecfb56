"""The run that judges hidden copies of a run's responses: all asked anew, judges alone, as any run."""

from contextlib import nullcontext
from pathlib import Path

import numpy as np
import orjson
import pytest

from evaldrop.errors import InputError
from evaldrop.proving.copies import AGAIN, AS_IT_IS
from evaldrop.proving.edits import FAULT_KINDS
from evaldrop.proving.judgements import judged_copies
from evaldrop.proving.noticing import noticed_faults
from evaldrop.run.definition import RunDefinition
from evaldrop.run.tables import read_rows
from evaldrop.running.here import LocalRun, execute_here, new_run
from evaldrop.running.proof import proof_run, proved_candidate, read_proof
from evaldrop.scorecard.model.proof import Proof
from evaldrop.scorecard.read import read_scorecard
from tests.evaldrop.evaluations import LITE, SMALL, write

BEDROCK = "simulated:latency=0"
ROWS = [
    {
        "id": f"r{n}",
        "prompt": f"How long may I return item {n}?",
        "reference": f"You have {n + 20} days. Ask us.",
    }
    for n in range(6)
]


class _Unwatched:
    """Hears a run's events and tells nobody."""

    def __getattr__(self, name: str):
        return lambda *_args, **_more: None


def _executed(run: LocalRun) -> LocalRun:
    execution = execute_here(run, lambda _meter: nullcontext(_Unwatched()), lambda _said: None)
    assert execution is not None
    assert execution.status == "SUCCEEDED", execution
    return run


@pytest.fixture(scope="module")
def parent(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("parent")
    evaluation = {**SMALL, "checks": [{"contains": "days"}], "gate": ["correctness.mean >= 0.1"]}
    dataset = write(folder, evaluation, ROWS)
    run = new_run(
        str(dataset),
        evaluation=None,
        bedrock=BEDROCK,
        out=str(folder / "runs"),
        limit=None,
        max_in_flight=None,
    )
    return _executed(run).folder


@pytest.fixture(scope="module")
def proof(parent: str) -> RunDefinition:
    run = proof_run(parent, candidate="lite", kinds=FAULT_KINDS, records=200)
    return RunDefinition.load(_executed(run).folder)


@pytest.fixture(scope="module")
def key(proof: RunDefinition) -> dict[str, str]:
    kept = (Path(proof.folder).parents[1] / "key.json").read_bytes()
    columns: dict[str, str] = orjson.loads(kept)["columns"]
    return columns


def test_every_candidate_is_given_and_has_a_name_that_tells_nothing(
    proof: RunDefinition, key: dict[str, str]
) -> None:
    assert {each.model for each in proof.evaluation.candidates} == {"given"}
    assert {each.name for each in proof.evaluation.candidates} == set(key)
    assert {AS_IT_IS, AGAIN, "truncation"} <= set(key.values())


def test_identical_responses_are_each_asked_of_the_judge(proof: RunDefinition, key: dict[str, str]) -> None:
    same = {column for column, holds in key.items() if holds in (AS_IT_IS, AGAIN)}
    rows = read_rows(f"{proof.folder}/verdicts.parquet", ("candidate", "judge", "score", "input_tokens"))
    judged = [row for row in rows if row[0] in same and row[1] == "judge"]
    assert len(judged) == 2 * len(ROWS)
    assert all(score is not None and tokens > 0 for _, _, score, tokens in judged)


def test_checks_look_at_the_copies_too(proof: RunDefinition) -> None:
    rows = list(read_rows(f"{proof.folder}/verdicts.parquet", ("candidate", "judge")))
    assert len([row for row in rows if row[1] == "check"]) >= 2 * len(ROWS)


def test_the_judge_is_asked_what_it_was_asked_before(parent: str, proof: RunDefinition) -> None:
    before = RunDefinition.load(parent)
    assert proof.evaluation.judges == before.evaluation.judges
    assert proof.criteria == before.criteria
    judging = {name: file for name, file in before.prompts.items() if name.startswith("judge/")}
    assert judging.items() <= proof.prompts.items()


def test_the_run_is_in_the_folder_of_the_run_it_tests(parent: str, proof: RunDefinition) -> None:
    assert Path(proof.folder).parents[2] == Path(parent) / "proof"


def test_a_candidate_that_is_not_in_the_run_is_refused(parent: str) -> None:
    with pytest.raises(InputError, match=f'no candidate "big". There are {LITE["name"]}'):
        proof_run(parent, candidate="big", kinds=FAULT_KINDS, records=200)


def test_the_verdicts_are_read_by_what_the_copies_are(proof: RunDefinition, key: dict[str, str]) -> None:
    judged = judged_copies(proof, key, candidate="lite", run_records=6, comparisons=1)
    assert set(judged.criteria) == set(proof.criteria)
    check = next(copies for name, copies in judged.criteria.items() if name != "correctness")
    # Code gives one text one score.
    assert check.first.shape == (len(ROWS),)
    assert np.array_equal(check.first, check.again)
    assert set(check.faulty) == set(key.values()) - {AS_IT_IS, AGAIN}
    correctness = judged.criteria["correctness"]
    rows = read_rows(f"{proof.folder}/verdicts.parquet", ("record_id", "candidate", "criterion", "score"))
    column = next(column for column, holds in key.items() if holds == "truncation")
    scored = {record: score for record, who, what, score in rows if (who, what) == (column, "correctness")}
    expected = [scored.get(row["id"], np.nan) for row in ROWS]
    assert np.array_equal(correctness.faulty["truncation"], np.array(expected, float), equal_nan=True)


def test_what_was_read_can_be_analysed(proof: RunDefinition, key: dict[str, str]) -> None:
    judged = judged_copies(proof, key, candidate="lite", run_records=6, comparisons=1)
    found = noticed_faults(judged, confidence=0.95)
    assert {(each.criterion, each.kind) for each in found} == {
        (name, kind) for name in proof.criteria for kind in set(key.values()) - {AS_IT_IS, AGAIN}
    }


def test_the_newest_test_that_ended_is_analysed_and_kept(parent: str, proof: RunDefinition) -> None:
    # One that was begun after it and has judged nothing.
    proof_run(parent, candidate="lite", kinds=("padding",), records=2)
    found = read_proof(parent)
    assert (found.candidate, found.records, found.simulated) == ("lite", len(ROWS), True)
    assert {each.criterion for each in found.power} == set(proof.criteria)
    assert {each.criterion for each in found.false_alarms} == set(proof.criteria)
    assert all(each.promised is not None for each in found.power)
    assert found.cost_usd is not None
    assert found.made_at == read_scorecard(proof.folder).started_at
    # Six responses tell nothing, and it says so.
    assert all("annot tell" in sentence for sentence in found.sentences if "drop" in sentence)
    kept = Proof.model_validate_json((Path(parent) / "proof.json").read_bytes())
    assert kept == found


def test_other_drops_may_be_asked_about(parent: str, proof: RunDefinition) -> None:
    asked = {each.drop for each in read_proof(parent, drops=(0.3, 0.3)).power}
    assert asked == {0.3}


def test_where_nobody_is_named_or_recommended_the_first_candidate_is_taken(parent: str) -> None:
    assert proved_candidate(parent) == LITE["name"]


def test_a_run_that_was_never_tested_says_how_to_test_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--faults makes one"):
        read_proof(str(tmp_path))
