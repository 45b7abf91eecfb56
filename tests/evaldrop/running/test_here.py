"""A run on this machine, where its workflow meets the loop."""

import gc

import pytest
import uvloop

from evaldrop.engine import Execution
from evaldrop.running import here


def test_ctrl_c_while_the_loop_is_made_leaves_no_warning_of_an_unawaited_workflow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def workflow() -> Execution:
        raise AssertionError("it never begins")

    def interrupted(_workflow: object) -> Execution:
        raise KeyboardInterrupt

    monkeypatch.setattr(uvloop, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        here._loop(workflow())
    # A coroutine that nobody awaited warns when it is collected; every warning is an error here.
    gc.collect()
