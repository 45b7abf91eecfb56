"""A run's progress: a live line on a terminal, a plain line now and then elsewhere."""

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, NamedTuple

from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn
from rich.table import Column
from rich.text import Text

from evaldrop.bedrock.metered import JobSeen, Meter
from evaldrop.cli.prose import print_prose
from evaldrop.engine import Observer
from evaldrop.scorecard.figures import rough_count, time_left
from evaldrop.steps.prepare_jobs.jobs import stage_of

# A line per record would fill a CI log with thousands.
PLAIN_EVERY_S = 5.0
# After as long the lines begin to be further apart, and at last so many times.
_SPARSER_AFTER_S = 60.0
_SPARSEST = 12.0
_BAR_CELLS = 24
# Where the terminal is narrower the bar's room is the words'.
_LEAST_WITH_BAR = 110

_CAPITAL: Final = re.compile("([A-Z])")

STEPS = {
    "ValidateDataset": "validating",
    "ChoosePrompts": "choosing prompts",
    "ProposePrompts": "asking for prompts",
    "TryPrompts": "trying prompts",
    "OptimizePrompts": "waiting for Bedrock's prompt jobs",
    "PrepareRecords": "preparing",
    "EvaluateRecords": "evaluating",
    "CheckFirstCalls": "checking the first calls",
    "PrepareJobs": "preparing batch jobs",
    "RunJobs": "waiting for batch jobs",
    "PrepareEvaluationJobs": "preparing evaluation jobs",
    "RunEvaluationJobs": "waiting for evaluation jobs",
    "PrepareScores": "preparing scores",
    "ScoreResponses": "scoring responses",
    "BuildScorecard": "building the scorecard",
    "RunParts": "in parts",
}

_COUNTED = {"ProposePrompts": "prompts", "ScoreResponses": "scorer calls", "RunParts": "parts"}
"""What a Map of a state counts, where it is neither records nor jobs."""

_IN_PARTS = ("ValidateDataset", "PrepareRecords", "BuildScorecard")
"""Steps that have a large dataset's parts worked on, and go on themselves in between."""

_SAID = frozenset(
    {
        ("TryPrompts", "EvaluateRecords"),
        ("EvaluateRecords", "ChoosePrompts"),
        ("ProposePrompts", "ChoosePrompts"),
        ("OptimizePrompts", "ChoosePrompts"),
        *((step, "RunParts") for step in _IN_PARTS),
        *(("RunParts", step) for step in _IN_PARTS),
    }
)
"""States of which the one before has said what goes on: tries are records to the workflow."""


@contextmanager
def live_line(console: Console, words: ProgressColumn) -> Iterator[Progress | None]:
    """Give a line with a bar that goes away when the block ends; None where there is no terminal."""
    if not console.is_terminal:
        yield None
        return
    columns = (TextColumn("{task.description}"), _Bar(console), words)
    with Progress(*columns, console=console, transient=True, refresh_per_second=5) as live:
        live.add_task("starting", total=None, words="")
        yield live


