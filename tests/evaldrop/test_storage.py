"""Files by URI, on one machine and in S3 (moto)."""

import errno
import io
import os

import boto3
import pytest
from botocore.exceptions import IncompleteReadError
from botocore.response import StreamingBody
from hypothesis import given, settings
from hypothesis import strategies as st

from evaldrop import storage
from evaldrop.errors import StorageError


@pytest.fixture(params=["directory", "file URI", "s3"])
def folder(request, tmp_path):
    """A folder to write in, as every kind of URI."""
    if request.param == "s3":
        return f"s3://{request.getfixturevalue('bucket')}/some/prefix"
    return tmp_path.as_uri() if request.param == "file URI" else str(tmp_path)


def test_what_is_written_is_read_again(folder):
    uri = storage.join(folder, "deep", "file.bin")
    assert not storage.exists(uri)
    storage.write_bytes(uri, b"first")
    storage.write_bytes(uri, b"a\r\nb\x00")
    assert storage.exists(uri)
    assert storage.read_bytes(uri) == b"a\r\nb\x00"
    assert storage.modified_at(uri) > 1_700_000_000


def test_a_file_is_described_by_its_size_and_newest_version(folder):
    uri = storage.join(folder, "faq.jsonl")
    storage.write_bytes(uri, b"12345")
    assert storage.describe(uri) == (5, None)
    with pytest.raises(StorageError, match=r"nothing\.jsonl"):
        storage.describe(storage.join(folder, "nothing.jsonl"))


def test_an_object_is_described_by_its_newest_version(bucket):
    client = boto3.client("s3")
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    client.put_object(Bucket=bucket, Key="faq.jsonl", Body=b"first")
    newest = client.put_object(Bucket=bucket, Key="faq.jsonl", Body=b"second")["VersionId"]
    assert storage.describe(f"s3://{bucket}/faq.jsonl") == (6, newest)


def test_user_metadata_is_that_of_the_version(bucket):
    client = boto3.client("s3")
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first = client.put_object(Bucket=bucket, Key="faq.jsonl", Body=b"1", Metadata={"evaldrop-limit": "5"})
    client.put_object(Bucket=bucket, Key="faq.jsonl", Body=b"2")
    assert storage.metadata(f"s3://{bucket}/faq.jsonl") == {}
    assert storage.metadata(f"s3://{bucket}/faq.jsonl", first["VersionId"]) == {"evaldrop-limit": "5"}


def test_a_file_on_this_machine_has_no_metadata(tmp_path):
    assert storage.metadata(str(tmp_path / "faq.jsonl")) == {}


def test_a_missing_file_is_a_storage_error_that_names_it(folder):
    uri = storage.join(folder, "nothing.jsonl")
    with pytest.raises(StorageError, match=r"nothing\.jsonl"):
        storage.open_read(uri)
    with pytest.raises(StorageError, match=r"nothing\.jsonl"):
        storage.modified_at(uri)


def break_off_writing(uri):
    with storage.open_write(uri) as stream:
        stream.write(b"half of the new")
        raise ZeroDivisionError


def test_a_write_that_fails_leaves_the_old_file(folder):
    uri = storage.join(folder, "file.txt")
    storage.write_bytes(uri, b"old")
    with pytest.raises(ZeroDivisionError):
        break_off_writing(uri)
    assert storage.read_bytes(uri) == b"old"
    assert [name.rpartition("/")[2] for name in storage.list_files(folder)] == ["file.txt"]


def test_a_local_reader_sees_the_old_file_until_the_new_one_is_whole(tmp_path):
    uri = str(tmp_path / "file.txt")
    storage.write_bytes(uri, b"old")
    with storage.open_write(uri) as stream:
        stream.write(b"new")
        stream.flush()
        assert storage.read_bytes(uri) == b"old"
    assert storage.read_bytes(uri) == b"new"


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_local_files_follow_the_umask(tmp_path, mask, mode):
    before = os.umask(mask)
    try:
        storage.write_bytes(str(tmp_path / "file.txt"), b"whose")
    finally:
        os.umask(before)
    assert (tmp_path / "file.txt").stat().st_mode & 0o777 == mode


def test_files_are_listed_by_name_with_those_in_folders(folder):
    for name in ("b.txt", "a/z.txt", "a/a.txt"):
        storage.write_bytes(storage.join(folder, name), b"")
    assert [storage.read_bytes(uri) for uri in storage.list_files(folder)] == [b"", b"", b""]
    names = [uri.split("/")[-2:] for uri in storage.list_files(folder + "/")]
    assert [name[-1] for name in names] == ["a.txt", "z.txt", "b.txt"]


def test_folders_are_listed_without_what_is_in_them(folder):
    for name in ("b/deep/one.txt", "a/z.txt", "c.txt", "a/a.txt"):
        storage.write_bytes(storage.join(folder, name), b"")
    assert storage.list_folders(folder) == ["a", "b"]
    assert storage.list_folders(storage.join(folder, "a")) == storage.list_folders(folder + "-none") == []


def test_listing_a_prefix_does_not_list_its_longer_namesakes(bucket):
    storage.write_bytes(f"s3://{bucket}/runs/one.txt", b"")
    storage.write_bytes(f"s3://{bucket}/runs-old/two.txt", b"")
    assert list(storage.list_files(f"s3://{bucket}/runs")) == [f"s3://{bucket}/runs/one.txt"]


