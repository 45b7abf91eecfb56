"""Limits on time, and waits that count against none of them."""

import asyncio

import pytest

from evaldrop.engine import execute, load
from evaldrop.engine.allowance import Allowance, uncounted
from evaldrop.engine.surroundings import timestamp
from tests.evaldrop.engine.virtual_time import EPOCH, VirtualClock, run_virtual


async def held(seconds):
    with uncounted():
        await asyncio.sleep(seconds)


def test_a_block_that_takes_longer_ends_and_one_that_waits_uncounted_does_not():
    async def run():
        async with Allowance(10):
            await held(100)
            await asyncio.sleep(9)

    async def run_longer():
        async with Allowance(10):
            await held(100)
            await asyncio.sleep(11)

    run_virtual(run())
    with pytest.raises(TimeoutError):
        run_virtual(run_longer())


def test_parts_side_by_side_hold_the_limit_around_them_until_the_last_goes_on():
    async def run():
        async with Allowance(10) as around, asyncio.TaskGroup() as group:
            group.create_task(held(30))
            group.create_task(held(50))
        return around.uncounted_s

    assert run_virtual(run()) == 50


def test_without_a_limit_waits_are_counted_all_the_same():
    async def run():
        async with Allowance(None) as around:
            await held(3)
        return around.uncounted_s

    assert run_virtual(run()) == 3


def test_a_limit_that_is_over_is_not_taken_back():
    async def run():
        async with Allowance(1):
            try:
                await asyncio.sleep(2)
            finally:
                await held(0)

    with pytest.raises(TimeoutError):
        run_virtual(run())


CALL = {
    "Type": "Task",
    "Resource": "arn:aws:states:::lambda:invoke",
    "Arguments": {"FunctionName": "f"},
    "TimeoutSeconds": 10,
    "Output": "{% $states.context.State.EnteredTime %}",
    "End": True,
}


def test_a_task_held_back_neither_times_out_nor_measures_its_wait():
    machine = load({"QueryLanguage": "JSONata", "StartAt": "Call", "States": {"Call": CALL}})

    async def call(_arguments, _context):
        await held(500)
        await asyncio.sleep(4)
        return {}

    async def run():
        return await execute(
            machine, {}, integrations={"lambda:invoke": call}, clock=VirtualClock(), name="run"
        )

    done = run_virtual(run())
    assert (done.status, done.output) == ("SUCCEEDED", timestamp(EPOCH + 500))
