"""Which files are datasets: by the endings of their names, and by their first bytes; and gzip around them."""

import gzip
import zlib
from typing import BinaryIO, Protocol, cast

from evaldrop.errors import DatasetError

JSON_ENDINGS = (".json", ".jsonl")
TABLE_ENDINGS = (".csv", ".tsv")
_PACKED = ".gz"
_PLAIN_ENDINGS = (*JSON_ENDINGS, ".ndjson", *TABLE_ENDINGS, ".parquet")

DATASET_ENDINGS = (*_PLAIN_ENDINGS, *(ending + _PACKED for ending in _PLAIN_ENDINGS))
"""How the names of datasets end."""

ENDINGS_IN_WORDS = f"{', '.join(_PLAIN_ENDINGS[:-1])} or {_PLAIN_ENDINGS[-1]}, also with {_PACKED} behind it"

GZIP = b"\x1f\x8b"
PARQUET = b"PAR1"

MAX_PACKED_RATIO = 200
"""Text of datasets packs to a tenth or a fiftieth; what unpacks to more than this is no dataset."""

_TRUSTED_BYTES = 1 << 30  # a gigabyte is read in seconds, whatever it was packed to

_SHEET = 'Save the sheet as "CSV UTF-8", or export it as JSON Lines.'
_TEXT = "Save it as UTF-8 (in Excel: CSV UTF-8)."
_OTHER = "Convert it to Parquet or JSON Lines."

_FORMATS = (
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", _SHEET),
    (b"ARROW1", "an Arrow file", _OTHER),
    (b"Obj\x01", "an Avro file", _OTHER),
    (b"ORC", "an ORC file", _OTHER),
    (b"SQLite format 3\x00", "an SQLite database", "Export the table as CSV or JSON Lines."),
    (b"%PDF-", "a PDF", "Give JSON Lines: one JSON object a line."),
    (b"BZh", "compressed with bzip2", "Decompress it with bunzip2, or compress it with gzip."),
    (b"\xfd7zXZ\x00", "compressed with xz", "Decompress it with unxz, or compress it with gzip."),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", "Decompress it with unzstd, or compress it with gzip."),
    (GZIP, "compressed with gzip twice", "Decompress it with gunzip once."),
    # Before UTF-16, whose little-endian mark is the beginning of this one.
    (b"\xff\xfe\x00\x00", "encoded as UTF-32, not UTF-8", _TEXT),
    (b"\x00\x00\xfe\xff", "encoded as UTF-32, not UTF-8", _TEXT),
    (b"\xff\xfe", "encoded as UTF-16, not UTF-8", _TEXT),
    (b"\xfe\xff", "encoded as UTF-16, not UTF-8", _TEXT),
)


class Readable(Protocol):
    """What a dataset is read from; it need not be seekable."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes; none at the end."""
        ...


def stem_of(name: str) -> str:
    """Return a dataset's name without its ending, both of it: `faq` for `faq.csv.gz`."""
    if name.lower().endswith(_PACKED):
        name = name[: -len(_PACKED)] or name
    # Of the name alone: a dot in a folder's name is no ending.
    folder, slash, file = name.rpartition("/")
    return folder + slash + (file.rpartition(".")[0] or file)


def has_ending(source: str, endings: tuple[str, ...]) -> bool:
    """Tell whether a file's name ends so, in any case of letters, packed or not."""
    name = source.lower()
    return name.endswith(endings) or name.removesuffix(_PACKED).endswith(endings)


def refuse_other_formats(head: bytes, source: str) -> None:
    """
    Refuse what no reader here takes, by its first bytes.

    Raises:
        DatasetError: With what it is, and what to do.
    """
    if head.startswith(b"PK\x03\x04"):
        # What a workbook holds is named in clear in its first entries.
        is_sheet = b"[Content_Types].xml" in head or b"xl/" in head
        what, do = ("an Excel workbook", _SHEET) if is_sheet else ("a zip file", "Unzip it.")
        raise DatasetError(f"{source} is {what}. {do}")
    if head[257:262] == b"ustar":
        raise DatasetError(f"{source} is a tar archive. Unpack it, and give one of its files.")
    for magic, what, do in _FORMATS:
        if head.startswith(magic):
            raise DatasetError(f"{source} is {what}. {do}")
    # Every second byte of English in UTF-16 is zero, byte order mark or not.
    if len(head) >= 4 and (
        head[1:8:2].count(0) == len(head[1:8:2]) or head[0:8:2].count(0) == len(head[0:8:2])
    ):
        raise DatasetError(f"{source} is encoded as UTF-16, not UTF-8. {_TEXT}")


class Rewound:
    """A stream from its beginning again: its head, which was looked at, and then what follows."""

    def __init__(self, head: bytes, stream: Readable) -> None:
        self._head = head
        self._stream = stream
        self.n_read = 0

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes; none at the end."""
        piece, self._head = self._head[:size], self._head[size:]
        piece = piece or self._stream.read(size)
        self.n_read += len(piece)
        return piece


class Unpacked:
    """What a gzip stream holds, all members of it, unpacked piece by piece."""

    def __init__(self, packed: Rewound, source: str) -> None:
        self._packed = packed
        self._source = source
        self._content = gzip.GzipFile(fileobj=cast("BinaryIO", packed))
        self._n_unpacked = 0

    def read(self, size: int, /) -> bytes:
        """
        Return at most `size` bytes; none at the end.

        Raises:
            DatasetError: The content is cut off or damaged, or no dataset would unpack to so much.
        """
        do = "Compress and upload it again."
        try:
            piece = self._content.read(size)
        except EOFError as error:
            raise DatasetError(
                f"{self._source} is cut off: its gzip content ends in the middle. {do}"
            ) from error
        except (gzip.BadGzipFile, zlib.error) as error:
            raise DatasetError(
                f"{self._source} is compressed with gzip, and its content is damaged. {do}"
            ) from error
        self._n_unpacked += len(piece)
        if self._n_unpacked > max(_TRUSTED_BYTES, MAX_PACKED_RATIO * self._packed.n_read):
            raise DatasetError(
                f"{self._source} unpacks to more than {MAX_PACKED_RATIO} times its size, which no dataset "
                "does. Look at what it holds, and upload it unpacked if that is meant."
            )
        return piece
