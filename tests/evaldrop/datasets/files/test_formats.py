"""Files compressed with gzip are read as what they hold; damage is told in words."""

import gzip
import hashlib
import io
import random
import tracemalloc

import pytest

from evaldrop.datasets import survey_dataset
from evaldrop.datasets.files import formats
from evaldrop.datasets.files.formats import DATASET_ENDINGS, stem_of
from evaldrop.errors import DatasetError
from tests.evaldrop.datasets.files.test_parquet import parquet
from tests.evaldrop.datasets.reading_of import problems_in, read_bytes

CONTENTS = {
    "faq.jsonl": b'{"prompt": "a"}\n{"prompt": "b"}\n',
    "faq.json": b'[\n{"prompt": "a"},\n{"prompt": "b"}\n]',
    "faq.ndjson": b'{"prompt": "a"}\n{"prompt": "b"}\n',
    "faq.csv": b"prompt,reference\na,\nb,\n",
    "faq.tsv": b"prompt\treference\na\t\nb\t\n",
    "faq.parquet": parquet({"prompt": ["a", "b"]}),
}


@pytest.mark.parametrize("name", CONTENTS)
@pytest.mark.parametrize("ending", [".gz", ".GZ", ""])
def test_what_is_packed_is_read_as_what_it_holds_whatever_its_name_says(name, ending):
    packed = read_bytes(gzip.compress(CONTENTS[name]), source=name + ending)
    assert packed == read_bytes(CONTENTS[name], source=name)
    assert [record.prompt for record in packed] == ["a", "b"]


@pytest.mark.parametrize("name", CONTENTS)
def test_a_file_that_was_unpacked_and_kept_its_name_is_read(name):
    assert len(read_bytes(CONTENTS[name], source=f"{name}.gz")) == 2


def test_members_one_after_another_and_zeros_at_the_end_are_one_file():
    lines = CONTENTS["faq.jsonl"].splitlines(keepends=True)
    data = b"".join(map(gzip.compress, lines)) + bytes(512)
    assert [record.line for record in read_bytes(data, source="faq.jsonl.gz")] == [1, 2]


def test_problems_name_the_line_of_what_is_packed():
    data = gzip.compress(b'prompt,id\n"a\nb",1\nc,1\n')
    (problem,) = problems_in(data, source="faq.csv.gz")
    assert problem == 'faq.csv.gz line 4: the id "1" was already used on line 2. Make ids unique.'


# Of digits drawn at random: packed, it is longer still than any buffer.
DRAWN = random.Random(1)
# Packed at no time: a test is named by its data, and each worker has to find the same names.
LONG = gzip.compress(
    b"".join(b'{"prompt": "%s"}\n' % DRAWN.randbytes(100).hex().encode() for _ in range(4_000)), mtime=0
)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (LONG[:-9], "is cut off: its gzip content ends in the middle."),
        (LONG[: len(LONG) // 2], "is cut off"),
        (LONG[:5], "is cut off"),
        (LONG[:-8] + bytes(8), "is compressed with gzip, and its content is damaged."),
        (LONG[: len(LONG) // 2] + b"\xff" * 99 + LONG[len(LONG) // 2 + 99 :], "is compressed with gzip, and"),
        (LONG + b"more", "is compressed with gzip, and its content is damaged."),
        (gzip.compress(LONG), "is compressed with gzip twice. Decompress it with gunzip once."),
        (gzip.compress(b"PK\x03\x04xl/"), "is an Excel workbook"),
        (gzip.compress(b"d/".ljust(257, b"\0") + b"ustar"), "is a tar archive"),
        (gzip.compress(b""), "is empty. Give at least one record."),
    ],
    ids=[
        "its end",
        "its half",
        "its head",
        "checksum",
        "content",
        "more behind",
        "twice",
        "workbook",
        "archive",
        "nothing",
    ],
)
def test_what_is_damaged_or_no_dataset_is_told(data, told):
    with pytest.raises(DatasetError) as caught:
        read_bytes(data, source="faq.jsonl.gz")
    assert str(caught.value).startswith(f"faq.jsonl.gz {told}")


def test_the_digest_is_of_the_file_as_it_is_stored():
    survey = survey_dataset(lambda: io.BytesIO(LONG), source="faq.jsonl.gz")
    assert survey.sha256 == hashlib.sha256(LONG).hexdigest()
    assert survey.n_accepted == 4_000


def test_a_bomb_is_read_in_bounded_memory_and_refused(monkeypatch):
    monkeypatch.setattr(formats, "_TRUSTED_BYTES", 20_000_000)
    bomb = gzip.compress(b'{"prompt": "' + bytes(60_000_000))
    tracemalloc.start()
    try:
        with pytest.raises(DatasetError, match="unpacks to more than 200 times its size"):
            read_bytes(bomb, source="faq.jsonl.gz")
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("ending", [*DATASET_ENDINGS, ".CSV.GZ", ""])
@pytest.mark.parametrize("folder", ["", "s3://bucket/v1.2/", "a.csv.gz/"])
def test_a_datasets_name_without_its_ending_is_its_evaluations(ending, folder):
    assert stem_of(f"{folder}faq{ending}") == f"{folder}faq"
