"""The blessed run: a small file beside the runs, which later runs find by themselves."""

import json

import pytest

from evaldrop.errors import InputError, StorageError
from evaldrop.scorecard.baseline.blessing import bless, blessed_run
from tests.evaldrop.evaluations import check
from tests.evaldrop.scorecard.baseline.runs import write

SCORES = {"lite": [(1, 5), (0, 2)], "haiku": [(1, 4), (1, 3)]}


@pytest.fixture
def evaluation(tmp_path):
    """An evaluation's folder with a real run and a rehearsal."""
    folder = tmp_path / "runs" / "small"
    write(str(folder / "real"), SCORES, run_id="real")
    write(str(folder / "rehearsal"), SCORES, run_id="rehearsal", simulated=True)
    return folder


def test_a_blessed_run_is_named_beside_the_runs(evaluation):
    bless(f"{evaluation}/real/")
    written = json.loads((evaluation / "baseline.json").read_text())
    assert (written["run_id"], written["simulated"]) == ("real", False)
    assert blessed_run(str(evaluation), simulated=False) == f"{evaluation}/real"


def test_a_rehearsal_and_a_real_run_are_not_each_others_baseline(evaluation):
    bless(f"{evaluation}/real")
    assert blessed_run(str(evaluation), simulated=True) is None
    with pytest.raises(InputError, match="the baseline is the real run real, and rehearsal is SIMULATED"):
        bless(f"{evaluation}/rehearsal")
    bless(f"{evaluation}/rehearsal", force=True)
    assert blessed_run(str(evaluation), simulated=True) == f"{evaluation}/rehearsal"


def test_a_run_that_has_not_ended_is_not_blessed(tmp_path):
    with pytest.raises(InputError, match=r"no scorecard\.json there"):
        bless(str(tmp_path))


def test_a_new_run_is_given_the_blessed_one(tmp_path, evaluation):
    bless(f"{evaluation}/rehearsal")
    assert check(tmp_path).definition.baseline == f"{evaluation}/rehearsal"
    assert check(tmp_path, bedrock="aws").definition.baseline is None


def test_a_broken_baseline_is_told_and_stops_nothing(tmp_path, evaluation):
    (evaluation / "baseline.json").write_text("{}")
    checked = check(tmp_path)
    assert checked.definition.baseline is None
    assert any("baseline.json: not a baseline" in warning for warning in checked.warnings)
    with pytest.raises(StorageError, match="Bless a run again"):
        blessed_run(str(evaluation), simulated=False)
