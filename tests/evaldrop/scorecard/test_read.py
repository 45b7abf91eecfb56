"""Reading a finished run for notebooks."""

import subprocess
import sys

import pytest

from evaldrop import storage
from evaldrop.errors import StorageError
from evaldrop.scorecard.read import read_run
from evaldrop.steps.build_scorecard.build import build_scorecard
from tests.evaldrop.run_folders import record, response, row, run_json, write_run


@pytest.fixture
def folder(tmp_path):
    folder = str(tmp_path / "support" / "run-1")
    scores = {"correctness": 1, "tone": 5}
    rows = [row("r1", response("lite", scores=scores), response("haiku", scores=scores))]
    write_run(folder, run=run_json(simulated=True), records=[record("r1")], succeeded=rows)
    build_scorecard(folder)
    return folder


def test_a_run_has_its_scorecard_its_run_file_and_its_tables(folder):
    run = read_run(folder)
    assert run.scorecard.candidates["lite"].criteria["tone"].mean == 5
    assert run.run["run_id"] == "run-1"
    assert run.responses.loc[0, "response"] == "an answer"
    assert run.verdicts.loc[0, "rationale"] == "because"
    assert len(run.comparisons) == 0
    assert repr(run) == "<Run support/run-1 SIMULATED: no gate>"


def test_a_table_of_a_simulated_run_says_so(folder):
    import pyarrow.parquet as pq

    for name in ("responses", "verdicts", "comparisons"):
        metadata = pq.read_schema(storage.join(folder, f"{name}.parquet")).metadata
        assert metadata[b"evaldrop.run"] == b"SIMULATED"


def test_a_folder_without_a_scorecard_is_refused(tmp_path):
    with pytest.raises(StorageError, match=r"scorecard\.json"):
        read_run(str(tmp_path))


def test_a_scorecard_of_another_version_is_refused_with_what_to_do(folder):
    storage.write_bytes(storage.join(folder, "scorecard.json"), b'{"run_id": "x"}')
    with pytest.raises(StorageError, match="evaldrop report"):
        read_run(folder)


def test_building_and_reading_a_scorecard_imports_neither_pandas_nor_scipy_stats(folder):
    code = (
        "import sys; from evaldrop.steps.build_scorecard.build import build_scorecard;"
        "from evaldrop.scorecard.read import read_run;"
        "build_scorecard(sys.argv[1]); read_run(sys.argv[1]);"
        "print([name for name in ('pandas', 'scipy.stats', 'boto3') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, folder], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.skipif(sys.platform != "linux", reason="threads are counted in /proc")
def test_tables_are_read_by_one_thread(folder):
    """A thread of Arrow's that lets go of Python's bytes while Python ends aborts the process."""
    code = (
        "import os, sys;"
        "import numpy, pandas, pyarrow.parquet;"
        "from evaldrop.run.tables import read_rows;"
        "from evaldrop.scorecard.baseline.scores_table import read_scores;"
        "from evaldrop.scorecard.read import read_run;"
        "threads = lambda: len(os.listdir('/proc/self/task'));"
        "before = threads();"
        "read_scores(sys.argv[1]);"
        "read_run(sys.argv[1]).verdicts;"
        "list(read_rows(sys.argv[1] + '/responses.parquet', ['record_id']));"
        "sys.exit(threads() - before)"
    )
    done = subprocess.run([sys.executable, "-c", code, folder], check=False)
    assert done.returncode == 0
