"""
A deployed run's progress: it is looked at again and again, and tells less than one on this machine.

It is a live line on a terminal, a plain line now and then elsewhere.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from rich.console import Console
from rich.progress import Progress, TextColumn

from evaldrop.bedrock.metered import JobSeen
from evaldrop.cli.output import shown
from evaldrop.cli.progress import STEPS, LinePart, fitted, live_line, waited_for
from evaldrop.cli.prose import print_prose
from evaldrop.errors import AwsError, EvaldropError
from evaldrop.prompt_search.kept import search_in_words
from evaldrop.running.deployed.following import Counts, Moment
from evaldrop.scorecard.figures import rough_duration

PLAIN_EVERY_S = 15.0
# A look costs up to five calls, of APIs whose rates the account's other users share.
LOOK_EVERY_S = 2.0
START_WITHIN_S = 60.0
"""An upload's event takes seconds to start its run."""

# A network that is gone for a moment must not end the watching of a run of hours.
_MOST_FAILED_LOOKS = 5

# Once the first calls were made; some runs have nothing to restate.
_CALLING = frozenset({"EvaluateRecords", "RunJobs"})
_MOST_ASKED = 10

# Tries are records to the workflow: only the run's folder says that they are no run's own.
_SEARCHING = frozenset({"ChoosePrompts", "ProposePrompts", "TryPrompts", "EvaluateRecords"})

_STEPS = {
    **STEPS,
    "Notify": "sending the message",
    "ReportFailure": "reporting the failure",
    "NotifyFailure": "sending the message",
}


class SearchNow:
    """
    Says what a run's search for prompts does, by the run's files; asks no more once there is none.

    Args:
        folder: Returns the run's folder, None where there is none yet.
    """

    def __init__(self, folder: Callable[[Moment], str | None]) -> None:
        self._find = folder
        self._folder: str | None = None
        self._is_over = False

    def words(self, moment: Moment) -> str:
        """Return what it does; nothing where none goes on, or that is not known."""
        if self._is_over or moment.step not in _SEARCHING:
            return ""
        words = ""
        # Who may follow a run need not be allowed to read its files.
        with suppress(EvaldropError):
            self._folder = self._folder or self._find(moment)
            words = search_in_words(self._folder) if self._folder else ""
        # Before the first turn there is nothing to read; the run's own records come after the last.
        self._is_over = not words and moment.step == "EvaluateRecords"
        return words


class DeployedProgress:
    """
    Follows a run by looking again and again, and prints its progress; time is in seconds.

    Args:
        look: Returns how the run is.
        console: Where it is printed.
        restated: Returns what the first calls said of the run's cost; None where they have not.
        searching: Returns what a search for prompts does; nothing where none goes on.
        sleep, clock: Of time.
    """

    def __init__(
        self,
        look: Callable[[], Moment],
        console: Console,
        *,
        jobs: Callable[[], Sequence[JobSeen]],
        restated: Callable[[Moment], str | None] = lambda _: None,
        searching: Callable[[Moment], str] = lambda _: "",
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._look, self._console, self._sleep, self._clock = look, console, sleep, clock
        self._jobs = jobs
        self._restated = restated
        self._searching = searching
        self._step = ""
        self._left_to_ask, self._asked_at = _MOST_ASKED, float("-inf")
        self._live: Progress | None = None
        self._said = ""
        self._printed_at = clock()
        # The pace is of what was seen: a run that is watched late has records that ended before.
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
        """Return the run's last moment: it is over, or has not started within a minute."""
        began = self._clock()
        with live_line(self._console, TextColumn("{task.fields[words]}")) as self._live:
            while True:
                moment = self.now()
                is_late = self._clock() - began >= START_WITHIN_S
                if moment.is_over or (moment.status == "NOT_STARTED" and is_late):
                    return moment
                doing = self._searching(moment)
                if not doing:
                    self._tell_restated(moment)
                self._show(moment, doing)
                self._sleep(LOOK_EVERY_S)

    def _tell_restated(self, moment: Moment) -> None:
        """Print once what the first calls said; their step is over in a second, so that looks may miss it."""
        now = self._clock()
        if moment.step not in _CALLING or not self._left_to_ask or now - self._asked_at < PLAIN_EVERY_S:
            return
        self._asked_at, self._left_to_ask = now, self._left_to_ask - 1
        if said := self._restated(moment):
            print_prose(self._console, said)
            self._left_to_ask = 0

    def _show(self, moment: Moment, doing: str) -> None:
        step = "waiting for the run to start"
        if doing:
            step = f"prompts: {doing}"
        elif moment.status != "NOT_STARTED":
            step = _STEPS.get(moment.step or "", moment.step or "running")
        if step != self._step:
            # Another turn's records have another pace.
            self._step, self._first = step, None
        counts, words = moment.jobs or moment.counts, ""
        if moment.jobs:
            words = self._of_jobs(moment.jobs, is_batch=moment.step == "RunJobs")
        elif moment.counts and moment.step == "EvaluateRecords":
            words = self._words(moment.counts)
        if self._live:
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
        elif not words or self._clock() - self._printed_at < PLAIN_EVERY_S:
            return
        if words:
            self._console.print(words)
        self._said, self._printed_at = step, self._clock()

    def _words(self, counts: Counts) -> str:
        words = [f"{counts.done:,}/{counts.total:,} records"]
        words += [f"{counts.failed:,} failed"] if counts.failed else []
        left = self._left_s(counts)
        words += [f"about {rough_duration(left)} left"] if left else []
        return ", ".join(words)

    def _of_jobs(self, counts: Counts, *, is_batch: bool) -> str:
        # Jobs end when they do: the pace of some tells nothing of the others.
        parts = [LinePart(f"{counts.done:,}/{counts.total:,} jobs", 0)]
        parts += waited_for(self._jobs()) if is_batch else []
        parts += [LinePart(f"{counts.failed:,} failed", 1)] if counts.failed else []
        return fitted(parts, None)

    def _left_s(self, counts: Counts) -> float | None:
        """Return the time left at the pace seen since the first look: nobody saw the time before it."""
        now = self._clock()
        if self._first is None:
            self._first = (now, counts.done)
        began, done = self._first
        if counts.done <= done or counts.done >= counts.total:
            return None
        return (now - began) / (counts.done - done) * (counts.total - counts.done)
