"""A row on its way to a record: values found, not yet checked, and what was wrong while finding them."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from evaldrop.datasets.choices import Choices
from evaldrop.datasets.texts import is_messages, is_text

PROMPT_KEYS = ("prompt", "question", "query", "input", "user_input", "user_query", "user_message", "message")
# Variables that tools give beside the prompt, and that an answer relies on.
_CONTEXT_KEYS = ("context", "contexts", "retrieved_contexts", "retrieved_context", "documents", "passages")
_SYSTEM_KEYS = ("system", "system_prompt", "system_message")


class OpenIndex(NamedTuple):
    """An answer given as an index of choices, before it is known whether they are counted from 0 or 1."""

    number: int
    key: str
    choices: Choices


class Fault(NamedTuple):
    """What is wrong with a row and what to do about it, before its place is known."""

    what: str
    do: str


@dataclass(slots=True, kw_only=True)
class Draft:
    """
    Canonical values as a row gave them.

    `names` says under which key the user wrote a canonical field, so that a fault names what they can find;
    `told` says it in more words where a key is not all there is to say ("answer, an index counted from 0").
    `aside` are the row's keys of which nothing was used. `notes` are remarks on what a shape could not carry
    over. `is_prompt_blamed` says that a fault already says why there is no prompt. `choices` are those shown
    in the prompt; `open_index` is an answer that may count them from 0 or from 1. `last_turn` is what an
    assistant's turn at the end of the messages means: "reference", "responses.<candidate>", or a fault ("").
    `is_plain` says that the values are texts of evaldrop's own keys (`plain_rows`).
    """

    values: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)
    aside: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    is_prompt_blamed: bool = False
    choices: Choices | None = None
    open_index: OpenIndex | None = None
    last_turn: str = "reference"
    is_plain: bool = False

    def put(self, name: str, value: Any, source: str, *, told: str | None = None) -> None:
        """Set a canonical field from the key `source`; null is the same as absent."""
        if value is not None:
            self.values[name] = value
            self.names[name] = source
            self.told[name] = told or source

    def refuse(self, what: str, do: str) -> None:
        """Add a fault."""
        self.faults.append(Fault(what, do))

    def refuse_type(self, name: str, value: Any, wanted: str) -> None:
        """Add the fault of a field that has another type than it should."""
        self.faults.append(wrong_type(name, value, wanted))

    def blame_prompt(self, fault: Fault) -> None:
        """Add the fault for which the row has no prompt."""
        self.faults.append(fault)
        self.is_prompt_blamed = True

    def keep(self, key: str, value: Any) -> None:
        """Keep a value in the metadata; a name already taken there is not overwritten but prefixed."""
        while key in self.metadata:
            key = f"row.{key}"
        self.metadata[key] = value

    def leave(self, key: str, value: Any) -> None:
        """Keep a value in the metadata, and say that it was left aside; null is the same as absent."""
        self.keep(key, value)
        if value not in (None, "", [], {}):
            self.aside.append(key)

    def keep_all(self, values: Any, source: str) -> None:
        """Keep each member of an object in the metadata."""
        if isinstance(values, dict):
            for key, value in values.items():
                self.keep(key, value)
        elif values is not None:
            self.refuse_type(source, values, "an object")

    def add_response(self, candidate: str, text: Any, source: str, *, told: str | None = None) -> None:
        """Add the response a candidate already gave; null means it gave none."""
        responses = self.values.setdefault("responses", {})
        self.names.setdefault("responses", source)
        earlier = self.told.get("responses")
        if earlier is None or (told or source) not in earlier.split(", "):
            self.told["responses"] = f"{earlier}, {told or source}" if earlier else told or source
        # Responses that are no object are refused when the draft is checked, once.
        if text is None or not isinstance(responses, dict):
            return
        if candidate in responses:
            self.refuse(
                f'"{source}" holds two responses of "{candidate}"', "Keep one response per candidate."
            )
        else:
            responses[candidate] = text

    def add_check(self, config: str | dict[str, Any], source: str) -> None:
        """Check this record's responses so, beside what the row's own checks are."""
        given = self.values.get("checks")
        self.values["checks"] = [*(given if isinstance(given, list) else [given] if given else []), config]
        self.names.setdefault("checks", source)
        self.told.setdefault("checks", source)

    def add_criterion(self, name: str, question: str, source: str) -> None:
        """Ask a question of this record; a name already taken gets a number."""
        criteria = self.values.get("criteria")
        if not isinstance(criteria, dict):
            members = criteria if isinstance(criteria, list) else [criteria]
            criteria = {}
            for member in members:
                if isinstance(member, str):
                    criteria.update(read_criterion(member))
                elif member is not None:
                    self.refuse_type("criteria", member, "a name, a list or an object")
            self.put("criteria", criteria, source)
        free, count = name, 1
        while free in criteria:
            count += 1
            free = f"{name}_{count}"
        criteria[free] = question


def kind_of(value: Any) -> str:
    """Name a JSON value's type the way a person would."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case list():
            return "a list"
        case _:
            return "an object"


