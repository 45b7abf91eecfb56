"""A browser for tests; where there is none they are skipped and say how to get one. And what it reads."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.chromium import Browser, find_chromium, running
from tests.browser.hard_run import write_hard

PATIENCE_S = 120


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = find_chromium()
    if chromium is None:
        pytest.skip("no Chromium: apt-get install chromium, or name one in EVALDROP_CHROMIUM")
    with running(chromium) as browser:
        yield browser


@pytest.fixture(scope="session")
def hard_run(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The folder of the run that is hard to read; no test may change it. Tests' processes share it."""
    base = tmp_path_factory.getbasetemp()
    place = (base if worker_id == "master" else base.parent) / "hard"
    told = place / "folder.txt"
    try:
        place.mkdir()
    except FileExistsError:
        # Another process writes it, which takes as long as two runs' scorecards.
        deadline = time.monotonic() + PATIENCE_S
        while not told.exists():
            assert time.monotonic() < deadline, f"nobody wrote {told}"
            time.sleep(0.1)
        return Path(told.read_text())
    folder = write_hard(place / "runs")
    told.write_text(str(folder))
    return folder