def test_an_older_version_of_an_object_can_be_read(bucket):
    client = boto3.client("s3")
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first = client.put_object(Bucket=bucket, Key="faq.jsonl", Body=b"first")["VersionId"]
    client.put_object(Bucket=bucket, Key="faq.jsonl", Body=b"second")
    with storage.open_read(f"s3://{bucket}/faq.jsonl", first) as stream:
        assert stream.read() == b"first"


def test_a_bucket_that_does_not_exist_is_a_storage_error_on_every_way(bucket):
    uri = f"s3://not-{bucket}/file.txt"
    for use in (
        lambda: storage.read_bytes(uri),
        lambda: storage.write_bytes(uri, b""),
        lambda: list(storage.list_files(f"s3://not-{bucket}/folder")),
    ):
        with pytest.raises(StorageError, match=rf"s3://not-{bucket}"):
            use()


def test_without_credentials_every_use_of_s3_is_a_storage_error(monkeypatch, tmp_path):
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it would remember another test's credentials
    monkeypatch.setattr(storage, "_client", None)
    for use in (storage.exists, storage.read_bytes, storage.modified_at):
        with pytest.raises(StorageError, match=r"s3://some-bucket/file: .*credentials"):
            use("s3://some-bucket/file")


def test_a_place_that_cannot_be_written_is_a_storage_error(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError, match="file/below"):
        storage.write_bytes(str(tmp_path / "file" / "below"), b"")
    with pytest.raises(StorageError, match=str(tmp_path)):
        storage.read_bytes(str(tmp_path))


class Arriving(io.RawIOBase):
    """What comes from the network: reads return as much as came in, never more than was wanted."""

    def __init__(self, content, pieces):
        self._stream = io.BytesIO(content)
        self._pieces = list(pieces)

    def readable(self):
        return True

    def read(self, size=None):
        if size is None:
            return self._stream.read()
        piece = self._pieces.pop(0) if self._pieces else size
        return self._stream.read(min(size, piece))

    def readinto(self, buffer):
        piece = self.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)


def body(content, pieces=()):
    """What botocore gives for an object."""
    return StreamingBody(Arriving(content, pieces), len(content))


READS = st.lists(
    st.tuples(st.sampled_from(["read", "readline"]), st.one_of(st.integers(0, 12), st.just(-1))), max_size=8
)


@settings(max_examples=150, deadline=None)
@given(
    content=st.lists(st.sampled_from([b"a", b"bc", b"\n", b"\r\n", b"d" * 9]), max_size=12).map(b"".join),
    pieces=st.lists(st.integers(1, 5), max_size=20),
    reads=READS,
)
def test_a_streamed_object_reads_like_a_file_however_it_arrives(content, pieces, reads):
    streamed, file = storage._buffered(body(content, pieces)), io.BytesIO(content)
    for method, size in reads:
        assert getattr(streamed, method)(size) == getattr(file, method)(size)
    assert list(streamed) == list(file)


def test_lines_of_an_object_longer_than_one_chunk_come_whole(bucket):
    lines = [b"x" * 1_500_000 + b"\n", b"short\n", b"y" * 2_500_000]
    storage.write_bytes(f"s3://{bucket}/big", b"".join(lines))
    with storage.open_read(f"s3://{bucket}/big") as stream:
        assert list(stream) == lines


def test_closing_a_stream_gives_its_connection_back():
    arriving = Arriving(b"", [])
    with storage._buffered(StreamingBody(arriving, 0)) as stream:
        assert stream.read(None) == b""
    assert arriving.closed


def test_an_object_that_breaks_off_is_an_error_and_not_a_short_file():
    for use in (lambda stream: stream.read(), list):
        stream = storage._buffered(StreamingBody(Arriving(b"half a li", [4]), 20))
        with pytest.raises(IncompleteReadError):
            use(stream)


@pytest.mark.parametrize(
    ("uri", "above"),
    [
        ("s3://drop/a/b/file.jsonl", "s3://drop/a/b"),
        ("s3://drop/a/", "s3://drop"),
        ("s3://drop/file.jsonl", "s3://drop"),
        ("s3://drop", None),
        ("/a/b", "/a"),
        ("file:///a/b%20c/d", "/a/b c"),
        ("/", None),
    ],
)
def test_parent_goes_up_to_the_bucket_or_the_root(uri, above):
    assert storage.parent(uri) == above


def test_a_bucket_and_a_key_make_a_uri_and_back(tmp_path):
    assert storage.place("s3://drop/a/b.json") == ("drop", "a/b.json")
    assert storage.uri_of("drop", "a/b.json") == "s3://drop/a/b.json"
    assert storage.place(str(tmp_path / "runs" / "x" / "y"), root=str(tmp_path / "runs")) == (
        str(tmp_path / "runs"),
        "x/y",
    )
    assert storage.place(str(tmp_path / "x")) == (str(tmp_path), "x")
    assert storage.uri_of(str(tmp_path), "x/y") == str(tmp_path / "x" / "y")


def test_what_killed_writers_left_is_removed_and_nothing_else(tmp_path):
    left = storage.partial_beside(tmp_path / "run.json")
    for name in (left.name, "run.json", ".hidden", ".run.json.0123456789abcdeg"):
        (tmp_path / name).write_text("")
    storage.remove_partial_files(str(tmp_path))
    assert not left.exists()
    assert len(list(tmp_path.iterdir())) == 3


def test_a_full_disk_is_told_with_the_file_and_leaves_no_part_of_it(tmp_path):
    place = str(tmp_path / "report.html")
    with (
        pytest.raises(StorageError, match=r"report\.html: No space left on device"),
        storage.open_write(place),
    ):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert list(tmp_path.iterdir()) == []
