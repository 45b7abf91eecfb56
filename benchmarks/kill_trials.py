"""
Kills runs at random moments and goes on with them: is the scorecard the same, is any reply paid for twice?

    python -m benchmarks.kill_trials --trials 60 --seed 1

Each trial runs a small evaluation, by a rehearsal or against an endpoint on this machine, and kills one of
its processes (SIGKILL) while there is one: the run's own, the one that makes the calls, the one of the
functions; or the run's own as soon as there is a scorecard. It then goes on until the run has ended, and may
be killed once more on the way. Counted is what the endpoint answered.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from benchmarks.endpoint import Settings, serving_processes
from tests.whole_runs import ROOT, command, environment, write_evaluation

RECORDS = 20
CALLS = RECORDS * 4
IN_FLIGHT = 8
LATENCY_MS = 60
REHEARSAL = "simulated:latency=0.5"
# As they are forked.
PROCESSES = {"aws": ("run", "calls", "functions"), REHEARSAL: ("run", "functions")}
AT_SCORECARD = "run, between scorecard and report"
_LOOK_S = 0.005
_MOST_WAIT_S = 0.2


During: TypeAlias = Callable[[subprocess.Popen[bytes]], int]
"""Looks on while a command goes on, and returns how many processes it killed."""


class Trial(NamedTuple):
    """
    What came of a trial.

    `extra` is how many calls were answered more often than once, `kills` how often it was killed.
    """

    killed: str
    kills: int
    resumes: int
    extra: int
    is_same: bool
    is_lost: bool


class Trials:
    """Runs trials, one after another."""

    def __init__(self, folder: Path, bedrock: str, calls: Callable[[], int], env: dict[str, str]) -> None:
        self._folder = folder
        self._bedrock = bedrock
        self._calls = calls
        self._env = env
        self._dataset = write_evaluation(folder, records=RECORDS)
        self._run(folder / "whole")
        (whole,) = (folder / "whole").glob("*/*/scorecard.json")
        self._expected = self._told(whole)

    def trial(self, number: int, chance: random.Random) -> Trial:
        """Kill a run, once or twice, and go on with it to its end."""
        out = self._folder / str(number)
        roles = (*PROCESSES[self._bedrock], AT_SCORECARD)
        role = roles[number % len(roles)]
        called = self._calls()
        kills = self._run(out, self._killer(out, role, chance))
        resumes = 0
        while not (runs := list(out.glob("*/*/run.json"))):
            # Nothing had begun: once more from the beginning.
            kills += self._run(out)
        # Put away as the very last thing.
        while (runs[0].parent / "journal.jsonl").exists():
            resumes += 1
            again = chance.random() < 0.3 and resumes == 1
            kills += self._resume(runs[0].parent, self._killer(out, role, chance) if again else None)
            if resumes > 9:
                return Trial(role, kills, resumes, 0, is_same=False, is_lost=True)
        scorecard = runs[0].parent / "scorecard.json"
        extra = self._calls() - called - CALLS if self._bedrock == "aws" else 0
        is_same = scorecard.exists() and self._told(scorecard) == self._expected
        return Trial(role, kills, resumes, extra, is_same=is_same, is_lost=not scorecard.exists())

    def _run(self, out: Path, during: During | None = None) -> int:
        options = ("--bedrock", self._bedrock, "--out", out, "--max-in-flight", IN_FLIGHT)
        return self._execute(("run", self._dataset, *options), during)

    def _resume(self, run: Path, during: During | None) -> int:
        return self._execute(("run", "--resume", run), during)

    def _execute(self, arguments: tuple[object, ...], during: During | None) -> int:
        """Execute a command, and return whether one of its processes was killed meanwhile, as 0 or 1."""
        process = subprocess.Popen(
            command(*arguments), cwd=ROOT, env=self._env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        kills = during(process) if during else 0
        process.wait()
        return kills

    def _killer(self, out: Path, role: str, chance: random.Random) -> During:
        if role == AT_SCORECARD:
            return partial(self._kill_at, lambda: any(out.glob("*/*/scorecard.json")), "run", 0.0)
        # By what has been answered and not by the clock: how fast the machine is now is not known.
        answered = chance.randint(0, CALLS)
        wait_s = chance.uniform(0, _MOST_WAIT_S)
        return partial(self._kill_at, lambda: _lines(out) >= answered, role, wait_s)

    def _kill_at(
        self, is_due: Callable[[], bool], role: str, wait_s: float, process: subprocess.Popen[bytes]
    ) -> int:
        while process.poll() is None:
            if is_due() and self._pid(process.pid, role):
                time.sleep(wait_s)
                if pid := self._pid(process.pid, role):
                    os.kill(pid, signal.SIGKILL)
                return 1 if pid else 0
            time.sleep(_LOOK_S)
        return 0

    def _pid(self, run: int, role: str) -> int | None:
        try:
            listed = Path(f"/proc/{run}/task/{run}/children").read_text(encoding="ascii")
            return [run, *map(int, listed.split())][PROCESSES[self._bedrock].index(role)]
        except (OSError, IndexError):  # it has ended, or not begun
            return None

    def _told(self, scorecard: Path) -> Any:
        """Return a scorecard without what differs between any two runs."""
        content = json.loads(scorecard.read_text(encoding="utf-8"))
        for key in ("run_id", "started_at", "duration_s", "dataset"):
            content.pop(key)
        return _without_clocks(content) if self._bedrock == "aws" else content


def _lines(out: Path) -> int:
    """Return how many replies the runs below a folder keep."""
    return sum(journal.read_bytes().count(b"\n") for journal in out.glob("*/*/journal.jsonl"))


def _without_clocks(content: Any) -> Any:
    """Return JSON without what is measured by a clock."""
    if isinstance(content, dict):
        return {
            key: _without_clocks(value)
            for key, value in content.items()
            if not key.startswith(("latency_ms", "evidence", "ranking"))
        }
    return [_without_clocks(each) for each in content] if isinstance(content, list) else content


def trials(folder: Path, number: int, seed: int) -> Iterator[Trial]:
    """Run trials by a rehearsal and against an endpoint, in turn."""
    chance = random.Random(seed)
    with serving_processes(Settings(latency_ms=LATENCY_MS)) as (url, counts):
        kinds = (
            Trials(folder / "called", "aws", lambda: counts.total()["calls"], environment(url)),
            Trials(folder / "rehearsed", REHEARSAL, lambda: 0, environment()),
        )
        yield from (kinds[each % 2].trial(each // 2, chance) for each in range(number))


def main() -> None:
    """Run trials and print what came of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    done: list[Trial] = []
    with tempfile.TemporaryDirectory() as folder:
        for trial in trials(Path(folder), options.trials, options.seed):
            done.append(trial)
            print(trial, flush=True)
    by_role = Counter(trial.killed for trial in done if trial.kills)
    print(
        f"{len(done)} trials, {sum(trial.kills for trial in done)} kills {dict(by_role)}, "
        f"{sum(trial.resumes for trial in done)} resumes; "
        f"runs lost: {sum(trial.is_lost for trial in done)}; "
        f"other scorecards: {sum(not trial.is_same for trial in done)}; "
        f"calls answered twice: {sum(trial.extra for trial in done)}, at most "
        f"{max(trial.extra for trial in done)} in a trial ({IN_FLIGHT} were under way)"
    )


if __name__ == "__main__":
    main()
