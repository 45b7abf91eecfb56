"""
What a shell completes: runs, evaluations, datasets, criteria.

It is asked with every press of a key: names of folders and one run.json are read, S3 is not, and nothing
heavy is imported. What cannot be completed here, such as a path, is left to the shell by no answer at all.
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from functools import wraps
from pathlib import Path
from typing import Any

import typer

from evaldrop import storage
from evaldrop.json_text import loads
from evaldrop.run.naming import LATEST, PREVIOUS, RunsBelow, find_run
from evaldrop.run.place import DEFAULT_OUT, RUN_FILE

Completion = tuple[str, str]
"""A word, and what it means."""

# A shell evaluates some of what it is given, and a terminal acts on it: names with other signs than these
# are to be typed.
_HARMLESS = re.compile(r"[\w.:/@%+=,~-]+")
_MOST_RUNS = 50
_COMPLETED_BY, _BEFORE_COLON = "_EVALDROP_COMPLETE", "_EVALDROP_BEFORE_COLON"
# Those of evaldrop.datasets, whose import takes longer than a person waits for a word.
DATASET_ENDINGS = (".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".parquet")
_BUILT_IN = Path(__file__).parent.parent / "evaluation" / "criteria" / "built_in.json"


def rejoin_colons(environment: MutableMapping[str, str]) -> None:
    """
    Put together what bash took apart: `latest:support` comes as three words, of which it replaces the last.

    What is before the last colon of the word that is typed is kept in `environment`, for `runs`.
    """
    if environment.get(_COMPLETED_BY) != "complete_bash":
        return
    words = environment.get("COMP_WORDS", "").split("\n")
    if ":" not in words:
        return
    at = int(environment.get("COMP_CWORD") or 0)
    joined: list[str] = []
    # Words after the one that is typed are nobody's.
    for word in words[: at + 1]:
        if joined and (word == ":" or joined[-1].endswith(":")):
            joined[-1] += word
        else:
            joined.append(word)
    before, colon, typed = joined[-1].rpartition(":")
    environment.update(
        {
            "COMP_WORDS": "\n".join([*joined[:-1], typed]),
            "COMP_CWORD": str(len(joined) - 1),
            _BEFORE_COLON: before + colon,
        }
    )


def _quietly(complete: Callable[..., Iterable[Completion]]) -> Callable[..., list[Completion]]:
    @wraps(complete)
    def completed(*given: Any, **named: Any) -> list[Completion]:
        try:
            return [found for found in complete(*given, **named) if _HARMLESS.fullmatch(found[0])]
        except Exception:  # noqa: BLE001 - a traceback in the line that is being typed helps nobody
            return []

    return completed


@_quietly
def runs(ctx: typer.Context, incomplete: str) -> Iterator[Completion]:
    """Complete the name of a run: the words, evaluations, and IDs once one is begun."""
    if "/" in incomplete or incomplete.startswith("."):
        return
    below = _runs_of(ctx)
    if begun := os.environ.get(_BEFORE_COLON):
        if begun in {f"{LATEST}:", f"{PREVIOUS}:"} and below:
            yield from ((evaluation, "") for evaluation in below.evaluations)
        return
    yield LATEST, "the newest run"
    yield PREVIOUS, "the run before it, of its evaluation"
    if below is None:
        return
    for evaluation in below.evaluations:
        yield evaluation, "its latest run"
        if ":" in incomplete:
            yield f"{LATEST}:{evaluation}", ""
            yield f"{PREVIOUS}:{evaluation}", ""
    # A hundred IDs are in the way of who wants a word.
    if incomplete:
        for run in below.names(incomplete)[:_MOST_RUNS]:
            yield run.run_id, run.evaluation if _HARMLESS.fullmatch(run.evaluation) else ""


@_quietly
def evaluations(ctx: typer.Context, incomplete: str) -> Iterator[Completion]:
    """Complete the name of an evaluation that has run."""
    del incomplete  # typer leaves out what does not begin so
    if below := _runs_of(ctx):
        yield from ((name, "") for name in below.evaluations)


@_quietly
def datasets(incomplete: str) -> Iterator[Completion]:
    """Complete a dataset's path: files that are named as datasets are, and folders that hold one."""
    folder = "".join(incomplete.rpartition("/")[:2])
    for each in sorted(Path(folder or ".").expanduser().iterdir()):
        if each.name.startswith("."):
            continue
        if each.is_dir():
            if sum(1 for file in each.iterdir() if _is_dataset(file.name)) == 1:
                yield folder + each.name, "a folder with one dataset"
        elif _is_dataset(each.name):
            yield folder + each.name, ""


def _is_dataset(name: str) -> bool:
    return name.lower().removesuffix(".gz").endswith(DATASET_ENDINGS) and not name.endswith(".schema.json")


@_quietly
def criteria_of_run(ctx: typer.Context, incomplete: str) -> Iterator[Completion]:
    """Complete a criterion of the run that the command line names."""
    del incomplete
    # With the option still without a value typer has put no argument into its place yet.
    named = ctx.params.get("run") or next(iter(ctx.args), LATEST)
    folder = find_run(named, ctx.params.get("out") or DEFAULT_OUT)
    if not storage.is_s3(folder):
        for each in loads(storage.read_bytes(storage.join(folder, RUN_FILE)))["criteria"]:
            yield (each if isinstance(each, str) else str(each["name"])), ""


@_quietly
def improved_candidates(ctx: typer.Context, incomplete: str) -> Iterator[Completion]:
    """Complete a candidate whose prompt was made by the run that the command line names."""
    del incomplete
    folder = find_run(ctx.params.get("run") or LATEST, ctx.params.get("out") or DEFAULT_OUT)
    if not storage.is_s3(folder):
        for each in loads(storage.read_bytes(storage.join(folder, RUN_FILE)))["evaluation"]["candidates"]:
            if isinstance(each.get("prompt"), dict):
                yield str(each["name"]), ""


@_quietly
def built_in_criteria(incomplete: str) -> Iterator[Completion]:
    """Complete the name of a built-in criterion."""
    del incomplete
    for each in loads(_BUILT_IN.read_text(encoding="utf-8")):
        yield str(each["name"]), ""


def _runs_of(ctx: typer.Context) -> RunsBelow | None:
    out = ctx.params.get("out") or DEFAULT_OUT
    return None if storage.is_s3(out) else RunsBelow(out)
