"""From what was asked to a dataset's rows and an evaluation's definition: what the short forms stand for."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import orjson

from evaldrop.api.asked import Definition, RunAsked
from evaldrop.api.problems import ApiProblem
from evaldrop.evaluation.prices import base_model

DEFAULT_NAME: Final = "api"
DEFAULT_JUDGE: Final = "geo.anthropic.claude-haiku-4-5-20251001-v1:0"
"""Who gives verdicts where nobody else is named."""

_PROMPT_NAME = re.compile(r"[A-Za-z0-9_-]+\.v[0-9]+")
_NO_NAME = re.compile(r"[^A-Za-z0-9_-]+")
_MOST_OF_A_NAME: Final = 56
_TEXTS = ("article", "text")


class Rows(NamedTuple):
    """A dataset's rows, and which of their fields tell what may be judged."""

    rows: Sequence[Mapping[str, Any]]
    have_context: bool
    have_reference: bool

    def jsonl(self) -> bytes:
        """Return them as a file."""
        return b"".join(orjson.dumps(row) + b"\n" for row in self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """
    Where something in an evaluation came from: its place there begins with `place`, and `pointer` is the
    request's.
    """

    place: str
    pointer: str


def rows_of(asked: RunAsked) -> Rows | None:
    """
    Return the rows of what was sent; None where the dataset is an uploaded one.

    Raises:
        ApiProblem: `prompt` is said where every record has its own, or none is said and none has one.
    """
    instruction = None if is_prompt_name(asked.prompt) else asked.prompt
    if asked.dataset is not None:
        if instruction is not None:
            raise ApiProblem.at(
                "/prompt", "an uploaded dataset has prompts of its own; give a prompt's name."
            )
        return None
    if asked.article is not None:
        if instruction is None:
            raise ApiProblem.at("/prompt", "missing: say what is to be done with the article.")
        rows = [_row(asked.article, 0, instruction)]
    else:
        rows = [_row(each, n, instruction) for n, each in enumerate(asked.records or ())]
        if instruction is not None and not any(row.get("prompt") == instruction for row in rows):
            raise ApiProblem.at("/prompt", "every record has a prompt of its own: leave one of them out.")
    return Rows(
        rows,
        have_context=any("context" in row for row in rows),
        have_reference=all("reference" in row for row in rows),
    )


def _row(given: str | Definition, place: int, instruction: str | None) -> Mapping[str, Any]:
    row: dict[str, Any] = {"article": given} if isinstance(given, str) else dict(given)
    text = next((name for name in _TEXTS if name in row), None)
    # Of its own shape: `text` and `article` are fields of other tools' rows, which are read as they are.
    if instruction is None or "prompt" in row or "messages" in row:
        if isinstance(given, str):
            raise ApiProblem.at(
                f"/records/{place}", "a text alone: say in `prompt` what is to be done with it."
            )
        return row
    row["prompt"] = instruction
    if text is not None and "context" not in row:
        row["context"] = row.pop(text)
    return {"id": str(place + 1), **row}


def is_prompt_name(prompt: str | None) -> bool:
    """Tell whether a prompt is a file's name, such as `answer.v1`, and not what is asked."""
    return prompt is not None and _PROMPT_NAME.fullmatch(prompt) is not None


def is_changed(asked: RunAsked) -> bool:
    """Tell whether short forms say something over a named evaluation."""
    parts = (asked.name, asked.models, asked.criteria, asked.judge)
    return any(part is not None for part in parts) or is_prompt_name(asked.prompt)


def definition_of(
    asked: RunAsked, rows: Rows | None, *, judge: str, named: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """
    Return what evaluation.yaml is to say.

    Args:
        asked: The request.
        rows: Those that came with it.
        judge: The model that gives verdicts where nobody else is named.
        named: What the evaluation says that was asked for by name.

    Raises:
        ApiProblem: Neither candidates nor an evaluation are named.
    """
    given = dict(named or (asked.evaluation if isinstance(asked.evaluation, dict) else {}))
    is_own = not given
    if is_own and asked.models is None:
        raise ApiProblem.at("/models", "missing: name the models to evaluate, or an evaluation.")
    given["name"] = asked.name or given.get("name") or DEFAULT_NAME
    if asked.models is not None:
        given["candidates"] = _named(asked.models)
    if is_prompt_name(asked.prompt):
        given["prompt"] = asked.prompt
    if asked.criteria is not None:
        given["criteria"] = list(asked.criteria)
    elif is_own and rows is not None:
        given["criteria"] = _usual_criteria(rows)
    if asked.judge is not None:
        given["judges"] = _named([asked.judge])
    elif given.get("criteria") and not given.get("judges"):
        given["judges"] = _named([judge])
    return given


def sources_of(asked: RunAsked) -> tuple[Source, ...]:
    """Return where the parts of the evaluation came from, for messages about them."""
    own = isinstance(asked.evaluation, dict)
    shorts = {
        "candidates": "/models" if asked.models is not None else None,
        "criteria": "/criteria" if asked.criteria is not None else None,
        "judges[0]": "/judge" if asked.judge is not None else None,
        "prompt": "/prompt" if is_prompt_name(asked.prompt) else None,
        "name": "/name" if asked.name is not None else None,
    }
    named = [Source(place=place, pointer=pointer) for place, pointer in shorts.items() if pointer]
    return (*named, *((Source(place="", pointer="/evaluation"),) if own or asked.evaluation else ()))


def _usual_criteria(rows: Rows) -> list[str]:
    if rows.have_reference:
        return ["correctness"]
    return ["helpfulness", "faithfulness"] if rows.have_context else ["helpfulness"]


def _named(models: Iterable[str | Definition]) -> list[dict[str, Any]]:
    """Return candidates or judges, each with a name that no other has."""
    taken: set[str] = set()
    return [_with_name(each, taken) for each in models]


def _with_name(model: str | Definition, taken: set[str]) -> dict[str, Any]:
    called: dict[str, Any] = {"model": model} if isinstance(model, str) else dict(model)
    if "name" not in called:
        called = {
            "name": next(each for each in _names(str(called.get("model"))) if each not in taken),
            **called,
        }
    taken.add(str(called["name"]))
    return called


def _names(model: str) -> Iterator[str]:
    # "claude-haiku-4-5" of "anthropic.claude-haiku-4-5"
    plain = _NO_NAME.sub("-", base_model(model).rpartition(".")[2]).strip("-_")[:_MOST_OF_A_NAME] or "model"
    yield plain
    number = 2
    while True:
        yield f"{plain}-{number}"
        number += 1
