"""Run several jobs at once, a few at a time, all or nothing."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

Job = Callable[[int], Awaitable[Any]]


async def run_all(count: int, limit: int, job: Job) -> list[Any]:
    """
    Return the results of job(0) … job(count - 1), at most `limit` at a time.

    The first failure cancels the rest and is raised.
    """
    if count == 1 or limit == 1:
        return [await job(index) for index in range(count)]
    results: list[Any] = [None] * count
    indexes = iter(range(count))

    async def work() -> None:
        for index in indexes:
            results[index] = await job(index)

    workers = [asyncio.create_task(work()) for _ in range(min(limit, count))]
    try:
        await asyncio.gather(*workers)
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
    return results
