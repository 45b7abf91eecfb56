"""A run's tables with queries: DuckDB runs every one of them."""

from pathlib import Path

import pytest

from evaldrop.cli.dispatch import main
from evaldrop.errors import InputError
from evaldrop.report.writing import FILES, export_run
from evaldrop.scorecard.read import read_run
from tests.browser.pages import write_varied
from tests.whole_runs import EVALUATION, only_run, write_evaluation


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return read_run(write_varied(tmp_path_factory.mktemp("runs") / "support" / "run-1", simulated=True))


def test_every_file_is_copied_whole(run, tmp_path):
    written = export_run(run.uri, run.scorecard, tmp_path / "new" / "tables")
    assert [file.name for file in written] == [*FILES, "queries.sql"]
    for name in FILES:
        assert (tmp_path / "new" / "tables" / name).read_bytes() == Path(run.uri, name).read_bytes()
    assert (
        written[-1]
        .read_text()
        .startswith("-- SIMULATED: stand-ins answered, no model did. support, run run-1")
    )


def test_nothing_is_overwritten(run, tmp_path):
    (tmp_path / "responses.parquet").write_text("mine")
    with pytest.raises(InputError, match=r"responses\.parquet is there already; nothing was written"):
        export_run(run.uri, run.scorecard, tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["responses.parquet"]


def test_every_query_runs_and_agrees_with_the_scorecard(run, tmp_path, monkeypatch):
    duckdb = pytest.importorskip("duckdb", reason="no DuckDB: pip install duckdb")
    export_run(run.uri, run.scorecard, tmp_path)
    monkeypatch.chdir(tmp_path)
    with duckdb.connect() as connection:
        statements = connection.extract_statements((tmp_path / "queries.sql").read_text())
        answers = [connection.execute(statement).fetchall() for statement in statements]
    rates = {(candidate, criterion): rate for candidate, criterion, *_, rate in answers[3]}
    for name, card in run.scorecard.candidates.items():
        for criterion, estimate in card.criteria.items():
            assert rates[name, criterion] == pytest.approx(estimate.pass_rate, abs=5e-4)
    assert len(answers[7]) == 20, "records on which candidates differ"


def test_a_run_with_perturbed_prompts_brings_their_table_and_its_query(tmp_path, monkeypatch):
    duckdb = pytest.importorskip("duckdb", reason="no DuckDB: pip install duckdb")
    evaluation = f"{EVALUATION}robustness: {{perturbations: [typos, case], n: 2}}\n"
    dataset = write_evaluation(tmp_path / "data", records=6, evaluation=evaluation)
    arguments = ["--bedrock", "simulated:latency=0", "--out", str(tmp_path / "runs")]
    assert main(["run", str(dataset), *arguments]) in (0, 1, 2)
    found = read_run(str(only_run(tmp_path / "runs")))
    written = export_run(found.uri, found.scorecard, tmp_path / "tables")
    assert "robustness.parquet" in [file.name for file in written]
    monkeypatch.chdir(tmp_path / "tables")
    with duckdb.connect() as connection:
        statements = connection.extract_statements(Path("queries.sql").read_text())
        *_, answers = [connection.execute(statement).fetchall() for statement in statements]
    changes = {(perturbation, candidate): change for perturbation, candidate, *_, change in answers}
    for name, card in found.scorecard.candidates.items():
        for perturbation, estimate in card.robustness.items():
            drop = estimate.criteria["correctness"].drop
            assert changes[perturbation, name] == pytest.approx(-drop, abs=5e-4)
