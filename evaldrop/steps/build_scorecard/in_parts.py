"""
The scorecard of a large run, from parts of it.

Result files are in the order in which records ended, prepared records in the dataset's: first functions note,
each for a range of a result file, which record each row is about and where it is; then others fetch, each for
a part of the records, the rows of these, tally them and write their part of the tables; one more merges the
tallies. Rows of records that are near one another are near one another, but for the slow: a part's rows are
fetched in few pieces.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import orjson

from evaldrop import storage
from evaldrop.datasets.files.ranges import CHUNK_BYTES, ByteRange, LinesOfRange, parts_of
from evaldrop.datasets.seen import digest_of
from evaldrop.errors import StorageError
from evaldrop.report.rows import BUDGET, ReportRows
from evaldrop.run.definition import RunDefinition
from evaldrop.run.part_sizes import PartSizes
from evaldrop.run.parts import FIRST_LINES, PartFiles, PartTask, due
from evaldrop.run.records import part_files
from evaldrop.run.results import (
    Manifest,
    collect_part,
    failed_record,
    parse_row,
    read_manifest,
    record_id_of,
)
from evaldrop.scorecard.model.scorecard import Scorecard
from evaldrop.steps.build_scorecard.build import RunTally, finish_run
from evaldrop.steps.build_scorecard.results import read_collected
from evaldrop.steps.build_scorecard.tables import open_tables
from evaldrop.steps.build_scorecard.tally_files import read_tally, write_tally

RESULTS: Final = "results"

_AT_A_TIME: Final = 10
"""Files that are read at once: as many as a client of boto3 has connections."""

NEAR_BYTES: Final = 256 << 10
"""Rows that are nearer to one another are fetched in one piece, with what is between them."""

_ROW = np.dtype([("digest", "<u8"), ("offset", "<u8"), ("length", "<u4")])
Rows = npt.NDArray[np.void]


class ResultFile(NamedTuple):
    """A file of results: where it is, the place of its Map run among all, and whether its children failed."""

    uri: str
    manifest: int
    has_failed: bool


class _Range(NamedTuple):
    file: int
    start: int
    end: int


def score_in_parts(
    run: RunDefinition, manifests: Sequence[str], stage: str | None, sizes: PartSizes
) -> Scorecard | Mapping[str, Any]:
    """
    Return a large run's scorecard, when its parts are there; else what is due.

    Args:
        run: The run.
        manifests: URIs of its Map runs' manifests, the newest first.
        stage: What was done of its parts.
        sizes: How large ranges of result files are.

    Raises:
        StorageError: A file is missing, or is not what it should be.
        EvaluationError: The gate cannot be read.
    """
    files = PartFiles(run.folder)
    if stage is None:
        ranges = _cut(manifests, files, sizes)
        if ranges:
            return due("index", range(ranges))
    if stage in (None, "index"):
        return due("tally", range(len(list(part_files(run.folder)))))
    return _merged(run, manifests)


def score_part(run: RunDefinition, task: PartTask) -> None:
    """Do what a stage asks of one part, and write what was found."""
    if task.stage == "index":
        _index(run, task.number)
    else:
        _tally(run, task.number)


def _cut(manifests: Sequence[str], files: PartFiles, sizes: PartSizes) -> int:
    """Note which result files there are and how they are cut; return how many ranges they have."""
    found: list[ResultFile] = []
    for number, manifest in enumerate(map(read_manifest, manifests)):
        found += [ResultFile(uri, number, False) for uri in manifest.succeeded]
        found += [ResultFile(uri, number, True) for uri in (*manifest.failed, *manifest.pending)]
    ranges = [
        _Range(place, *each)
        for place, file in enumerate(found)
        for each in parts_of(storage.describe(file.uri).size, sizes.part_bytes)
    ]
    shared = {"files": [[*each] for each in found], "ranges": [[*each] for each in ranges]}
    files.write_json(RESULTS, shared | {"manifests": [*manifests]})
    return len(ranges)


def _index(run: RunDefinition, number: int) -> None:
    """Note which record each row of a range is about, and where it is."""
    files = PartFiles(run.folder)
    shared = files.read_json(RESULTS)
    wanted = _Range(*shared["ranges"][number])
    file = ResultFile(*shared["files"][wanted.file])
    found = [
        (digest_of(record_id), offset, length)
        for record_id, offset, length in _records_in(file, ByteRange(wanted.start, wanted.end))
    ]
    rows = np.array(found, _ROW)
    # Sorted, for each part looks for its own in all of them.
    rows = rows[np.argsort(rows["digest"], kind="stable")]
    storage.write_bytes(files.uri("index", number, "rows"), rows.tobytes())


def _records_in(file: ResultFile, wanted: ByteRange) -> Iterator[tuple[str, int, int]]:
    """Yield whose row each line is, where it begins, and how many bytes it has."""

    def open_from(start: int, /) -> BinaryIO:
        return storage.open_read(file.uri, start=start)

    with LinesOfRange(open_from, wanted) as lines:
        offset = lines.offset
        for line in _split(lines):
            if file.has_failed:
                record_id = _failed_id(line, file.uri, offset)
            else:
                record_id = record_id_of(line, file.uri, offset)
            if record_id is not None:
                yield record_id, offset, len(line)
            offset += len(line)


def _split(lines: LinesOfRange) -> Iterator[bytes]:
    held = b""
    while piece := lines.read(CHUNK_BYTES):
        *whole, held = (held + piece).split(b"\n")
        for line in whole:
            yield line + b"\n"
    if held:
        yield held


def _failed_id(line: bytes, uri: str, offset: int) -> str | None:
    if not line.strip():
        return None
    try:
        return failed_record(parse_row(line))[0]
    except (ValueError, TypeError) as error:
        raise StorageError(f"{uri}, byte {offset}: not a failed child ({error})") from error


def _tally(run: RunDefinition, number: int) -> None:
    """Tally the records of a part, and write their part of the tables."""
    files = PartFiles(run.folder)
    shared, records = files.read_json(RESULTS), list(part_files(run.folder))
    first: int = files.read_json(FIRST_LINES)["first"][number]
    budget = min(BUDGET, max(BUDGET // 32, 2 * BUDGET // len(records)))
    tally = RunTally(run)
    with tempfile.TemporaryDirectory() as folder:
        manifests = _fetched(records[number], files, shared, Path(folder))
        found = read_collected(run, collect_part(records[number], manifests), first=first)
        with open_tables(run, part=number, budget=budget) as tables:
            for record, results in found:
                tally.add(record, results)
                tables.add(record, results)
    write_tally(files.uri("tally", number, "arrow"), tally, run)
    files.write("tally", number, orjson.dumps(tables.report.state()))


def _fetched(records: str, files: PartFiles, shared: Mapping[str, Any], folder: Path) -> list[Manifest]:
    """Fetch the rows of a file's records, and return them as their Map runs' results, the newest first."""
    with storage.open_read(records) as lines:
        ids = {
            digest_of(record_id)
            for line in lines
            if (record_id := record_id_of(line, records, 0)) is not None
        }
    wanted = np.array(sorted(ids), np.uint64)
    manifests = [
        Manifest(uri, (str(folder / f"{place}-succeeded"),), (str(folder / f"{place}-failed"),), ())
        for place, uri in enumerate(shared["manifests"])
    ]
    for each in manifests:
        for path in (*each.succeeded, *each.failed):
            Path(path).touch()

    def mine(number: int) -> Rows:
        rows = np.frombuffer(storage.read_bytes(files.uri("index", number, "rows")), _ROW)
        return rows[np.isin(rows["digest"], wanted)]

    # Of ten million records there are some 800: one after another they would take more time than all else.
    with ThreadPoolExecutor(_AT_A_TIME) as readers:
        parts = list(readers.map(mine, range(len(shared["ranges"]))))
    found: dict[int, list[Rows]] = {}
    for (file, _, _), rows in zip(shared["ranges"], parts, strict=True):
        found.setdefault(file, []).append(rows)
    for place, file in enumerate(map(ResultFile._make, shared["files"])):
        to = manifests[file.manifest]
        # In the manifest's order of files, and in each file's of rows: the first row counts.
        with Path((to.failed if file.has_failed else to.succeeded)[0]).open("ab") as stream:
            rows = np.concatenate(found.get(place) or [np.empty(0, _ROW)])
            stream.writelines(_lines_at(file.uri, rows[np.argsort(rows["offset"])]))
    return manifests


def _lines_at(uri: str, rows: Rows) -> Iterator[bytes]:
    """Yield lines of a file, by their places in it, ascending."""
    if not rows.size:
        return
    starts = rows["offset"].astype(np.int64)
    ends = starts + rows["length"].astype(np.int64)
    breaks = np.flatnonzero(starts[1:] - ends[:-1] > NEAR_BYTES) + 1
    for piece in np.split(np.arange(rows.size), breaks):
        start = int(starts[piece[0]])
        with storage.open_read(uri, start=start) as stream:
            for row in piece.tolist():
                stream.read(int(starts[row]) - start)
                yield stream.read(int(ends[row] - starts[row]))
                start = int(ends[row])


def _merged(run: RunDefinition, manifests: Sequence[str]) -> Scorecard:
    files, tally, rows = PartFiles(run.folder), RunTally(run), ReportRows(run)
    for number in range(len(list(part_files(run.folder)))):
        tally.merge(read_tally(files.uri("tally", number, "arrow"), run))
        rows.follow(orjson.loads(files.read("tally", number)))
    return finish_run(run, tally, rows, manifests)
