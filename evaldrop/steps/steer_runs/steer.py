"""SteerRuns: every running run looked at, and its number of records at a time changed where that helps."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from evaldrop.steps.steer_runs.decide import Traffic, next_concurrency


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningMap:
    """
    A Map Run that evaluates a run's records.

    Attributes:
        arn: The Map Run's.
        run_id: The run's.
        concurrency: How many records it evaluates at a time; 0 is no limit.
        own: How many the run asked for.
        models: Whom it calls, as Bedrock counts them.
    """

    arn: str
    run_id: str
    concurrency: int
    own: int
    models: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Steered:
    """What was changed of a run."""

    run_id: str
    before: int
    after: int


class Steerable(Protocol):
    """What is asked of AWS."""

    def running_maps(self) -> Iterable[RunningMap]:
        """Yield what evaluates records now."""
        ...

    def traffic(self, models: Iterable[str]) -> Mapping[str, Traffic]:
        """Return the calls of models in the last minutes."""
        ...

    def set_concurrency(self, arn: str, concurrency: int) -> None:
        """Have a Map Run evaluate so many records at a time."""
        ...


def steer_runs(account: Steerable) -> list[Steered]:
    """Change how many records running runs evaluate at a time, where throttles say so."""
    running = list(account.running_maps())
    if not running:
        return []
    traffic = account.traffic(sorted(frozenset[str]().union(*(each.models for each in running))))
    changes = []
    for each in running:
        seen = (traffic.get(model, Traffic()) for model in each.models)
        after = next_concurrency(each.concurrency, each.own, seen)
        if after != each.concurrency:
            account.set_concurrency(each.arn, after)
            changes.append(Steered(run_id=each.run_id, before=each.concurrency, after=after))
    return changes


def told(changes: Iterable[Steered]) -> list[dict[str, Any]]:
    """Return changes as the log has them."""
    return [asdict(each) for each in changes]
