"""The `fields:` mapping of an evaluation: canonical names, and where in a row each is."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evaldrop.datasets.advice import did_you_mean
from evaldrop.datasets.answers import NO_ANSWER, read_value
from evaldrop.datasets.drafts import Draft, Fault
from evaldrop.datasets.plain_rows import plain_draft
from evaldrop.datasets.records import CANONICAL_FIELDS
from evaldrop.datasets.shapes.accompanying import add_accompanying
from evaldrop.datasets.shapes.conversations import settle_conversation
from evaldrop.datasets.shapes.known import CANONICAL, recognise
from evaldrop.datasets.shapes.multiple_choice import add_choices, note_unshown
from evaldrop.datasets.shapes.shape import Shape
from evaldrop.datasets.shapes.values import own_reference, prompt_or_messages, split_references
from evaldrop.errors import DatasetError

_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]")
_MISSING = object()
_NONE: frozenset[str] = frozenset()
_PROMPTS = ("prompt", "messages")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """A row read with the help of a mapping: its draft, its shape, and which mapped paths it has."""

    draft: Draft
    shape: Shape | None
    found: frozenset[str]


class FieldMapping:
    """
    Where canonical fields are in a row.

    Targets are canonical names, `responses.<candidate>` or `metadata.<key>`; sources are keys or paths such
    as `inputs.question` and `turns[0].text`. A key that contains dots is taken before a path that reads the
    same.

    Raises:
        DatasetError: A target is no field, or a source is no path.
    """

    def __init__(self, fields: Mapping[str, str] | None) -> None:
        self.paths = {target: _checked(target, source) for target, source in (fields or {}).items()}
        self._names_prompt = any(target in _PROMPTS for target in self.paths)
        # A row's key of which a mapping uses a part is not left aside.
        steps = (_STEP.match(source) for source in self.paths.values())
        self._heads = {step[1] for step in steps if step} | set(self.paths.values())

    def read(self, row: Mapping[str, Any]) -> Mapped:
        """Draft a row: what is mapped wins over what is recognised."""
        if not self.paths and (draft := plain_draft(row)) is not None:
            return Mapped(draft=draft, shape=CANONICAL, found=_NONE)
        if self.paths:
            mapped = self._read_mapped(row)
        else:
            shape = recognise(row)
            mapped = Mapped(draft=(shape or CANONICAL).draft(row), shape=shape, found=_NONE)
        # Wherever they were found: these mean the same in every tool's rows.
        settle_conversation(mapped.draft)
        split_references(mapped.draft)
        add_accompanying(mapped.draft, row)
        if mapped.shape is not None:
            add_choices(mapped.draft, row)
        note_unshown(mapped.draft, row, is_mapped=self._names_prompt)
        return mapped

    def _read_mapped(self, row: Mapping[str, Any]) -> Mapped:
        used = set(self.paths.values())
        unused = {key: value for key, value in row.items() if key not in used}
        # What is mapped is left out first, then not: a mapping may use a key that its shape needs.
        shape = None if self._names_prompt else recognise(unused) or recognise(row)
        base = CANONICAL if shape is None else shape
        draft = base.draft(unused if shape is None or shape.fits(unused) else row)
        # The row's own prompt goes to the metadata: beside a mapped one the record would have two.
        for name in _PROMPTS if self._names_prompt else ():
            if name in draft.values:
                draft.keep(name, draft.values.pop(name))
        found = {target for target, source in self.paths.items() if _apply(draft, target, source, row)}
        draft.aside = [key for key in draft.aside if key not in self._heads]
        if self._names_prompt and not found.intersection(_PROMPTS):
            shown = " or ".join(f'"{self.paths[name]}"' for name in _PROMPTS if name in self.paths)
            what = f"no prompt: the row has no {shown}"
            draft.blame_prompt(Fault(what, "Correct the row, or `fields` in the evaluation."))
        return Mapped(draft=draft, shape=shape, found=frozenset(found))


def _checked(target: str, source: str) -> str:
    head, dot, rest = target.partition(".")
    if head not in CANONICAL_FIELDS or (dot and (head not in ("responses", "metadata") or not rest)):
        meant = did_you_mean(head)
        hint = f'Did you mean "{meant}"?' if meant else f"Use one of {', '.join(CANONICAL_FIELDS)}."
        raise DatasetError(f'fields: "{target}" is not a field of a record. {hint}')
    # finditer passes over what is no step, so the steps must add up to the whole path.
    if not source or "".join(match[0] for match in _STEP.finditer(source)) != source:
        do = "Write a key or a path such as inputs.question or turns[0].text."
        raise DatasetError(f'fields: "{source}", for {target}, is not a path. {do}')
    return source


def _apply(draft: Draft, target: str, source: str, row: Mapping[str, Any]) -> bool:
    value = _at(row, source)
    if value is _MISSING or value is None:
        return False
    head, _, rest = target.partition(".")
    _take_back(draft, head, source)
    match head:
        case "reference" if draft.choices is not None:
            draft.notes = [note for note in draft.notes if note != NO_ANSWER]
            read_value(draft, value, source, draft.choices)
        case "responses" if rest or not isinstance(value, dict):
            given = draft.values.get("responses")
            if isinstance(given, dict):
                # What is mapped wins; two responses of one candidate would be refused.
                given.pop(rest or source, None)
            draft.add_response(rest or source, value, source)
        case "metadata" if rest or not isinstance(value, dict):
            draft.metadata[rest or source] = value
        case "metadata":
            draft.keep_all(value, source)
        case "reference":
            own_reference(draft, value, source, row)
        case "prompt":
            prompt_or_messages(draft, value, source, row)
        case _:
            draft.put(target, value, source)
    return True


def _take_back(draft: Draft, head: str, source: str) -> None:
    """Undo what the shape made of a key that is mapped: a text is a response or a reference, never both."""
    other = {"responses": "reference", "reference": "responses"}.get(head)
    if other is not None and draft.names.get(other) == source:
        draft.values.pop(other, None)
        draft.names.pop(other, None)
        draft.told.pop(other, None)


def _at(row: Mapping[str, Any], path: str) -> Any:
    """Find a value by its path; `_MISSING` when the row has no such place."""
    if path in row:
        return row[path]
    value: Any = row
    for match in _STEP.finditer(path):
        key, place = match[1], match[2]
        if place is not None and isinstance(value, list) and int(place) < len(value):
            value = value[int(place)]
        elif key is not None and isinstance(value, Mapping) and key in value:
            value = value[key]
        else:
            return _MISSING
    return value