class _Bar(ProgressColumn):
    """A bar, where the terminal is wide enough for it now."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console
        self._bar = BarColumn(bar_width=_BAR_CELLS)

    def render(self, task: Task) -> RenderableType:
        return self._bar.render(task) if self._console.width >= _LEAST_WITH_BAR else ""


class LinePart(NamedTuple):
    """A part of the line. Where there is no room the highest rank goes first; 0 stays."""

    text: str
    rank: int


def fitted(parts: Sequence[LinePart], room: int | None) -> str:
    """Return the parts that have room beside one another, in their order; None is room for all."""
    kept = list(parts)
    while room is not None and cell_len(_joined(kept)) > room and (most := max(part.rank for part in kept)):
        kept = [part for part in kept if part.rank != most]
    return _joined(kept)


def _joined(parts: Sequence[LinePart]) -> str:
    return ", ".join(part.text for part in parts)


class RunProgress(Observer):
    """
    Follows an execution and says how far it is.

    Args:
        console: Where it is said.
        meter: May be given when it begins, too.
        searching: Gives what a search for prompts does, in words; nothing where that is not known.
        restated: Returns what the first calls say of the cost, once they have been checked.
    """

    def __init__(
        self,
        console: Console,
        meter: Meter | None = None,
        *,
        searching: Callable[[], str] = str,
        restated: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._console = console
        self._searching = searching
        self._entered = ""
        self._restated = restated
        self._is_checked = False
        self._meter = meter or Meter()
        self._total: int | None = None
        self.done = 0
        self.failed = 0
        self.retries = 0
        self._are_jobs, self._counted = False, "records"
        # Of the stages before: how far they came is of no interest.
        self._old_jobs: frozenset[str] = frozenset()
        self._began = time.monotonic()
        self._printed_at = self._began
        self._live: Progress | None = None

    @contextmanager
    def shown(self, meter: Meter | None = None) -> Iterator["RunProgress"]:
        """Show the progress while the block lasts."""
        self._meter = meter or self._meter
        with live_line(self._console, _Status(self, self._console)) as self._live:
            yield self
        self._live = None

    def state_entered(self, name: str) -> None:
        """Name the step that begins."""
        step = STEPS.get(name)
        if step is None:
            return
        if self._is_checked and (said := self._restated()):
            print_prose(self._console, said)
        self._is_checked = name == "CheckFirstCalls"
        before, self._entered = self._entered, name
        self._are_jobs = name in {"RunJobs", "RunEvaluationJobs", "OptimizePrompts"}
        self._counted = "jobs" if self._are_jobs else _COUNTED.get(name, "records")
        if (before, name) in _SAID:
            return
        if name in {"ProposePrompts", "TryPrompts", "OptimizePrompts"} and (words := self._searching()):
            step = f"prompts: {words}"
        if self._live:
            self._live.update(self._live.task_ids[0], description=step)
        else:
            self._console.print(step)

    def map_started(self, total: int | None) -> None:
        """Begin to count records, or jobs."""
        # Twice: the first records, then all of them, in which the first are counted again. Jobs between.
        self._total, self.done, self.failed = total, 0, 0
        self._old_jobs = frozenset(self._meter.jobs)
        # From here and not from the start: validating and preparing would spoil the pace that the rest is
        # reckoned by.
        self._began = self._printed_at = time.monotonic()
        if self._live:
            self._live.update(self._live.task_ids[0], total=total, completed=0)

    def task_finished(self, resource: str, error: str | None, will_retry: bool) -> None:  # noqa: ARG002 - the engine's protocol
        """Count a call that is made again."""
        self.retries += will_retry
        # Also where no record ends for a while: a long silence looks like a run that hangs.
        self._tell_now_and_then()

    def child_finished(self, status: str) -> None:
        """Count a record."""
        self.done += 1
        self.failed += status != "SUCCEEDED"
        if self._live:
            self._live.update(self._live.task_ids[0], completed=self.done)
        self._tell_now_and_then()

    def _tell_now_and_then(self) -> None:
        if self._live or self._total is None:
            return
        now = time.monotonic()
        # Of hours one reads the pace, and not every step.
        sparser = min(max(1.0, (now - self._began) / _SPARSER_AFTER_S), _SPARSEST)
        if now - self._printed_at >= PLAIN_EVERY_S * sparser:
            self._printed_at = now
            self._console.print(self.line())

    def map_finished(self, succeeded: int, failed: int) -> None:  # noqa: ARG002 - the engine's protocol
        """Tell the whole."""
        if not self._live:
            self._console.print(self.line())

    def line(self, room: int | None = None) -> str:
        """Return how far the run is; what tells least goes where it takes more cells than there are."""
        meter = self._meter
        total = f"/{self._total:,}" if self._total is not None else ""
        parts = [LinePart(f"{self.done:,}{total} {self._counted}", 0)]
        if self._are_jobs:
            parts += waited_for([job for arn, job in meter.jobs.items() if arn not in self._old_jobs])
        if self._entered == "RunParts":
            return fitted(parts, room)
        parts.append(LinePart(_counted(meter.calls, "call"), 4))
        if self.retries:
            throttled = f" ({meter.throttles:,} throttled)" if meter.throttles else ""
            parts.append(LinePart(f"{_counted(self.retries, 'retry')}{throttled}", 5))
        elif meter.throttles:
            parts.append(LinePart(f"{meter.throttles:,} throttled", 5))
        if meter.errors:
            parts.append(LinePart(_counted(meter.errors.total(), "error"), 3))
        if self.failed:
            parts.append(LinePart(f"{_counted(self.failed, self._counted[:-1])} failed", 1))
        parts.append(LinePart(f"{rough_count(meter.input_tokens + meter.output_tokens)} tokens", 6))
        # Cents are enough of dollars.
        parts.append(LinePart(f"${meter.cost_usd:,.{2 if meter.cost_usd >= 1 else 4}f}", 2))
        # Jobs end when they do: the pace of some tells nothing of the others.
        elapsed_s = time.monotonic() - self._began
        if not self._are_jobs and (left := time_left(self.done, self._total, elapsed_s)):
            parts.append(LinePart(f"{left} left", 1))
        return fitted(parts, room)


def waited_for(jobs: Sequence[JobSeen]) -> Iterator[LinePart]:
    """Yield whose jobs they are, how many of their rows are done, and what those do that are not over."""
    if not jobs:
        return
    if uri := jobs[0].rows_uri:
        yield LinePart(f"of {stage_of(uri)}", 7)
    # A job tells its rows once it has been validated.
    if rows := sum(job.rows for job in jobs):
        yield LinePart(f"{sum(job.processed for job in jobs):,}/{rows:,} rows", 1)
    for status, number in Counter(job.status for job in jobs if job.status != "Completed").items():
        # Bedrock writes InProgress.
        words = _CAPITAL.sub(r" \1", status).strip().lower()
        yield LinePart(f"{number:,} {words}", 3)


def _counted(number: int, word: str) -> str:
    many = f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"
    return f"{number:,} {word if number == 1 else many}"


class _Status(ProgressColumn):
    """The progress in words, after the bar, on what is left of the line."""

    def __init__(self, progress: RunProgress, console: Console) -> None:
        super().__init__(table_column=Column(no_wrap=True))
        self._progress = progress
        self._console = console

    def render(self, task: Task) -> Text:
        width = self._console.width
        bar = _BAR_CELLS if width >= _LEAST_WITH_BAR else 0
        # A blank after each of the two columns before.
        room = width - cell_len(task.description) - bar - 2
        # Asked at each redraw: calls and dollars move while no record ends.
        return Text(self._progress.line(room) if task.total else "")
