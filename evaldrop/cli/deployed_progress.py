"""A deployed run's progress: a live line on a terminal, a plain line now and then elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from evaldrop.cli.output import shown
from evaldrop.cli.tables.plan import duration
from evaldrop.errors import AwsError
from evaldrop.running.deployed.following import Counts, Moment

PLAIN_EVERY_S = 15.0
LOOK_EVERY_S = 2.0
START_WITHIN_S = 60.0
"""An upload's event takes seconds to start its run."""

_MOST_FAILED_LOOKS = 5

_STEPS = {
    "ValidateDataset": "validating",
    "PrepareRecords": "preparing",
    "EvaluateRecords": "evaluating",
    "BuildScorecard": "building the scorecard",
    "Notify": "sending the message",
    "ReportFailure": "reporting the failure",
    "NotifyFailure": "sending the message",
}


class DeployedProgress:
    """
    Follows a run by looking again and again.

    Args:
        look: Says how far the run is.
        console: Where progress goes.
        sleep: Waits so many seconds.
        clock: Seconds that only grow.
    """

    def __init__(
        self,
        look: Callable[[], Moment],
        console: Console,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._look, self._console, self._sleep, self._clock = look, console, sleep, clock
        self._live: Progress | None = None
        self._said = ""
        self._told_at = clock()
        self._first: tuple[float, int] | None = None

    def now(self) -> Moment:
        """
        Return how far the run is.

        Raises:
            AwsError: Step Functions would not say, several times in a row.
        """
        failed = 0
        while True:
            try:
                return self._look()
            except AwsError as error:
                failed += 1
                if failed == _MOST_FAILED_LOOKS:
                    raise AwsError(f"{error}\nwatching ended; the run does not depend on it.") from error
            self._sleep(LOOK_EVERY_S)

    def follow(self) -> Moment:
        """
        Return the run's last moment: it is over, or has not started within a minute.

        Raises:
            AwsError: Step Functions would not say, several times in a row.
        """
        began = self._clock()
        with self._shown():
            while True:
                moment = self.now()
                is_late = self._clock() - began >= START_WITHIN_S
                if moment.is_over or (moment.status == "NOT_STARTED" and is_late):
                    return moment
                self._tell(moment)
                self._sleep(LOOK_EVERY_S)

    @contextmanager
    def _shown(self) -> Iterator[None]:
        if not self._console.is_terminal:
            yield
            return
        columns = (
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[words]}"),
        )
        with Progress(*columns, console=self._console, transient=True, refresh_per_second=4) as live:
            live.add_task("starting", total=None, words="")
            self._live = live
            yield
            self._live = None

    def _tell(self, moment: Moment) -> None:
        step = "waiting for the run to start"
        if moment.status != "NOT_STARTED":
            step = _STEPS.get(moment.step or "", moment.step or "running")
        words = self._words(moment.counts) if moment.counts and moment.step == "EvaluateRecords" else ""
        if self._live:
            counts = moment.counts
            self._live.update(
                self._live.task_ids[0],
                description=shown(step),
                words=words,
                total=counts.total if counts else None,
                completed=counts.done if counts else 0,
            )
            return
        if step != self._said:
            self._console.print(shown(step))
        elif not words or self._clock() - self._told_at < PLAIN_EVERY_S:
            return
        if words:
            self._console.print(words)
        self._said, self._told_at = step, self._clock()

    def _words(self, counts: Counts) -> str:
        told = [f"{counts.done:,}/{counts.total:,} records"]
        told += [f"{counts.failed:,} failed"] if counts.failed else []
        left = self._left_s(counts)
        told += [f"about {duration(left)} left"] if left else []
        return ", ".join(told)

    def _left_s(self, counts: Counts) -> float | None:
        """Return the time left at the pace seen since the first look: nobody saw the time before it."""
        now = self._clock()
        if self._first is None:
            self._first = (now, counts.done)
        began, done = self._first
        if counts.done <= done or counts.done >= counts.total:
            return None
        return (now - began) / (counts.done - done) * (counts.total - counts.done)
