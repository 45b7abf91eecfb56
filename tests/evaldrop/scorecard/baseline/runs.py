"""Pairs of small runs on disk: the same records, other scores."""

from evaldrop.scorecard.model.scorecard import Scorecard
from evaldrop.steps.build_scorecard.build import build_scorecard
from tests.evaldrop.run_folders import (
    CORRECTNESS,
    TONE,
    converse,
    failed_response,
    record,
    response,
    row,
    run_json,
    write_run,
)

NAMES = ("correctness", "tone")


def write(folder, scores, *, latency_ms=500, categories=None, groups=None, **run):
    """
    Write and build a run.

    `scores`: candidate: a (correctness, tone) per record; None for a failed call, and None in a pair for a
    verdict that is not there.
    """
    number = len(next(iter(scores.values())))
    rows = [
        row(f"r{n}", *(_response(name, said[n], latency_ms) for name, said in scores.items()))
        for n in range(number)
    ]
    records = [
        record(
            f"r{n}",
            category=categories[n] if categories else None,
            group=groups[n] if groups else None,
        )
        for n in range(number)
    ]
    write_run(folder, run=run_json(**run), records=records, succeeded=rows)
    return build(folder)


def build(folder) -> Scorecard:
    """Build a run's scorecard (again)."""
    return build_scorecard(str(folder))


def _response(name, said, latency_ms):
    if said is None:
        return failed_response(name)
    scores = {criterion: score for criterion, score in zip(NAMES, said, strict=True) if score is not None}
    return response(name, scores=scores, reply=converse("an answer", latency_ms=latency_ms))


__all__ = ["CORRECTNESS", "NAMES", "TONE", "build", "write"]
