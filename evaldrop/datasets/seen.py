"""Which texts were seen before, and where, in memory that a million of them fit in."""

from array import array
from hashlib import blake2b

_FREE = 0


class SeenIds:
    """
    First lines by id, in an open-addressing table of 64-bit digests.

    24 to 48 bytes an id, so that a million of them fit in a Lambda. Two different ids of a million share a
    digest with a probability of 3e-8.
    """

    def __init__(self) -> None:
        self._count = 0
        self._make_room(1024)

    def first_line(self, identifier: str, line: int) -> int | None:
        """Note the line of an id; return the line that had it before, None when none had."""
        return self.note(digest_of(identifier), line)

    def note(self, digest: int, line: int) -> int | None:
        """Do as `first_line` with an id's digest."""
        slot = self._slot(digest)
        if self._digests[slot] != _FREE:
            return self._lines[slot]
        self._digests[slot], self._lines[slot] = digest, line
        self._count += 1
        # Never more than half full, or the search for a free slot becomes long.
        if self._count * 2 > len(self._digests):
            self._grow()
        return None

    def seen_line(self, identifier: str) -> int | None:
        """Return the line of an id, without noting anything; None when it was not seen."""
        slot = self._slot(digest_of(identifier))
        return None if self._digests[slot] == _FREE else self._lines[slot]

    def in_order(self) -> "tuple[array[int], array[int]]":
        """Return the digests, ascending, and the line of each."""
        found = sorted(
            (digest, line) for digest, line in zip(self._digests, self._lines, strict=True) if digest != _FREE
        )
        return array("Q", [digest for digest, _ in found]), array("I", [line for _, line in found])

    def _slot(self, digest: int) -> int:
        digests, mask = self._digests, len(self._digests) - 1
        slot = digest & mask
        while digests[slot] not in (_FREE, digest):
            slot = (slot + 1) & mask
        return slot

    def _grow(self) -> None:
        digests, lines = self._digests, self._lines
        self._make_room(len(digests) * 2)
        for digest, line in zip(digests, lines, strict=True):
            if digest != _FREE:
                slot = self._slot(digest)
                self._digests[slot], self._lines[slot] = digest, line

    def _make_room(self, slots: int) -> None:
        self._digests = array("Q", bytes(8 * slots))
        self._lines = array("I", bytes(array("I").itemsize * slots))


def digest_of(identifier: str) -> int:
    """Return a text's digest of 64 bits, never 0."""
    # 0 marks a free slot.
    return int.from_bytes(blake2b(identifier.encode(), digest_size=8).digest(), "little") or 1
