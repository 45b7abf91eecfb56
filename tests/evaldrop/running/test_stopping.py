"""How a run is stopped."""

import asyncio
import os
import signal
import threading
import time

import pytest

from evaldrop.bedrock.draining import DrainingRuntime
from evaldrop.engine import Execution
from evaldrop.errors import StorageError
from evaldrop.run.lock import locked
from evaldrop.run.stop_request import STOP_REQUEST, ask_to_stop, forget_request, is_asked_to_stop
from evaldrop.running import stopping
from evaldrop.running.stopping import as_ctrl_c, stop_here, until_stopped
from tests.evaldrop.bedrock.test_draining import Waiting

DONE = Execution(status="SUCCEEDED")


def scenario(act, *, drain_s=10.0, asked=lambda: False):
    """What a workflow of one call came to, what was said, and whether its call had ended."""
    said, ended = [], []

    async def run():
        waiting = Waiting()
        runtime = DrainingRuntime(waiting)

        async def workflow():
            ended.append(await runtime.converse("a call"))
            await runtime.converse("another")
            return DONE

        acting = asyncio.ensure_future(act(waiting))
        try:
            return await until_stopped(workflow, runtime, said.append, asked=asked, drain_s=drain_s)
        finally:
            acting.cancel()

    return asyncio.run(run()), said, ended


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_lets_the_call_under_way_end_and_begins_no_other(number):
    async def act(waiting):
        await asyncio.sleep(0.01)
        os.kill(os.getpid(), number)
        await asyncio.sleep(0.05)
        waiting.may_end.set()

    before = signal.getsignal(number)
    execution, said, ended = scenario(act)
    assert (execution, ended) == (None, ["a call"])
    assert said == [
        "stopping: 1 call under way may end, within 10 s, and will be kept. Once more (Ctrl-C) stops at once."
    ]
    assert signal.getsignal(number) is before


def test_the_second_does_not_wait():
    async def act(_waiting):
        for _ in range(2):
            await asyncio.sleep(0.02)
            os.kill(os.getpid(), signal.SIGINT)

    execution, said, ended = scenario(act, drain_s=60)
    assert (execution, ended, len(said)) == (None, [], 1)


def test_a_call_that_does_not_end_is_waited_for_as_long_as_was_said():
    async def act(_waiting):
        await asyncio.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    assert scenario(act, drain_s=0.05)[::2] == (None, [])


def test_what_the_shell_has_told_to_ignore_is_ignored(monkeypatch):
    async def act(waiting):
        await asyncio.sleep(0.01)
        os.kill(os.getpid(), signal.SIGHUP)
        await asyncio.sleep(0.01)
        waiting.may_end.set()

    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert scenario(act)[0] == DONE
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_disk_that_is_full_stops_a_run_with_its_words():
    async def act(waiting):
        waiting.fault = StorageError("journal.jsonl: No space left on device")
        waiting.may_end.set()

    with pytest.raises(StorageError, match="No space left"):
        scenario(act)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_plain_kill_is_as_ctrl_c_before_there_is_a_loop(number):
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), as_ctrl_c():
        signal.raise_signal(number)
    assert signal.getsignal(number) is before


def test_a_request_in_the_folder_is_heeded_as_the_first_ctrl_c(tmp_path, monkeypatch):
    monkeypatch.setattr(stopping, "LOOK_EVERY_S", 0.01)

    async def act(waiting):
        await asyncio.sleep(0.02)
        ask_to_stop(str(tmp_path))
        await asyncio.sleep(0.05)
        # Asked twice is asked once: the call under way may still end.
        ask_to_stop(str(tmp_path))
        await asyncio.sleep(0.05)
        waiting.may_end.set()

    execution, said, ended = scenario(act, asked=lambda: is_asked_to_stop(str(tmp_path)))
    assert (execution, ended, len(said)) == (None, ["a call"], 1)


def test_whoever_writes_to_a_folder_is_asked_and_waited_for(tmp_path):
    folder, began = str(tmp_path / "run"), threading.Event()

    def work():
        with locked(folder, doing="evaldrop run"):
            began.set()
            while not is_asked_to_stop(folder):
                time.sleep(0.01)
            forget_request(folder)

    worker = threading.Thread(target=work)
    worker.start()
    began.wait()
    assert stop_here(folder, within_s=10)
    worker.join()
    assert not list((tmp_path / "run").iterdir())


def test_who_does_not_stop_in_time_is_still_asked(tmp_path):
    with locked(str(tmp_path), doing="evaldrop run"):
        assert not stop_here(str(tmp_path), within_s=0)
        assert is_asked_to_stop(str(tmp_path))


def test_a_request_that_came_too_late_is_taken_away(tmp_path):
    assert stop_here(str(tmp_path))
    assert not (tmp_path / STOP_REQUEST).exists()
