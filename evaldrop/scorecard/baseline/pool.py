"""
Which runs a run is held to, and at which level: the blessed run and the first of the same make after it.

A gate held every week at 5 % has a false alarm in a third of all quiet years. So a year shares one level, and
what each run is held to is as sure as eight runs make it.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

import orjson

from evaldrop import storage
from evaldrop.errors import StorageError
from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.answers import ANSWERS
from evaldrop.scorecard.baseline.comparability import changes, obstacles
from evaldrop.scorecard.model.baseline import Look

MOST_POOLED = 8
YEAR_OF_RUNS = 52
FIRST_SHARE = 0.5
"""Of the year's level: what the first run of its make is decided at. The year's other 51 share the rest."""

# Scores kept of all pooled runs together; of a million records, eight runs would not fit a small machine, and
# one of them says as much.
MOST_POOLED_SCORES = 30_000_000

_RUN_ID = re.compile(r"\d{8}T\d{6}Z-")


class Held(NamedTuple):
    """
    What a run is held to.

    Attributes:
        runs: The blessed run, then those pooled with it, in the order of time.
        look: Whether it is asked once, or is the first or a later run of its make since the blessing.
        level: The chance that anything is decided falsely in this comparison.
    """

    runs: tuple[RunDefinition, ...]
    look: Look
    level: float


def held_once(blessed: RunDefinition, *, confidence: float) -> Held:
    """Return one run, and the level of a question that is asked once."""
    return Held((blessed,), "single", 1 - confidence)


def held_weekly(run: RunDefinition, blessed: RunDefinition) -> Held:
    """
    Return the pool of a run that is held to its blessed one like others before it.

    Pooled are the blessed run and the first seven after it that were held to it, were made the same way, and
    did not differ at the scorecard's own level: a drop that is not yet decided must not lower what later runs
    are held to (nor a rise raise it: leaving out the low ones alone would). The first and not the last: held
    to those, a slow decline would be its own baseline. The level (1 - confidence) is that of a year of 52
    runs, shared by Bonferroni's inequality: half for the first run of its make, the other half alike for the
    others. Two-sided, over all candidates and criteria of a run.

    Raises:
        StorageError: The evaluation's folder cannot be listed.
    """
    level = 1 - run.evaluation.confidence
    is_first = not _has_earlier_look(run, blessed)
    share = FIRST_SHARE if is_first else (1 - FIRST_SHARE) / (YEAR_OF_RUNS - 1)
    pooled = islice(_pooled(run, blessed), _most_runs(run) - 1)
    return Held((blessed, *pooled), "first" if is_first else "later", level * share)


def runs_like(run: RunDefinition, folder: str, *, most_read: int = YEAR_OF_RUNS) -> Iterator[RunDefinition]:
    """
    Yield the earlier runs of the same make, the newest first.

    Args:
        run: The run.
        folder: The evaluation's folder, in which it and the others are.
        most_read: Of how many runs `run.json` is read at most.

    Raises:
        StorageError: The folder cannot be listed.
    """
    return (earlier for earlier in earlier_runs(run, folder, most_read=most_read) if _same_make(earlier, run))


def earlier_runs(
    run: RunDefinition, folder: str, *, most_read: int, having: str | None = None
) -> Iterator[RunDefinition]:
    """
    Yield the runs before a run, of whatever make, the newest first.

    Args:
        run: The run.
        folder: The evaluation's folder, in which it and the others are.
        most_read: At how many folders is looked at most.
        having: A file's name: of runs without it `run.json` is not read.

    Raises:
        StorageError: The folder cannot be listed.
    """
    names: Iterable[str] = islice(reversed(_names(folder, None, run)), most_read)
    if having is not None:
        names = (name for name in names if storage.exists(storage.join(folder, name, having)))
    for earlier in _read(names, folder, most_read):
        if _order(earlier) < _order(run):
            yield earlier


def _has_earlier_look(run: RunDefinition, blessed: RunDefinition) -> bool:
    names = reversed(_names(_evaluation_folder(blessed), blessed, run))
    return any(
        _order(blessed) < _order(earlier) < _order(run)
        and _is_held_to(earlier, blessed)
        and _same_make(earlier, run)
        # A run that broke off was no look.
        and storage.exists(earlier.file("scorecard.json"))
        for earlier in _read(names, _evaluation_folder(blessed), YEAR_OF_RUNS)
    )


def _pooled(run: RunDefinition, blessed: RunDefinition) -> Iterator[RunDefinition]:
    # A run that reads its parent's replies again is no other measurement of them.
    parent = run.parent.run_id if run.parent else None
    if parent == blessed.run_id:
        return
    names = _names(_evaluation_folder(blessed), blessed, run)
    for earlier in _read(names, _evaluation_folder(blessed), YEAR_OF_RUNS):
        if (
            _order(blessed) < _order(earlier) < _order(run)
            and earlier.run_id != parent
            and _is_held_to(earlier, blessed)
            and _same_make(earlier, blessed)
            and _was_alike(earlier, blessed)
        ):
            yield earlier


def _same_make(run: RunDefinition, other: RunDefinition) -> bool:
    return run.parent is None and not obstacles(run, other) and not changes(run, other)


def _is_held_to(run: RunDefinition, blessed: RunDefinition) -> bool:
    # By the folder's name: what was blessed before or after it began another pool.
    return run.baseline is not None and _name_of(run.baseline) == _name_of(blessed.folder)


def _was_alike(run: RunDefinition, blessed: RunDefinition) -> bool:
    try:
        # Not as a `Scorecard`: one of another version still says what it decided.
        scorecard = orjson.loads(storage.read_bytes(run.file("scorecard.json")))
        baseline = scorecard["baseline"]
        if scorecard.get("judge_trusted") is False or baseline["run_id"] != blessed.run_id:
            return False
        # By the check, not by counts: those of another version may be told otherwise.
        if any(check["expression"] == ANSWERS for check in scorecard.get("gate", {}).get("checks", ())):
            return False
        level = 1 - run.evaluation.confidence
        return not any(
            estimate.get("p_adjusted") is not None and estimate["p_adjusted"] < level
            for card in baseline["candidates"].values()
            for estimate in card["criteria"].values()
        )
    except (StorageError, ValueError, KeyError, TypeError):
        # It broke off, or is not readable: it is left out, like one that cannot be compared.
        return False


def _most_runs(run: RunDefinition) -> int:
    records = max(1, run.dataset.records.get("read", 0))
    scores = records * max(1, len(run.candidates)) * (len(run.criteria) + 1)
    return max(1, min(MOST_POOLED, MOST_POOLED_SCORES // scores))


def _names(folder: str, after: RunDefinition | None, before: RunDefinition) -> list[str]:
    """Return the names of run folders between two runs, in the order of time as far as names tell it."""
    first = _name_of(after.folder) if after else None
    last = _name_of(before.folder)
    return sorted(
        (
            name
            for name in storage.list_folders(folder)
            if name not in (first, last)
            and not (_comes_before(name, first) if first else False)
            and not _comes_before(last, name)
        ),
        key=_natural,
    )


def _comes_before(name: str, other: str) -> bool:
    # IDs that evaldrop gives sort by time; of others only run.json tells when they began.
    return bool(_RUN_ID.match(name) and _RUN_ID.match(other)) and name < other


def _natural(name: str) -> list[tuple[int, str]]:
    # run-9 before run-10.
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]


def _read(names: Iterable[str], folder: str, most: int) -> Iterator[RunDefinition]:
    for name in islice(names, most):
        try:
            yield RunDefinition.load(storage.join(folder, name))
        except StorageError:
            # No run, one of another version, or one that was just removed.
            continue


def _order(run: RunDefinition) -> tuple[str, list[tuple[int, str]]]:
    # Within a second an ID of ours sorts as it is: its digits are no numbers.
    is_ours = _RUN_ID.match(run.run_id)
    return run.started_at, [(-1, run.run_id)] if is_ours else _natural(run.run_id)


def _evaluation_folder(run: RunDefinition) -> str:
    return storage.parent(run.folder) or run.folder


def _name_of(uri: str) -> str:
    return uri.rstrip("/").rpartition("/")[2]
