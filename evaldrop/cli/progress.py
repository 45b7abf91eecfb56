"""A run's progress: a live line on a terminal, a plain line now and then elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn
from rich.text import Text

from evaldrop.bedrock.metered import Meter
from evaldrop.engine import Observer
from evaldrop.scorecard.figures import rough_duration

# A line per record would fill a CI log with thousands.
PLAIN_EVERY_S = 5.0

STEPS = {
    "ValidateDataset": "validating",
    "PrepareRecords": "preparing",
    "EvaluateRecords": "evaluating",
    "CheckFirstCalls": "checking the first calls",
    "BuildScorecard": "building the scorecard",
}


@contextmanager
def live_line(console: Console, words: ProgressColumn) -> Iterator[Progress | None]:
    """Give a line with a bar that goes away when the block ends; None where there is no terminal."""
    if not console.is_terminal:
        yield None
        return
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=24), words)
    with Progress(*columns, console=console, transient=True, refresh_per_second=5) as live:
        live.add_task("starting", total=None, words="")
        yield live


class RunProgress(Observer):
    """Follows an execution and says how far it is; its meter may be given when it begins."""

    def __init__(self, console: Console, meter: Meter | None = None) -> None:
        self._console = console
        self._meter = meter or Meter()
        self._total: int | None = None
        self.done = 0
        self.failed = 0
        self._began = time.monotonic()
        self._printed_at = self._began
        self._live: Progress | None = None

    @contextmanager
    def shown(self, meter: Meter | None = None) -> Iterator["RunProgress"]:
        """Show the progress while the block lasts."""
        self._meter = meter or self._meter
        with live_line(self._console, _Status(self)) as self._live:
            yield self
        self._live = None

    def state_entered(self, name: str) -> None:
        """Name the step that begins."""
        step = STEPS.get(name)
        if step is None:
            return
        if self._live:
            self._live.update(self._live.task_ids[0], description=step)
        else:
            self._console.print(step)

    def map_started(self, total: int | None) -> None:
        """Begin to count records."""
        # Twice: the first records, then all of them, in which the first are counted again.
        self._total, self.done, self.failed = total, 0, 0
        # From here and not from the start: validating and preparing would spoil the pace that the rest is
        # reckoned by.
        self._began = self._printed_at = time.monotonic()
        if self._live:
            self._live.update(self._live.task_ids[0], total=total, completed=0)

    def child_finished(self, status: str) -> None:
        """Count a record."""
        self.done += 1
        self.failed += status != "SUCCEEDED"
        if self._live:
            self._live.update(self._live.task_ids[0], completed=self.done)
        elif time.monotonic() - self._printed_at >= PLAIN_EVERY_S:
            self._printed_at = time.monotonic()
            self._console.print(self.line())

    def map_finished(self, succeeded: int, failed: int) -> None:  # noqa: ARG002 - the engine's protocol
        """Tell the whole."""
        if not self._live:
            self._console.print(self.line())

    def line(self) -> str:
        """Return how far the run is."""
        meter = self._meter
        total = f"/{self._total:,}" if self._total is not None else ""
        words = [f"{self.done:,}{total} records", f"{meter.calls:,} calls"]
        words += [f"{meter.throttles:,} throttled"] if meter.throttles else []
        words += [f"{meter.errors.total():,} errors"] if meter.errors else []
        words += [f"{self.failed:,} records failed"] if self.failed else []
        words += [
            f"{(meter.input_tokens + meter.output_tokens) / 1000:,.0f}k tokens",
            f"${meter.cost_usd:,.4f}",
        ]
        left = self._left_s()
        return ", ".join([*words, f"{rough_duration(left)} left"] if left else words)

    def _left_s(self) -> float | None:
        if not self._total or not self.done or self.done >= self._total:
            return None
        return (time.monotonic() - self._began) / self.done * (self._total - self.done)


class _Status(ProgressColumn):
    """The progress in words, after the bar."""

    def __init__(self, progress: RunProgress) -> None:
        super().__init__()
        self._progress = progress

    def render(self, task: Task) -> Text:
        # Asked at each redraw: calls and dollars move while no record ends.
        return Text(self._progress.line() if task.total else "")
