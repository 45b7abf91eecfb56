"""The workflow on one machine: what is done while a function of another process works."""

import asyncio

import pytest

from evaldrop.running.workflow import _ahead, _meanwhile


def steps(taken, count, at_third=lambda: None):
    for number in range(count):
        taken.append(number)
        if number == 2:
            at_third()
        yield


def run(scenario):
    return asyncio.run(scenario())


def test_steps_are_taken_while_a_function_works_and_go_on_with_the_next():
    taken = []

    async def scenario():
        ended = asyncio.Event()
        made = steps(taken, 1_000, ended.set)

        async def work(arguments, _context):
            await ended.wait()
            return arguments

        integration = _meanwhile(work, made)
        assert await integration("first", None) == "first"
        so_far = len(taken)
        assert 3 <= so_far < 1_000
        assert await integration("second", None) == "second"
        assert await integration("third", None) == "third"
        return so_far

    so_far = run(scenario)
    assert taken == list(range(len(taken)))
    assert len(taken) >= so_far


def test_a_function_that_fails_fails_and_one_that_is_cancelled_is():
    async def scenario():
        cancelled = asyncio.Event()

        async def work(arguments, _context):
            if arguments == "fails":
                raise ValueError("no")
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cancelled.set()
                raise

        integration = _meanwhile(work, steps([], 3))
        with pytest.raises(ValueError, match="no"):
            await integration("fails", None)
        waiting = asyncio.create_task(integration("waits", None))
        await asyncio.sleep(0.01)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await asyncio.wait_for(cancelled.wait(), 10)

    run(scenario)


def test_what_the_first_calls_need_can_be_made_ahead():
    assert sum(1 for _ in _ahead()) >= 1
