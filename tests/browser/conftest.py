"""A browser for tests; where there is none they are skipped and say how to get one."""

from collections.abc import Iterator

import pytest

from tests.browser.chromium import Browser, find_chromium, running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = find_chromium()
    if chromium is None:
        pytest.skip("no Chromium: apt-get install chromium, or name one in EVALDROP_CHROMIUM")
    with running(chromium) as browser:
        yield browser
