"""A run that has begun: what it was asked must be what it is asked now, whatever YAML and JSON make of it."""

from collections.abc import Collection, Iterator, Mapping
from itertools import islice, zip_longest
from typing import Any

import orjson

from evaldrop.errors import InputError
from evaldrop.evaluation import Evaluation
from evaldrop.evaluation.delivered import as_delivered
from evaldrop.evaluation.originals import improved_candidates
from evaldrop.evaluation.regions import without_geographies
from evaldrop.run.definition import PromptFile, RunDefinition
from evaldrop.run.request import has_begun

_MOST_SHOWN = 5
_MOST_CHARACTERS = 60
_ABSENT = object()


def as_begun(definition: RunDefinition) -> RunDefinition | None:
    """
    Return the definition that a run began with, with the places of now; None when it has not begun.

    Raises:
        InputError: Its dataset, evaluation or prompts are others; the message says what differs.
    """
    if not has_begun(definition.folder):
        return None
    begun = RunDefinition.load(definition.folder)
    # The run has made these itself, if it has come so far.
    made = {
        f"candidate/{begun.evaluation.prompt_of(each)}" for each, _ in improved_candidates(begun.evaluation)
    }
    evaluation = differences(*(_spelt(_undecided(each.evaluation)) for each in (begun, definition)))
    for what, changes in (
        ("dataset", _dataset_changes(begun, definition)),
        ("evaluation", evaluation),
        ("prompts", _prompt_changes(begun.prompts, definition.prompts, made)),
    ):
        if changed := _in_words(changes):
            raise InputError(
                f"run {begun.run_id} cannot go on: its {what} changed since it began ({changed}). "
                f"{_advice(begun.evaluation, definition.evaluation)}, or start a new run."
            )
    # It may have been moved, and what it was made from as well.
    return begun.changed(
        written_to=definition.written_to,
        out=definition.out,
        bedrock=definition.bedrock,
        dataset=begun.dataset.model_copy(update={"uri": definition.dataset.uri}),
        evaluation_uri=definition.evaluation_uri,
        parent=definition.parent,
    )


def differences(before: Any, now: Any, path: str = "") -> Iterator[str]:
    """Yield what differs between two JSON values: where, what it was and what it is."""
    if isinstance(before, dict) and isinstance(now, dict):
        for key in dict.fromkeys((*before, *now)):
            below = f"{path}.{key}" if path else str(key)
            yield from differences(before.get(key, _ABSENT), now.get(key, _ABSENT), below)
    elif isinstance(before, list) and isinstance(now, list):
        for place, (one, other) in enumerate(zip_longest(before, now, fillvalue=_ABSENT)):
            yield from differences(one, other, f"{path}[{place}]")
    elif before != now:
        yield f"{path} was {_shown(before)}, is {_shown(now)}"


def _advice(before: Evaluation, now: Evaluation) -> str:
    # `geo.` is the profile of the Region at hand: nobody has edited anything.
    if before != now and without_geographies(before) == without_geographies(now):
        return "Its models are those of another Region: call from the one it began in"
    return "Undo that"


def _undecided(evaluation: Evaluation) -> Evaluation:
    """Return an evaluation in which no verdict hangs on what `auto` came to, which the run keeps."""
    auto = [judge.name for judge in evaluation.judges if evaluation.delivery_setting(judge) == "auto"]
    return as_delivered(evaluation, {f"judge/{name}": "batch" for name in auto})


def _spelt(evaluation: Evaluation) -> Any:
    """Return an evaluation as run.json spells it: there the points 1 and 2 of a scale are "1" and "2"."""
    return orjson.loads(evaluation.model_dump_json())


def _dataset_changes(before: RunDefinition, now: RunDefinition) -> Iterator[str]:
    if before.dataset.sha256 != now.dataset.sha256:
        yield f"{now.dataset.uri} holds other bytes"


def _prompt_changes(
    before: Mapping[str, PromptFile], now: Mapping[str, PromptFile], made: Collection[str]
) -> Iterator[str]:
    for name in sorted(before.keys() | now.keys()):
        if name not in made and before.get(name) != now.get(name):
            yield name


def _in_words(changes: Iterator[str]) -> str:
    shown = list(islice(changes, _MOST_SHOWN + 1))
    return "; ".join([*shown[:_MOST_SHOWN], *(["…"] if len(shown) > _MOST_SHOWN else [])])


def _shown(value: object) -> str:
    if value is _ABSENT:
        return "not there"
    text = orjson.dumps(value).decode()
    return text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}…"
