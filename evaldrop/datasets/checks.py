"""From a draft to a record: every canonical field is checked, and all faults of a row are found together."""

from typing import Any, TypeVar

from evaldrop.datasets.advice import field_line, likely_path, no_prompt, shown_key
from evaldrop.datasets.drafts import (
    MAX_NAME_CHARACTERS,
    Draft,
    Fault,
    kind_of,
    read_criterion,
)
from evaldrop.datasets.plain_rows import plain_record
from evaldrop.datasets.record_checks import CheckConfig, read_checks
from evaldrop.datasets.records import MAX_ID_CHARACTERS, Message, Record
from evaldrop.datasets.shapes.conversations import TOOL_CALLS
from evaldrop.datasets.texts import is_text, joined_blocks, scalar_text

_T = TypeVar("_T")
# OpenAI's rows say "developer" where others say "system".
_ROLES = {"user": "user", "assistant": "assistant", "system": "system", "developer": "system"}

# What tools call a call and its result, as turns of a conversation.
_TOOLS = ("tool", "function", "function_call", "observation", "tool_call", "tool_response", "tool_result")


def check(draft: Draft, *, line: int) -> tuple[Record | None, list[Fault]]:
    """Make a record of a draft: the record and no fault, or None and every fault of the row."""
    if draft.is_plain and not draft.faults and (record := plain_record(draft, line=line)) is not None:
        return record, []
    checker = _DraftChecker(draft)
    values: dict[str, Any] = {
        "id": checker.id(line),
        "prompt": checker.prompt(),
        "messages": checker.messages(),
        "system": checker.system(),
        "context": "\n\n".join(checker.texts("context", "a string or a list of strings")) or None,
        "reference": checker.texts("reference", "a string, a number or a list of them"),
        "category": checker.label("category"),
        "criteria": checker.criteria(),
        "checks": checker.checks(),
        "responses": checker.responses(),
        "group": checker.label("group"),
        "expected_blocked": checker.of_type("expected_blocked", bool, "true or false"),
        "metadata": draft.metadata,
        "line": line,
    }
    checker.one_prompt()
    if draft.faults:
        return None, draft.faults
    return Record(**values), []


