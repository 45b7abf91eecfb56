"""Whole runs of datasets that are no JSON, through the command line."""

import csv
import gzip
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.whole_runs import EVALUATION, called, only_run

ROWS = [
    {
        "id": f"00{n}",
        "prompt": f'Question {n}, "quoted":\nhow long?',
        "reference": "30 days from delivery.",
        "metadata.topic": "returns",
    }
    for n in range(4)
]


def written(name):
    text, content = io.StringIO(newline=""), io.BytesIO()
    if "parquet" in name:
        pq.write_table(pa.Table.from_pylist(ROWS), content)
        return content.getvalue()
    writer = csv.DictWriter(text, list(ROWS[0]), delimiter="\t" if ".tsv" in name else ";")
    writer.writeheader()
    writer.writerows(ROWS)
    data = text.getvalue().encode("utf-8-sig")
    return gzip.compress(data) if name.endswith(".gz") else data


@pytest.mark.parametrize("name", ["faq.csv", "faq.csv.gz", "faq.tsv", "faq.parquet"])
def test_a_table_is_checked_run_and_gone_on_with(tmp_path, name):
    (tmp_path / name).write_bytes(written(name))
    (tmp_path / "faq.yaml").write_text(EVALUATION)
    checked = called("validate", name, cwd=tmp_path)
    assert checked.returncode == 0, checked.stderr
    assert "read as" in checked.stdout + checked.stderr
    done = called("run", name, "--bedrock", "simulated:latency=0", cwd=tmp_path)
    assert done.returncode in {0, 1, 2}, done.stderr
    run = only_run(tmp_path / "runs")
    prepared = [json.loads(line) for line in (run / "records.jsonl").read_text().splitlines()]
    assert [record["record_id"] for record in prepared] == ["000", "001", "002", "003"]
    assert prepared[1]["prompt"] == ROWS[1]["prompt"]
    assert prepared[1]["metadata"] == {"topic": "returns"}
    again = called("run", "--resume", run, cwd=tmp_path)
    assert again.returncode == done.returncode, again.stderr


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("faq.csv", "faq.csv line 4"),
        ("faq.csv.gz", "faq.csv.gz line 4"),
        ("faq.parquet", "faq.parquet row 2"),
    ],
)
def test_a_problem_of_a_table_is_told_with_its_line_or_row(tmp_path, monkeypatch, name, place):
    monkeypatch.setitem(ROWS[1], "id", "000")
    (tmp_path / name).write_bytes(written(name))
    (tmp_path / "faq.yaml").write_text(EVALUATION)
    for arguments in (["validate", name], ["plan", name], ["run", name, "--bedrock", "simulated"]):
        done = called(*arguments, cwd=tmp_path)
        assert done.returncode == 64, done.stderr
        assert f'{place}: the id "000" was already used on' in done.stderr + done.stdout
