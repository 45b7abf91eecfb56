"""The most memory that a process and its children take together, read from /proc while they run."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

EVERY_S = 0.1


@contextmanager
def peak_megabytes(pid: int) -> Iterator[list[float]]:
    """Give a list of one number that grows with the peak; a page that processes share counts once."""
    peak = [0.0]
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(EVERY_S):
            peak[0] = max(peak[0], sum(map(_megabytes, _family(pid))))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peak
    finally:
        ended.set()
        watcher.join()


def _family(pid: int) -> list[int]:
    found = [pid]
    for each in found:
        for children in _read(each, "task/*/children"):
            found += map(int, children.split())
    return found


def _megabytes(pid: int) -> float:
    rollups = _read(pid, "smaps_rollup")
    return sum(
        int(line.split()[1]) / 1024
        for text in rollups
        for line in text.splitlines()
        if line.startswith("Pss:")
    )


def _read(pid: int, pattern: str) -> list[str]:
    try:
        return [path.read_text() for path in Path(f"/proc/{pid}").glob(pattern)]
    except OSError:  # it ended meanwhile
        return []