def wrong_type(name: str, value: Any, wanted: str) -> Fault:
    """Say which field has which type, and which it should have."""
    return Fault(f'"{name}" is {kind_of(value)}, not {wanted}', f'Make "{name}" {wanted}.')


def put_variables(draft: Draft, variables: Mapping[str, Any], source: str) -> None:
    """
    Make a prompt of named variables, and keep each of them for prompt templates.

    The prompt is the variable called prompt, question, query, input …; else the only one that is left once
    context and system are taken; else every one of these as a `name: value` line.
    """
    if isinstance(variables.get("role"), str) and "content" in variables:
        draft.put("messages", [variables], source)
        return
    if variables.keys() == {"args", "kwargs"}:
        # What a traced function was called with.
        _put_call(draft, variables["args"], variables["kwargs"], source)
        return
    for name, value in variables.items():
        draft.keep(name, value)
    taken = _take_surroundings(draft, variables, source)
    # A conversation is the prompt, so no other variable is looked at for one.
    if is_messages(variables.get("messages")):
        draft.put("messages", variables["messages"], f"{source}.messages")
        draft.metadata.pop("messages", None)
        draft.aside += [f"{source}.{name}" for name in variables if name not in ("messages", *taken)]
        return
    left = [name for name in variables if name not in taken]
    chosen = [name for name in PROMPT_KEYS if variables.get(name) is not None] or left
    if len(chosen) == 1 or (chosen and chosen[0] in PROMPT_KEYS):
        value = variables[chosen[0]]
        if is_messages(value):
            draft.put("messages", value, f"{source}.{chosen[0]}")
        else:
            draft.put("prompt", _variable_text(value), f"{source}.{chosen[0]}")
        draft.aside += [f"{source}.{name}" for name in left if name != chosen[0]]
    elif chosen:
        lines = (f"{name}: {_variable_text(variables[name])}" for name in chosen)
        told = f"{source} ({', '.join(chosen)}, a line each)"
        draft.put("prompt", "\n".join(lines), source, told=told)


def _put_call(draft: Draft, args: Any, kwargs: Any, source: str) -> None:
    if isinstance(kwargs, dict) and kwargs and not args:
        put_variables(draft, kwargs, f"{source}.kwargs")
    elif isinstance(args, list) and len(args) == 1 and not kwargs:
        if isinstance(args[0], dict):
            put_variables(draft, args[0], f"{source}.args[0]")
        else:
            draft.put("messages" if is_messages(args[0]) else "prompt", args[0], f"{source}.args[0]")
    else:
        draft.put("prompt", f"args: {_variable_text(args)}\nkwargs: {_variable_text(kwargs)}", source)


def _take_surroundings(draft: Draft, variables: Mapping[str, Any], source: str) -> tuple[str, ...]:
    """Put the variables that are a context or a system text where they belong, if there is more to ask."""
    taken: list[str] = []
    for home, names in (("context", _CONTEXT_KEYS), ("system", _SYSTEM_KEYS)):
        name = next((name for name in names if is_text(variables.get(name))), None)
        if name is not None and home not in draft.values and len(variables) > 1 + len(taken):
            draft.put(home, variables[name], f"{source}.{name}")
            taken.append(name)
    return tuple(taken)


def _variable_text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


MAX_NAME_CHARACTERS = 100

_NAME = re.compile(r"[A-Za-z_][\w-]*")
_NAMED_QUESTION = re.compile(r"([A-Za-z_][\w-]*)\s*:\s+(\S.*)", re.DOTALL)


def read_criterion(text: str) -> dict[str, str | None]:
    """Read `name`, `name, name`, `name: question`, or a question, whose name is made of its words."""
    text = text.strip()
    if not text:
        return {}
    names = [part.strip() for part in text.split(",")]
    if all(_NAME.fullmatch(name) for name in names):
        return dict.fromkeys(names)
    named = _NAMED_QUESTION.fullmatch(text)
    if named and len(named[1]) <= MAX_NAME_CHARACTERS:
        return {named[1]: named[2]}
    return {_name_of(text): text}


def _name_of(question: str) -> str:
    words = re.findall(r"\w+", question.lower())
    name = "_".join(words[:6])[:60] or "criterion"
    if len(words) <= 6 and words:
        return name
    # Long questions that begin alike need names of their own; hash() would differ from process to process.
    return f"{name}_{hashlib.blake2b(question.encode(), digest_size=3).hexdigest()}"
