"""A run in parts is the run in one piece: what is validated, prepared and scored, to the byte."""

import json
import shutil
import subprocess
import time
from pathlib import Path

import orjson
import pytest

from evaldrop import read_run
from evaldrop.report.browsing import RecordRows, RunRecords
from evaldrop.report.record_filter import RecordFilter
from evaldrop.run.definition import RunDefinition
from evaldrop.run.part_sizes import EACH_PART, PARTS_ABOVE
from evaldrop.run.records import record_files
from evaldrop.run.request import RunRequest
from evaldrop.run.results import find_manifests
from evaldrop.run.tables import read_table
from evaldrop.steps.build_scorecard.build import score_run
from evaldrop.steps.prepare_records.prepare import prepare_records
from evaldrop.steps.validate_dataset.validate import validate_dataset
from tests.parts import called_in_parts, forced
from tests.whole_runs import called, command, environment, evaldrop, only_run, write_evaluation

DATASETS = Path(__file__).parents[1] / "datasets"
SAMPLES = sorted(each.name for each in DATASETS.iterdir() if (each / "evaluation.yaml").exists())
PART_BYTES = [4096, 65536]
TABLES = ("responses", "verdicts", "comparisons", "scores", "robustness")


def request_of(sample, folder):
    return RunRequest(
        run_id="run-1",
        dataset=str(DATASETS / sample / "records.jsonl"),
        out=str(folder),
        bedrock="simulated",
    )


def whole_lines(folder):
    """Return the lines of a run's prepared records, requests with what is constant in them."""
    run = json.loads((folder / "run.json").read_bytes())
    assert run["run_id"] == "run-1"
    return [line for uri in record_files(str(folder)) for line in Path(uri).read_bytes().splitlines()]


@pytest.mark.parametrize("part_bytes", PART_BYTES)
@pytest.mark.parametrize("sample", SAMPLES)
def test_a_sample_is_validated_and_prepared_in_parts_as_in_one_piece(
    sample, part_bytes, tmp_path, monkeypatch
):
    request = request_of(sample, tmp_path)
    folder = Path(validate_dataset(request)["run"]["folder"])
    state = prepare_records(request, str(folder))
    before = {name: (folder / name).read_bytes() for name in ("run.json", "first.jsonl", "rejected.jsonl")}
    lines = whole_lines(folder)
    shutil.rmtree(folder / "parts", ignore_errors=True)
    (folder / "records.jsonl").unlink()

    forced(monkeypatch, part_bytes)
    # A run that has begun keeps its secret, by which its requests are fenced.
    validated = called_in_parts("ValidateDataset", request.model_dump(mode="json"))
    prepared = called_in_parts("PrepareRecords", validated)

    assert validated["parts"] == {}
    assert (folder / "run.json").read_bytes() == before["run.json"]
    assert whole_lines(folder) == lines
    assert (folder / "first.jsonl").read_bytes() == before["first.jsonl"]
    assert (folder / "rejected.jsonl").read_bytes() == before["rejected.jsonl"]
    rest = prepared.pop("rest")
    assert rest["reader"]["key"].endswith("/run-1/records/")
    assert prepared.pop("parts") == {}
    assert prepared == {name: value for name, value in state.items() if name != "rest"}


RUNS = {
    "panel, pairs, own criteria and copies": """
name: small
candidates:
  - {name: first, model: "test.first-v1:0"}
  - {name: second, model: "test.second-v1:0"}
judges:
  - {name: judge, model: "amazon.nova-pro-v1:0", repeats: 2}
  - {name: other, model: "amazon.nova-lite-v1:0"}
criteria:
  - correctness
  - {name: kind, question: "What kind of answer is it?", scale: {choices: {short: 1.0, long: 0.5}}}
metrics: [token_f1]
checks: [{name: has_days, contains: days}, {name: kind_of, one_of: [days, weeks]}]
pairwise: {baseline: first}
robustness: {perturbations: [typos, whitespace], n: 1}
""",
}