class _DraftChecker:
    """One row's check; faults gather in the draft."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._values = draft.values

    def _shown(self, name: str) -> str:
        return self._draft.names.get(name, name)

    def _wrong(self, name: str, value: Any, wanted: str) -> None:
        self._draft.refuse_type(self._shown(name), value, wanted)

    def id(self, line: int) -> str:
        value = self._values.get("id")
        if value is None:
            return f"row-{line:06d}"
        # In Python true is a whole number too.
        if isinstance(value, bool) or not isinstance(value, str | int):
            self._wrong("id", value, "a string or a whole number")
            return ""
        text = str(value)
        if not text.strip():
            self._draft.refuse(
                f'"{self._shown("id")}" is empty', "Give every record its own id, or none at all."
            )
        elif len(text) > MAX_ID_CHARACTERS:
            what = f'"{self._shown("id")}" has {len(text):,} characters'
            self._draft.refuse(what, f"Shorten it to {MAX_ID_CHARACTERS} at most.")
        return text

    def system(self) -> str | None:
        value = joined_blocks(self._values.get("system"))
        if value is not None and not isinstance(value, str):
            self._wrong("system", value, "a string or a list of text blocks")
            return None
        return value or None

    def prompt(self) -> str | None:
        value = self._values.get("prompt")
        if isinstance(value, list) and is_text(value):
            what = f'"{self._shown("prompt")}" is a list: the turns of one question, or a column of several'
            self._draft.refuse(what, 'Write an object a question; call turns "turns".')
            return None
        if isinstance(value, dict) and value and all(key.isdecimal() for key in value):
            what = f'"{self._shown("prompt")}" is a column, not a string: one object holds all rows'
            self._draft.refuse(what, 'Write an object a row (pandas: orient="records", lines=True).')
            return None
        path = likely_path({self._shown("prompt"): value}) if isinstance(value, dict) else None
        if path is not None:
            do = f"If it is {path}, write {field_line(path)} in the evaluation."
            self._draft.refuse(f'"{self._shown("prompt")}" is an object, not a string', do)
            return None
        value = self.of_type("prompt", str, "a string")
        if value is not None and not value.strip():
            self._draft.refuse(f'"{self._shown("prompt")}" is empty', "Write the prompt, or remove the row.")
        return value

    def one_prompt(self) -> None:
        given = [name for name in ("prompt", "messages") if self._values.get(name) not in (None, [])]
        if len(given) == 2:
            shown = " and ".join(f'"{self._shown(name)}"' for name in given)
            self._draft.refuse(f"both {shown} are given", "Keep one of them.")
        elif not given and self._values.get("messages") == []:
            self._draft.refuse(
                f'"{self._shown("messages")}" is an empty list', 'Give messages, or a "prompt".'
            )
        elif not given and not self._draft.is_prompt_blamed:
            self._draft.faults.append(no_prompt(self._draft.metadata))

    def messages(self) -> tuple[Message, ...]:
        value = self.of_type("messages", list, "a list of messages")
        if value is None:
            return ()
        read = [self._message(member, f"{self._shown('messages')}[{n}]") for n, member in enumerate(value)]
        messages = tuple(message for message in read if message is not None)
        # A refused message may be the last or the only user's; the turns are judged once all can be read.
        if messages and len(messages) == len(value):
            self._turns(messages)
        return messages

    def _turns(self, messages: tuple[Message, ...]) -> None:
        shown = self._shown("messages")
        # Models take words of the assistant at the end for the beginning of their own, or refuse them.
        if messages[-1].role == "assistant":
            do = "End with a user message."
            if self._draft.last_turn == "reference":
                do = 'Remove it, or the "reference": alone it is read as the ideal answer.'
            self._draft.refuse(f'"{shown}" ends with an assistant message', do)
        elif not any(message.role == "user" for message in messages):
            self._draft.refuse(f'"{shown}" holds no user message', "Give at least one message the role user.")

    def _message(self, value: Any, place: str) -> Message | None:
        if not isinstance(value, dict):
            self._draft.refuse_type(place, value, 'an object with "role" and "content"')
            return None
        role, content = value.get("role"), joined_blocks(value.get("content"))
        if role in _TOOLS or value.get(TOOL_CALLS):
            what = f'"{place}" is part of a tool call, which is not evaluated'
            self._draft.refuse(what, "Leave the row out, or end its messages before the call.")
            return None
        if not isinstance(role, str) or role not in _ROLES:
            found = f'"{shown_key(role[:50])}"' if isinstance(role, str) else kind_of(role)
            self._draft.refuse(f'"{place}.role" is {found}', "Use user, assistant or system.")
        if not isinstance(content, str):
            self._draft.refuse_type(f"{place}.content", content, "a string or a list of text blocks")
        elif not content.strip():
            self._draft.refuse(f'"{place}.content" is empty', "Write the message, or remove it.")
        if isinstance(role, str) and role in _ROLES and isinstance(content, str):
            return Message.model_validate({"role": _ROLES[role], "content": content})
        return None

    def label(self, name: str) -> str | None:
        value = self._values.get(name)
        text = scalar_text(value)
        if value is not None and text is None:
            self._wrong(name, value, "a string or a number")
        return text or None

    def of_type(self, name: str, kind: type[_T], wanted: str) -> _T | None:
        value = self._values.get(name)
        if value is None or isinstance(value, kind):
            return value
        self._wrong(name, value, wanted)
        return None

    def texts(self, name: str, wanted: str) -> tuple[str, ...]:
        """Texts of a value or a list of values; blank ones say nothing and are left out."""
        value = self._values.get(name)
        if value is None:
            return ()
        members = value if isinstance(value, list) else [value]
        if isinstance(value, dict):
            self._wrong(name, value, wanted)
            return ()
        texts = []
        for place, member in enumerate(members):
            text = scalar_text(member)
            if text is not None and text.strip():
                texts.append(text)
            elif text is None and member is not None:
                self._draft.refuse_type(f"{self._shown(name)}[{place}]", member, "a string or a number")
        return tuple(texts)

    def responses(self) -> dict[str, str]:
        value = self.of_type("responses", dict, "an object of candidate names and texts")
        responses = {}
        for name, given in (value or {}).items():
            text = scalar_text(given)
            if not name.strip() or len(name) > MAX_NAME_CHARACTERS:
                what = f'"{self._shown("responses")}" holds a candidate name that is empty or too long'
                self._draft.refuse(what, f"Name candidates with 1 to {MAX_NAME_CHARACTERS} characters.")
            elif text is not None:
                responses[name] = text
            elif given is not None:
                self._draft.refuse_type(f"{self._shown('responses')}.{name}", given, "a string")
        return responses

    def checks(self) -> tuple[CheckConfig, ...]:
        checks, faults = read_checks(self._values.get("checks"), shown=self._shown("checks"))
        self._draft.faults += faults
        return checks

    def criteria(self) -> dict[str, str | None]:
        value = self._values.get("criteria")
        if value is None:
            return {}
        if isinstance(value, dict):
            return self._asked(value)
        criteria: dict[str, str | None] = {}
        for member in value if isinstance(value, list) else [value]:
            if not isinstance(member, str):
                self._wrong("criteria", member, "a name, a list or an object")
                return {}
            criteria.update(read_criterion(member))
        return criteria

    def _asked(self, value: dict[str, Any]) -> dict[str, str | None]:
        criteria: dict[str, str | None] = {}
        for name, question in value.items():
            if not name.strip() or len(name) > MAX_NAME_CHARACTERS:
                what = f'"{self._shown("criteria")}" holds a name that is empty or too long'
                self._draft.refuse(what, f"Name criteria with 1 to {MAX_NAME_CHARACTERS} characters.")
            elif question is None or isinstance(question, str):
                criteria[name] = question or None
            else:
                self._draft.refuse_type(f"{self._shown('criteria')}.{name}", question, "a question")
        return criteria
