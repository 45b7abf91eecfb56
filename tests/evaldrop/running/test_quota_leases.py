"""Runs on one machine that share what an account may call."""

import asyncio
import os
import subprocess
import sys

import pytest

from evaldrop.bedrock.lanes import LOOKS_AFTER_S, LanedRuntime
from evaldrop.evaluation.delivery import ModelQuota
from evaldrop.running.quota_leases import QuotaLeases, leases_folder

HOLD = """
import sys
from pathlib import Path
from evaldrop.running.quota_leases import QuotaLeases
leases = QuotaLeases("aws", print, Path(sys.argv[1]))
print(leases.sharers("m"), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def run(tmp_path):
    """Makes the leases of a run, and what it said of them."""
    made = []

    def make(account="aws"):
        said = []
        made.append(QuotaLeases(account, said.append, tmp_path))
        return made[-1], said

    yield make
    for each in made:
        each.close()


def test_each_run_takes_its_part_and_says_so_and_all_of_it_when_it_is_alone_again(run):
    first, said = run()
    assert (first.sharers("m"), said) == (1, [])
    second, said_second = run()
    assert second.sharers("m") == first.sharers("m") == 2
    assert said == said_second == ["another run on this machine calls m: this one takes 1/2 of its limits."]
    assert run()[0].sharers("m") == second.sharers("m") == 3
    second.close()
    assert first.sharers("m") == 2


def test_other_models_and_other_accounts_are_not_shared(run):
    first, _ = run()
    other, _ = run("openai=http://localhost:1")
    assert (first.sharers("m"), first.sharers("n"), other.sharers("m")) == (1, 1, 1)


def test_a_process_that_was_killed_holds_nothing(run, tmp_path):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], **pipes) as process:
        assert process.stdout.readline() == "1\n"
        leases, said = run()
        assert leases.sharers("m") == 2
        process.kill()
    assert leases.sharers("m") == 1
    assert said[-1] == "no other run on this machine calls m now: this one takes all of its limits."
    assert len(list(tmp_path.glob("*/*.lease"))) == 1


def test_where_leases_cannot_be_written_a_run_takes_the_whole(tmp_path):
    (tmp_path / "file").touch()
    leases = QuotaLeases("aws", pytest.fail, tmp_path / "file")
    assert leases.sharers("m") == 1
    leases.close()


def test_they_are_in_the_users_state_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert leases_folder() == tmp_path / "evaldrop" / "quotas"
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    assert os.path.relpath(leases_folder(), leases_folder().home()) == ".local/state/evaldrop/quotas"


class Answering:
    """Answers at once."""

    is_simulated = False

    async def converse(self, request):
        return {}

    async def close(self):
        """Nothing is open."""


class Others:
    """So many others, as a test says."""

    def __init__(self):
        self.n, self.asked, self.closed = 1, 0, False

    def sharers(self, model):
        self.asked += 1
        return self.n

    def close(self):
        self.closed = True


def test_a_lane_is_as_wide_as_its_part_and_nobody_is_looked_for_without_limits():
    others = Others()
    limits = {"m": ModelQuota(rpm=600)}

    async def scenario():
        runtime = LanedRuntime(Answering(), lambda: limits, adapts=False, shares=others)
        await runtime.converse({"modelId": "free"})
        assert others.asked == 0
        others.n = 2
        loop = asyncio.get_running_loop()
        began = loop.time()
        # Five leave at once, which is a second of 300 a minute, and two more by fifths of a second.
        await asyncio.gather(*(runtime.converse({"modelId": "m"}) for _ in range(7)))
        assert loop.time() - began >= 0.39
        # Looked at once in a second, however many calls there are.
        assert others.asked == 1
        await runtime.close()

    asyncio.run(scenario())
    assert others.closed
    assert LOOKS_AFTER_S == 1
