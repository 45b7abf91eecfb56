"""A folder from S3 to this machine: whole, checked, and not twice (S3 is moto's)."""

import io
import os
from pathlib import Path

import boto3
import pytest

from evaldrop import storage
from evaldrop.errors import AwsError, StorageError
from evaldrop.running.deployed.fetching import Fetching

FOLDER = "s3://drop/runs/support/ds-1"
LARGE = os.urandom(6 << 20) + b"end"


@pytest.fixture
def filled(bucket):
    """A folder with an empty file, a small one, and one that was uploaded in parts."""
    storage.write_bytes(f"{FOLDER}/empty.jsonl", b"")
    storage.write_bytes(f"{FOLDER}/results/a b/SUCCEEDED_0.jsonl", b'{"a": 1}\n')
    storage.write_bytes("s3://drop/runs/support/ds-10/other.txt", b"of another run")
    config = boto3.s3.transfer.TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20)
    boto3.client("s3").upload_fileobj(
        io.BytesIO(LARGE), bucket, "runs/support/ds-1/large.parquet", Config=config
    )
    boto3.client("s3").put_object(Bucket=bucket, Key="runs/support/ds-1/results/", Body=b"")
    return bucket


def fetch(to: Path, s3=None):
    fetching = Fetching(FOLDER, to, s3 or boto3.client("s3"))
    copied = []
    counts = fetching.fetch(fetching.listing(), copied=copied.append)
    return counts, sum(copied)


def files(to: Path) -> dict[str, bytes]:
    return {path.relative_to(to).as_posix(): path.read_bytes() for path in to.rglob("*") if path.is_file()}


EXPECTED = {
    "empty.jsonl": b"",
    "results/a b/SUCCEEDED_0.jsonl": b'{"a": 1}\n',
    "large.parquet": LARGE,
}


def test_all_of_a_folder_and_nothing_else_arrives_verified(filled, tmp_path):
    counts, copied = fetch(tmp_path)
    assert files(tmp_path) == EXPECTED
    assert counts == {"verified": 3, "size": 0, "there": 0}
    assert copied == sum(map(len, EXPECTED.values()))


def test_what_is_there_is_not_copied_again(filled, tmp_path):
    fetch(tmp_path)
    counts, copied = fetch(tmp_path)
    assert counts == {"verified": 0, "size": 0, "there": 3}
    assert copied == sum(map(len, EXPECTED.values()))


def test_a_file_of_the_same_content_and_another_date_is_there(filled, tmp_path):
    fetch(tmp_path)
    for name in EXPECTED:
        os.utime(tmp_path / name, (0, 0))
    assert fetch(tmp_path)[0]["there"] == 3


def test_half_a_file_and_a_changed_one_are_copied_anew(filled, tmp_path):
    fetch(tmp_path)
    (tmp_path / "large.parquet").write_bytes(LARGE[:1000])
    (tmp_path / "results/a b/SUCCEEDED_0.jsonl").write_bytes(b'{"a": 2}\n')
    os.utime(tmp_path / "results/a b/SUCCEEDED_0.jsonl", (0, 0))
    assert fetch(tmp_path)[0] == {"verified": 2, "size": 0, "there": 1}
    assert files(tmp_path) == EXPECTED


class Spoiling:
    """S3 that answers with other bytes for one file."""

    def __init__(self, name, content):
        self._s3, self._name, self._content = boto3.client("s3"), name, content

    def __getattr__(self, name):
        return getattr(self._s3, name)

    def get_object(self, **asked):
        answer = self._s3.get_object(**asked)
        if asked["Key"].endswith(self._name):
            body = answer["Body"]
            body.read()
            content = self._content

            class Body:
                def iter_chunks(self, _):
                    yield content

            answer["Body"] = Body()
        return answer


@pytest.mark.parametrize(
    ("content", "said"), [(b'{"a": 1}', "8 of 9 bytes arrived"), (b'{"b": 1}\n', "other bytes arrived")]
)
def test_what_arrives_damaged_is_not_kept(filled, tmp_path, content, said):
    with pytest.raises(AwsError, match=said):
        fetch(tmp_path, Spoiling("SUCCEEDED_0.jsonl", content))
    assert "results/a b/SUCCEEDED_0.jsonl" not in files(tmp_path)
    assert not list(tmp_path.rglob(".*"))
    assert fetch(tmp_path)[0]["there"] == 2


class Encrypting(Spoiling):
    """S3 whose ETags, by a key of KMS, are made of something else than the content."""

    def get_object(self, **asked):
        return {**self._s3.get_object(**asked), "ServerSideEncryption": "aws:kms"}


def test_under_a_key_of_kms_the_size_is_what_is_known(filled, tmp_path):
    assert fetch(tmp_path, Encrypting("", b""))[0] == {"verified": 0, "size": 3, "there": 0}
    assert fetch(tmp_path)[0]["there"] == 3


def test_a_name_that_leads_out_of_the_folder_is_refused(filled, tmp_path):
    boto3.client("s3").put_object(Bucket="drop", Key="runs/support/ds-1/../../evil.sh", Body=b"x")
    with pytest.raises(StorageError, match="leads out of the folder"):
        fetch(tmp_path / "to")
    assert files(tmp_path) == {}


def test_a_file_written_anew_meanwhile_is_not_mixed_in(filled, tmp_path):
    fetching = Fetching(FOLDER, tmp_path, boto3.client("s3"))
    listed = fetching.listing()
    storage.write_bytes(f"{FOLDER}/results/a b/SUCCEEDED_0.jsonl", b"another")
    with pytest.raises(AwsError, match=r"written anew meanwhile\. Fetch again"):
        fetching.fetch(listed, copied=lambda _: None)
