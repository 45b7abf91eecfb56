"""
What a step writes down and tells of a run, and what becomes of it where that fails: nothing.

A run is paid for, and its folder is the truth: neither the store nor an event may fail it. What could not be
noted is an error in the log and a metric with an alarm; `evaldrop history rebuild` mends the store.
"""

import json
import logging
import sys
import time
from collections.abc import Callable, Mapping
from functools import cached_property, partial
from typing import TYPE_CHECKING, Protocol

from evaldrop.errors import BudgetExceeded, LimitReached
from evaldrop.steps.embedded_metrics import STEP_METRICS, metric_document
from evaldrop.steps.lifecycle.events import SOURCE, Event
from evaldrop.steps.services import EventBus
from evaldrop.store.model import Ending, StoredRun
from evaldrop.store.protocol import Store

if TYPE_CHECKING:
    from evaldrop.steps.lifecycle.spent import SpentByRun

_logger = logging.getLogger("evaldrop")


class Bus(Protocol):
    """Whatever takes events."""

    def put(self, *, source: str, detail_type: str, detail: str) -> None:
        """Send an event; `detail` is JSON."""
        ...


class Lifecycle:
    """
    The store of runs and the bus of events, as steps use them; either may be missing.

    Attributes:
        stack: The stack's name, as events and metrics have it; empty on one machine.
    """

    def __init__(
        self,
        *,
        stack: str = "",
        opened: Callable[[], Store] | None = None,
        bus: Bus | None = None,
        on_lambda: bool = False,
    ) -> None:
        self.stack = stack
        self._opened = opened
        self._bus = bus
        self._on_lambda = on_lambda

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Lifecycle":
        """Return what a stack wrote into its function's environment; nothing of it on one machine."""
        store, bus = environment.get("EVALDROP_STORE"), environment.get("EVALDROP_EVENT_BUS")
        return cls(
            stack=environment.get("EVALDROP_STACK", ""),
            opened=partial(_open, store) if store else None,
            bus=EventBus(bus) if bus else None,
            on_lambda="AWS_LAMBDA_FUNCTION_NAME" in environment,
        )

    @property
    def has_store(self) -> bool:
        """Whether anything is noted."""
        return self._opened is not None

    def begin(self, run: StoredRun) -> None:
        """Note that a run goes on."""
        if self._opened:
            self._or_log(run.run_id, "its beginning was not noted", lambda: self._store.begin(run))

    def admit(self, run: StoredRun, *, monthly_usd: float) -> None:
        """
        Note that a run goes on, if the stack's month has as much left; one that cannot be noted does not.

        Raises:
            BudgetExceeded: With it the runs of this month would cost more than the stack spends.
        """
        try:
            self._store.begin(run, monthly_usd=monthly_usd)
        except LimitReached as reached:
            raise BudgetExceeded(str(reached)) from reached

    def end(self, run: StoredRun, ending: Ending) -> None:
        """Note how a run ended, whether or not the store knew of it."""
        if self._opened:
            self._or_log(
                run.run_id, "its end was not noted", lambda: self._store.end(run.run_id, ending, run=run)
            )

    def stop(self, run: StoredRun, ending: Ending) -> None:
        """Note that a run was stopped, unless whoever stopped it did, and knew what it had cost."""

        def unless_noted() -> None:
            known = self._store.run(run.run_id)
            is_noted = known is not None and known.ending is not None and known.ending.state == "stopped"
            # One that was stopped before may have gone on since.
            if not is_noted or (known is not None and known.rest_usd is not None):
                self._store.end(run.run_id, ending, run=run)

        if self._opened:
            self._or_log(run.run_id, "its end was not noted", unless_noted)

    def give_up_rest(self, run_id: str) -> None:
        """Note that a run did not go on after all: it stays as it had ended."""

        def note() -> None:
            known = self._store.run(run_id)
            if known is not None and known.ending is not None:
                self._store.end(run_id, known.ending)

        if self._opened:
            self._or_log(run_id, "that it does not go on was not noted", note)

    def settle(self, run_id: str, spent: "Callable[[], SpentByRun]") -> None:
        """Note what a run has cost that ended without a scorecard, where nobody has noted it yet."""

        def note() -> None:
            known = self._unsettled(run_id)
            if known is None:
                return
            used = spent().fields()
            # It may have been redriven, and even have come to its end, while its results were read.
            if self._unsettled(run_id) == known:
                self._store.end(run_id, known.model_copy(update=used))

        if self._opened:
            self._or_log(run_id, "what it cost was not noted", note)

    def _unsettled(self, run_id: str) -> Ending | None:
        run = self._store.run(run_id)
        ending = run.ending if run else None
        return ending if ending and ending.state != "finished" and ending.cost_usd is None else None

    def send(self, event: Event) -> None:
        """Send an event."""
        if bus := self._bus:
            kind, detail = event.detail_type, event.model_dump_json()
            self._or_log(
                event.run_id,
                f'the event "{kind}" was not sent',
                lambda: bus.put(source=SOURCE, detail_type=kind, detail=detail),
            )

    @cached_property
    def _store(self) -> Store:
        assert self._opened
        return self._opened()

    def _or_log(self, run_id: str, what: str, do: Callable[[], None]) -> None:
        try:
            do()
        except Exception:
            # Whatever it is: a permission, a table that is gone, a fault of ours.
            _logger.exception("run %s: %s", run_id, what, extra={"run_id": run_id, "not_noted": what})
            if self._on_lambda and self.stack:
                line = metric_document(
                    {"Stack": self.stack}, STEP_METRICS, {"NotNoted": 1}, time_ms=time.time_ns() // 1_000_000
                )
                sys.stdout.write(json.dumps({**line, "run_id": run_id}) + "\n")


NOWHERE = Lifecycle()
"""Notes and sends nothing."""


def _open(uri: str) -> Store:
    # Imported once there is one: a run on the command line does not wait for it.
    from evaldrop.store.opening import open_store

    return open_store(uri)
