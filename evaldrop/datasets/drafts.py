"""A row on its way to a record: values found, not yet checked, and what was wrong while finding them."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

TEXT_KEYS = ("response", "output", "answer", "text", "content", "result", "completion", "expected_response")
PROMPT_KEYS = ("prompt", "question", "query", "input")


class Fault(NamedTuple):
    """What is wrong with a row and what to do about it, before its place is known."""

    what: str
    do: str


@dataclass(slots=True, kw_only=True)
class Draft:
    """
    Canonical values as a row gave them.

    `names` says under which key the user wrote a canonical field, so that a fault names what they can find.
    `notes` are remarks on what a shape could not carry over. `is_prompt_blamed` says that a fault already
    says why there is no prompt.
    """

    values: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    is_prompt_blamed: bool = False

    def put(self, name: str, value: Any, source: str) -> None:
        """Set a canonical field from the key `source`; null is the same as absent."""
        if value is not None:
            self.values[name] = value
            self.names[name] = source

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

    def keep_all(self, values: Any, source: str) -> None:
        """Keep each member of an object in the metadata."""
        if isinstance(values, dict):
            for key, value in values.items():
                self.keep(key, value)
        elif values is not None:
            self.refuse_type(source, values, "an object")

    def add_response(self, candidate: str, text: Any, source: str) -> None:
        """Add the response a candidate already gave; null means it gave none."""
        responses = self.values.setdefault("responses", {})
        self.names.setdefault("responses", source)
        # Responses that are no object are refused when the draft is checked, once.
        if text is None or not isinstance(responses, dict):
            return
        if candidate in responses:
            self.refuse(
                f'"{source}" holds two responses of "{candidate}"', "Keep one response per candidate."
            )
        else:
            responses[candidate] = text

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


def scalar_text(value: Any) -> str | None:
    """Text of a string, number or boolean as JSON writes it; None for anything else."""
    if isinstance(value, str):
        return value
    return json.dumps(value) if isinstance(value, bool | int | float) else None


def text_of(value: Any) -> str | None:
    """
    Text of what a tool calls an output, whatever form it has; None for null.

    An object gives its member named like a response, or its only member; a list of messages gives its last;
    anything else becomes JSON text.
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, dict) and value:
        if isinstance(value.get("messages"), list):
            return text_of(value["messages"])
        members = [value[key] for key in TEXT_KEYS if isinstance(value.get(key), str)]
        lone = scalar_text(next(iter(value.values()))) if len(value) == 1 else None
        if members or lone is not None:
            return members[0] if members else lone
    if is_messages(value):
        return text_of(value[-1].get("content"))
    return json.dumps(value, ensure_ascii=False)


def is_messages(value: Any) -> bool:
    """Tell whether a value looks like a conversation: a list of objects with roles."""
    return isinstance(value, list) and bool(value) and all(isinstance(m, dict) and "role" in m for m in value)


def put_variables(draft: Draft, variables: Mapping[str, Any], source: str) -> None:
    """
    Make a prompt of named variables, and keep each of them for prompt templates.

    The prompt is the variable called prompt, question, query or input; else the only one; else every variable
    as a `name: value` line.
    """
    for name, value in variables.items():
        draft.keep(name, value)
    # A conversation is the prompt, so no other variable is looked at for one.
    if is_messages(variables.get("messages")):
        draft.put("messages", variables["messages"], f"{source}.messages")
        draft.metadata.pop("messages", None)
        return
    chosen = [name for name in PROMPT_KEYS if variables.get(name) is not None] or list(variables)
    if len(chosen) == 1 or (chosen and chosen[0] in PROMPT_KEYS):
        draft.put("prompt", _variable_text(variables[chosen[0]]), f"{source}.{chosen[0]}")
    elif chosen:
        lines = (f"{name}: {_variable_text(variables[name])}" for name in chosen)
        draft.put("prompt", "\n".join(lines), source)


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
