"""
The pytest plugin: `pytest --evaldrop-run RUN` makes tests of a run's gate and records.

pytest imports it wherever evaldrop is installed, so nothing else is imported before a run is asked for.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from evaldrop.testing.run_tests import RunTest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("evaldrop", "a run of evaldrop as tests")
    group.addoption(
        "--evaldrop-run",
        metavar="RUN",
        help="Make tests of a finished run: a folder, s3://…, latest, latest:NAME, or an ID.",
    )
    group.addoption("--evaldrop-out", metavar="DIR", help="Where runs are kept; ./runs by default.")
    group.addoption(
        "--evaldrop-records",
        choices=("all", "none"),
        default="all",
        help="Whether each record and candidate is a test, or the gate's rules alone.",
    )
    group.addoption(
        "--evaldrop-strict", action="store_true", help="An inconclusive rule of the gate fails too."
    )


def pytest_report_header(config: pytest.Config) -> str | None:
    """Say of which run there are tests."""
    run = config.getoption("--evaldrop-run")
    return None if run is None else f"evaldrop: run {run}"


# First, so that -k and --deselect see these tests as well.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add a run's tests behind the others."""
    run = config.getoption("--evaldrop-run")
    if run is not None:
        items.extend(_collected(session, config, run))


def _collected(session: pytest.Session, config: pytest.Config, run: str) -> Iterator[pytest.Item]:
    from evaldrop.errors import EvaldropError
    from evaldrop.testing.run_tests import run_tests

    try:
        tests = list(
            run_tests(
                run,
                config.getoption("--evaldrop-out"),
                records=config.getoption("--evaldrop-records") == "all",
                strict=config.getoption("--evaldrop-strict"),
            )
        )
    except EvaldropError as error:
        raise pytest.UsageError(f"--evaldrop-run: {error}") from error
    parent = _Run.from_parent(session, name=f"evaldrop-run:{run}", nodeid=f"evaldrop-run:{run}")
    for test in tests:
        yield _RunItem.from_parent(parent, name=test.name, test=test)


class _Run(pytest.Collector):
    def collect(self) -> list[pytest.Item | pytest.Collector]:
        return []


class _NotPassedError(Exception):
    """A test of a run that does not pass; its words are the run's."""


class _RunItem(pytest.Item):
    def __init__(self, *, test: "RunTest", **more: object) -> None:
        super().__init__(**more)  # type: ignore[arg-type]  # pytest's own arguments
        self._test = test

    def runtest(self) -> None:
        if self._test.outcome == "skip":
            pytest.skip(self._test.why)
        if self._test.outcome == "fail":
            raise _NotPassedError(self._test.why)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None) -> str:  # noqa: ARG002 - pytest's
        # Without a traceback, which would be the plugin's.
        return str(excinfo.value)

    def reportinfo(self) -> tuple[str, int | None, str]:
        return self._test.where, None, self.name
