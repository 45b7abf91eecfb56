"""
Finds the files that evaluation jobs wrote, and reads the JSON objects in them.

Where a job writes is listed and never built: its name may stand in the path twice, and a file whose name
begins with `amazon-bedrock-evaluations-permission-check` is beside its results.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from evaldrop import storage
from evaldrop.errors import InputError
from evaldrop.json_text import is_too_deep, loads

LARGEST = 1e9
"""Beyond it no metric has a number; NaN is not within it either."""
_OUTPUT = "_output.jsonl"
_CUSTOM = "/custom_metrics/"
_PERMISSION_CHECK = "amazon-bedrock-evaluations-permission-check"
# What follows a job's own folder in the path of an output file.
_BELOW_A_JOB = re.compile(r"/(?:models|datasets|custom_metrics)/.*", re.DOTALL)
_TASK = re.compile(r"/taskTypes/([^/]+)/")
_DATASET = re.compile(r"/datasets/([^/]+)/")
# Of a value, behind what may part two of them.
_BEGINNING = re.compile(r"[^\s,]")
# Of a row that is no JSON, as much as a person needs to find it.
_MOST_OF_A_BROKEN_ROW = 200


class OutputFile(NamedTuple):
    """A file of rows: its job's folder, and what its path tells of them."""

    uri: str
    job: str
    task: str | None
    dataset: str | None


class FoundFiles(NamedTuple):
    """What is below a folder: files of rows, and the definitions of custom metrics."""

    outputs: list[OutputFile]
    definitions: list[Mapping[str, Any]]


def find_files(uri: str) -> FoundFiles:
    """
    Return the output below a folder, or of one file.

    Raises:
        InputError: There is none.
        StorageError: The folder or a file cannot be read.
    """
    if uri.endswith(".jsonl"):
        return FoundFiles([_output_file(uri)], [])
    files = list(storage.list_files(uri))
    outputs = [_output_file(file) for file in files if file.endswith(_OUTPUT)]
    if not outputs:
        has_begun = any(_PERMISSION_CHECK in file for file in files)
        why = (
            "there is only the file by which Bedrock tries whether it may write. The job goes on, or failed"
            if has_begun
            else f"there is no *{_OUTPUT} below it. Give the folder that an evaluation job writes to"
        )
        raise InputError(f"{uri}: {why}.")
    copies = [file for file in files if _CUSTOM in file and file.endswith((".json", ".jsonl"))]
    texts = (storage.read_bytes(file) for file in copies if not file.endswith(_OUTPUT))
    return FoundFiles(outputs, [one for text in texts for one in _definitions(text)])


def _output_file(uri: str) -> OutputFile:
    task, dataset = _TASK.search(uri), _DATASET.search(uri)
    below = _BELOW_A_JOB.search(uri)
    job = uri[: below.start()] if below else storage.parent(uri) or uri
    return OutputFile(uri, job, task and task[1], dataset and dataset[1])


def _definitions(content: bytes) -> Iterator[Mapping[str, Any]]:
    """Yield the definitions in a copy of custom metrics: alone, listed, or wrapped as in a request."""
    for value in objects_in(content):
        if isinstance(value, str):
            continue
        listed = value.get("customMetrics", [value])
        for each in listed if isinstance(listed, list) else ():
            inner = each.get("customMetricDefinition", each) if isinstance(each, Mapping) else {}
            if isinstance(inner, Mapping) and _is_definition(inner):
                yield inner


def _is_definition(value: Mapping[str, Any]) -> bool:
    """Tell whether a value has a definition's shape; one that has not says nothing of its metric."""
    name, scale = value.get("name", value.get("metricName")), value.get("ratingScale") or []
    return (
        isinstance(name, str)
        and bool(name)
        and isinstance(value.get("instructions", ""), str)
        and isinstance(scale, list)
        and all(map(_is_rating, scale))
    )


def _is_rating(value: object) -> bool:
    worth = value.get("value") if isinstance(value, Mapping) else None
    if not isinstance(worth, Mapping):
        return False
    number, text = worth.get("floatValue"), worth.get("stringValue")
    return (isinstance(number, int | float) and abs(number) <= LARGEST) or isinstance(text, str)


def objects_in(content: bytes) -> Iterator[dict[str, Any] | str]:
    """
    Yield the JSON objects of a file; of what is none, its beginning as a text.

    One object a line, as it should be; where a line is none, also objects over several lines, several on one,
    and texts that hold raw line breaks.
    """
    lines = [line for line in content.removeprefix(b"\xef\xbb\xbf").splitlines() if line.strip()]
    try:
        values = [loads(line) for line in lines]
    except ValueError:
        values = list(_loosely(content.decode("utf-8-sig", "replace")))
    for value in _flat(values):
        if isinstance(value, dict) and not is_too_deep(value):
            yield value
        else:
            yield str(value)[:_MOST_OF_A_BROKEN_ROW]


def _flat(values: Iterable[Any]) -> Iterator[Any]:
    # A file that is one JSON array: its members are the rows.
    for value in values:
        if isinstance(value, list):
            yield from value
        else:
            yield value


def _loosely(text: str) -> Iterator[Any]:
    # NaN is no JSON, and no score either.
    decoder, at = json.JSONDecoder(strict=False, parse_constant=lambda _: None), 0
    while (start := _next_value(text, at)) is not None:
        try:
            value, at = decoder.raw_decode(text, start)
            # By way of JSON: what holds half a surrogate pair is mended.
            yield loads(json.dumps(value))
        except (ValueError, RecursionError):
            # On to the next line: a broken row must not take those behind it along.
            end = text.find("\n", start)
            at = len(text) if end < 0 else end
            yield text[start:at]


def _next_value(text: str, at: int) -> int | None:
    found = _BEGINNING.search(text, at)
    return found.start() if found else None
