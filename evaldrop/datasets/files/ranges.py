"""Parts of a file of lines, cut by bytes: a line is of the part in which its first byte lies."""

from typing import BinaryIO, NamedTuple, Protocol

CHUNK_BYTES = 1 << 20


class ByteRange(NamedTuple):
    """Bytes of a file, from `start` to before `end`."""

    start: int
    end: int


class OpenFrom(Protocol):
    """Opens a file at a byte, to be read to its end."""

    def __call__(self, start: int, /) -> BinaryIO:
        """Return a stream whose first byte is the one at `start`."""
        ...


def parts_of(size: int, part_bytes: int) -> list[ByteRange]:
    """Return the parts of a file of `size` bytes; the last one may be shorter."""
    return [ByteRange(start, min(start + part_bytes, size)) for start in range(0, size, part_bytes)]


class LinesOfRange:
    """
    The lines that begin in a range, whole, as a stream.

    Attributes:
        offset: Of its first byte in the file.
        n_breaks: Line breaks that were read so far.
    """

    def __init__(self, open_from: OpenFrom, wanted: ByteRange) -> None:
        # One byte before: if a line ends there, the next one begins in this part.
        self._stream = open_from(max(wanted.start - 1, 0))
        self._held = b""
        self.n_breaks = 0
        self.offset = self._first_line(wanted)
        # Bytes of the range that are still to come; then the rest of its last line.
        self._left = wanted.end - self.offset
        self._is_at_end = self._left <= 0

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes; none at the end of the last line."""
        if self._is_at_end:
            return b""
        piece = self._take(min(size, self._left) if self._left > 0 else size)
        if self._left <= 0:
            end = piece.find(b"\n") + 1
            piece, self._is_at_end = (piece[:end], True) if end else (piece, not piece)
        else:
            self._left -= len(piece)
            self._is_at_end = not piece or (self._left == 0 and piece.endswith(b"\n"))
        self.n_breaks += piece.count(b"\n")
        return piece

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def __enter__(self) -> "LinesOfRange":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _first_line(self, wanted: ByteRange) -> int:
        if wanted.start == 0:
            return 0
        position = wanted.start - 1
        while piece := self._stream.read(CHUNK_BYTES):
            end = piece.find(b"\n") + 1
            if end:
                self._held = piece[end:]
                return position + end
            position += len(piece)
            if position >= wanted.end:
                break
        return max(position, wanted.end)

    def _take(self, size: int) -> bytes:
        if not self._held:
            return self._stream.read(size)
        piece, self._held = self._held[:size], self._held[size:]
        return piece


def count_lines(open_from: OpenFrom, wanted: ByteRange) -> int:
    """Return how many line breaks the lines have that begin in a range."""
    with LinesOfRange(open_from, wanted) as lines:
        while lines.read(CHUNK_BYTES):
            continue
        return lines.n_breaks
