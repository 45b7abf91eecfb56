"""Rows are parted into jobs, and too few are no job."""

import json

import pytest

from evaldrop.steps.prepare_jobs.writing import JobLimits, RowWriter, StageWriter

LIMITS = JobLimits(least=3, most=5, most_bytes=1_000)


def written(folder, n, *, limits=LIMITS, body=None):
    """Write rows; return each file's IDs, and the parts that the writer tells."""
    with RowWriter(lambda part: str(folder / f"{part}.jsonl"), limits) as writer:
        for number in range(n):
            writer.add(f"{number:02}", body or {"n": number})
    files = sorted(folder.glob("*.jsonl"))
    return [[json.loads(line)["recordId"] for line in file.read_text().splitlines()] for file in files], [
        part.n for part in writer.parts
    ]


@pytest.mark.parametrize(
    ("n", "parts"),
    [(0, []), (2, []), (3, [3]), (5, [5]), (7, [5]), (8, [5, 3]), (11, [5, 5]), (13, [5, 5, 3])],
)
def test_a_job_has_as_many_rows_as_it_takes_and_never_too_few(tmp_path, n, parts):
    files, told = written(tmp_path, n)
    assert [len(each) for each in files] == told == parts
    ids = [each for file in files for each in file]
    assert ids == [f"{number:02}" for number in range(sum(parts))]


def test_a_file_is_no_larger_than_a_job_takes(tmp_path):
    files, parts = written(tmp_path, 9, body={"text": "x" * 200})
    assert parts == [4, 4]
    assert len(files) == 2
    assert all(path.stat().st_size <= LIMITS.most_bytes for path in tmp_path.glob("*.jsonl"))


def test_the_id_comes_first_in_a_row(tmp_path):
    written(tmp_path, 3)
    assert (tmp_path / "1.jsonl").read_bytes().startswith(b'{"recordId":"00","modelInput":{"n":0}}\n')


def test_what_ends_in_an_error_leaves_no_file(tmp_path):
    def rows():
        with StageWriter(str(tmp_path), "judges", LIMITS) as writer:
            for number in range(4):
                writer.add("one", str(number), {})
            raise KeyError

    with pytest.raises(KeyError):
        rows()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_each_who_is_asked_has_jobs_of_its_own(tmp_path):
    with StageWriter(str(tmp_path), "judges", LIMITS) as writer:
        for number in range(6):
            writer.add("one" if number % 2 else "other", str(number), {})
        writer.add("rare", "9", {})
    parts = [[part.n for part in writer.parts_of(name)] for name in ("one", "other", "rare", "nobody")]
    assert parts == [[3], [3], [], []]
    assert (tmp_path / "batch/judges/one-1/rows.jsonl").read_text().count("\n") == 3


def test_a_job_reserves_what_its_own_rows_may_cost(tmp_path):
    with RowWriter(lambda part: str(tmp_path / f"{part}.jsonl"), LIMITS) as writer:
        for number in range(10):
            writer.add(str(number), {}, micros=1.5 if number < 5 else 0.1)
    assert writer.parts == [(5, 8), (5, 1)]