@pytest.mark.parametrize("part_bytes", PART_BYTES)
@pytest.mark.parametrize("name", [*SAMPLES, *RUNS])
def test_the_scorecard_of_a_run_in_parts_is_the_one_of_the_same_replies_in_one_piece(
    name, part_bytes, tmp_path, monkeypatch
):
    if name in RUNS:
        dataset = write_evaluation(tmp_path, records=24, evaluation=RUNS[name])
        rows = [json.loads(line) for line in dataset.read_text(encoding="utf-8").splitlines()]
        for number, row in enumerate(rows):
            row |= {"category": f"c{number % 3}", "group": f"g{number // 2}"}
            if number % 5 == 0:
                row["criteria"] = {f"own_{number}": f"Does it say {number}?"}
        dataset.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    else:
        shutil.copytree(DATASETS / name, tmp_path / name)
        dataset = tmp_path / name / "records.jsonl"
    forced(monkeypatch, part_bytes)
    done = called("run", dataset, "--bedrock", "simulated", "--out", tmp_path / "runs", "--yes", cwd=tmp_path)
    assert done.returncode in (0, 1, 2), done.stderr
    run = only_run(tmp_path / "runs")
    assert not (run / "responses.parquet").exists()
    assert len([*run.glob("responses/part-*.parquet")]) == len(record_files(str(run)))

    again = tmp_path / "again"
    shutil.copytree(run, again, ignore=shutil.ignore_patterns("parts", *TABLES, "*.html"))
    score_run(RunDefinition.load(str(again)), *find_manifests(str(again)))

    assert json.loads((run / "scorecard.json").read_bytes()) == expected(again, run)
    for table in TABLES:
        if (again / f"{table}.parquet").exists():
            mine, theirs = (read_table(str(each / f"{table}.parquet")) for each in (run, again))
            assert mine.equals(theirs.combine_chunks()), table
    assert rows_shown(run) == rows_shown(again)
    paged, whole = (RunRecords(RunDefinition.load(str(each))) for each in (run, again))
    listed = list(paged.found(RecordFilter()))
    assert listed == list(whole.found(RecordFilter()))
    for record in listed:
        if isinstance(record, RecordRows):
            lines = Path(paged.prepared_file(record.ordinal)).read_bytes().splitlines()
            assert record.record_id in {orjson.loads(line)["record_id"] for line in lines}
    assert read_run(str(run)).responses.equals(read_run(str(again)).responses)


def expected(again, run):
    """Return a scorecard; when its run ended is told by files, of which one is a copy."""
    content = orjson.loads((again / "scorecard.json").read_bytes())
    content["duration_s"] = orjson.loads((run / "scorecard.json").read_bytes())["duration_s"]
    return content


def rows_shown(run):
    """Return the packed records of a report."""
    page = (run / "report.html").read_text(encoding="utf-8")
    start = page.index('id="rows"') if 'id="rows"' in page else page.index("H4sI")
    return page[start:].split("</script>")[0]


def test_what_cannot_be_read_in_parts_is_read_in_one_piece_and_run(tmp_path, monkeypatch):
    dataset = write_evaluation(tmp_path, records=2)
    # Whether answers count the choices from 0 or from 1 the first row says, for all.
    rows = [
        {"question": "Which?", "choices": ["one", "two", "three"], "answer": answer} for answer in (0, 1, 2)
    ]
    dataset.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    forced(monkeypatch, 60)
    done = called("run", dataset, "--bedrock", "simulated", "--out", tmp_path / "runs", "--yes", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    run = only_run(tmp_path / "runs")
    assert (run / "records.jsonl").exists()
    assert [json.loads(line)["reference"][0] for line in whole_lines_of(run)] == ["A", "B", "C"]


def whole_lines_of(run):
    return [line for uri in record_files(str(run)) for line in Path(uri).read_bytes().splitlines()]


@pytest.mark.parametrize("part_bytes", [90, 65536])
def test_a_dataset_that_is_refused_in_parts_is_refused_in_the_same_words_and_leaves_nothing(
    part_bytes, tmp_path, monkeypatch
):
    dataset = write_evaluation(tmp_path, records=5)
    with dataset.open("a", encoding="utf-8") as lines:
        lines.write('{"id": "record-0", "prompt": "Again?"}\n\n{"prompt": ""}\n{"prompt": "x" "y"}\n')
    arguments = ("run", dataset, "--bedrock", "simulated", "--out", tmp_path / "runs", "--yes")
    whole = called(*arguments, cwd=tmp_path)
    forced(monkeypatch, part_bytes)
    in_parts = called(*arguments, cwd=tmp_path)
    assert whole.returncode == in_parts.returncode == 64
    assert "record-0" in whole.stderr
    assert [line for line in in_parts.stderr.splitlines() if " parts" not in line] == [
        *whole.stderr.splitlines()
    ]
    assert not [*(tmp_path / "runs").rglob("*")]


def test_a_run_in_parts_that_was_killed_goes_on_and_pays_for_nothing_twice(tmp_path):
    dataset = write_evaluation(tmp_path, records=40)
    env = environment() | {PARTS_ABOVE: "1", EACH_PART: "2000"}
    arguments = command(
        "run", dataset, "--bedrock", "simulated:latency=0.05", "--out", tmp_path / "runs", "--yes"
    )
    with subprocess.Popen(arguments, env=env, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as begun:
        until = time.monotonic() + 60
        while not [*tmp_path.glob("runs/small/*/results/*/SUCCEEDED_0.jsonl")]:
            assert time.monotonic() < until
            time.sleep(0.02)
        begun.kill()
    run = only_run(tmp_path / "runs")
    assert not (run / "scorecard.json").exists()
    done = evaldrop("run", "--resume", run, env=env)
    assert done.returncode == 0, done.stderr
    scorecard = read_run(str(run)).scorecard
    assert scorecard.records.evaluated == 40
    # A reply is in the journal before anybody sees it: as many as there are calls, none of them twice.
    journal = run / "journal.done.jsonl"
    assert not journal.exists() or len(journal.read_bytes().splitlines()) <= 160
    assert len([*run.glob("records/part-*.jsonl")]) > 2
