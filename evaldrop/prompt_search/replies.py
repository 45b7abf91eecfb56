"""
What a proposer wrote: a prompt file, what it changes and why, in whatever form it came.

A proposer's words are a model's, and so untrusted: sizes are bounded, and what cannot be read is a text that
says so, never an error.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from evaldrop.bedrock.families.replies import read_reply
from evaldrop.evaluation.prompts import preface_and_rest
from evaldrop.evaluation.template_limits import MAX_TEMPLATE
from evaldrop.json_text import is_unicode
from evaldrop.verdicts.loose_json import json_values
from evaldrop.verdicts.verdict import SETTLED, TRUNCATED

PROPOSAL_TOOL: Final = "propose_prompt"
PROMPT_TAG, CHANGES_TAG, WHY_TAG = "prompt_file", "changes", "why"

MOST_WORDS: Final = 1_500
"""Characters kept of what a proposer says about its prompt."""

# Twice what a prompt may have, and room for what is around it: more is read of no reply.
_MOST_READ = 2 * MAX_TEMPLATE + 20_000
_PROMPT_KEYS = (
    "prompt",
    PROMPT_TAG,
    "prompt_text",
    "file",
    "new_prompt",
    "improved_prompt",
    "template",
    "text",
)
_CHANGES_KEYS = (CHANGES_TAG, "change", "changed")
_WHY_KEYS = (WHY_TAG, "reason", "reasons", "rationale")
_ROLES = ("system", "user", "assistant")
_EXACT_HEADING = re.compile(r"^## (?:system|user|assistant)[ \t]*$", re.MULTILINE)
_LOOSE_HEADING = re.compile(
    r"^[ \t]{0,3}(?:#{1,4}[ \t]{0,3}|\*\*)(system|user|assistant)(?:[ \t]{1,3}(?:prompt|message))?:?"
    r"(?:\*\*)?:?[ \t]*$",
    re.MULTILINE | re.IGNORECASE,
)
_FENCE_LINE = re.compile(r"^[ \t]{0,3}(```+|~~~+)[^\n`]{0,40}$", re.MULTILINE)


class Written(NamedTuple):
    """A prompt file, and what its proposer says it changes and why."""

    prompt: str
    changes: str = ""
    why: str = ""


def read_proposal(raw: object) -> Written | str:
    """
    Return what a proposer wrote, or a text that says why there is no prompt in its reply. Never raises.

    Args:
        raw: Converse's result as the workflow keeps it, or the error of the call: `{"Error", "Cause"}`.
    """
    if isinstance(raw, Mapping) and "Error" in raw:
        return f"the proposer was not reached: {_cut(raw['Error'], 100)}: {_cut(raw.get('Cause'), 300)}"
    reply = read_reply("converse", raw)
    if reply.error is not None:
        return f"the reply is no answer: {_cut(reply.error.get('Cause'), 300)}"
    if reply.stop_reason in SETTLED:
        return f"the proposer declined: {reply.stop_reason}"
    is_cut = reply.stop_reason in TRUNCATED
    if reply.tool_input is not None:
        # What is missing from a prompt that was cut, nobody knows.
        found = None if is_cut else _of_members(reply.tool_input)
    else:
        found = _of_text(reply.text[:_MOST_READ], is_cut=is_cut)
    if found is None:
        return "the reply was cut before its end" if is_cut else "the reply has no prompt in it"
    return _checked(found)


def _checked(found: Written) -> Written | str:
    prompt = _as_file(found.prompt)
    if not prompt:
        return "the reply has an empty prompt in it"
    if len(prompt) > MAX_TEMPLATE:
        return f"the prompt has {len(prompt):,} characters, more than the {MAX_TEMPLATE:,} a file may have"
    return Written(prompt, _cut(found.changes, MOST_WORDS), _cut(found.why, MOST_WORDS))


def _of_members(given: Mapping[str, Any]) -> Written | None:
    """Return what an object says, or the first of several that says a prompt."""
    for each in _objects(given):
        members = {str(key).strip().lower(): value for key, value in each.items()}
        prompt = next((text for key in _PROMPT_KEYS if (text := _file_of(members.get(key)))), None)
        prompt = prompt or _file_of(members)
        if prompt:
            return Written(prompt, _said(members, _CHANGES_KEYS), _said(members, _WHY_KEYS))
    return None


def _objects(given: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield given
    for value in list(given.values())[:10]:
        # Several calls of the tool come as a list, and some models put all into one member.
        yield from (each for each in (value if isinstance(value, list) else [value])[:10] if _is_object(each))


def _is_object(value: object) -> bool:
    return isinstance(value, Mapping)


def _file_of(value: object) -> str | None:
    """Return a prompt file: a text, or messages by their roles."""
    if isinstance(value, str):
        return value if value.strip() else None
    if isinstance(value, Mapping):
        told = {str(key).strip().lower(): text for key, text in value.items() if isinstance(text, str)}
        messages = [f"## {role}\n{told[role].strip()}" for role in _ROLES if told.get(role, "").strip()]
        return "\n\n".join(messages) if "user" in told and messages else None
    return None


def _said(members: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    value = next((members[key] for key in keys if members.get(key)), "")
    return "; ".join(map(str, value[:20])) if isinstance(value, list) else str(value)


def _of_text(text: str, *, is_cut: bool) -> Written | None:
    """Return what a text says: in tags, in JSON, in a block of code, or as nothing but the file."""
    text = text.replace("\r\n", "\n")
    tagged = _tagged(text, PROMPT_TAG)
    if tagged is not None:
        rest = text.replace(tagged, "", 1)
        return Written(tagged, _tagged(rest, CHANGES_TAG) or "", _tagged(rest, WHY_TAG) or "")
    for value, _, _ in json_values(text):
        if _is_object(value) and (found := _of_members(value)):
            return found
    around = Written("", _tagged(text, CHANGES_TAG) or "", _tagged(text, WHY_TAG) or "")
    fenced = [each for each in _fenced(text) if "{{" in each]
    if fenced:
        return around._replace(prompt=max(fenced, key=len))
    # A file that was not closed may have been cut.
    if not is_cut and _EXACT_HEADING.search(text) and "{{" in text:
        return around._replace(prompt=text)
    return None


def _tagged(text: str, tag: str) -> str | None:
    """Return what stands between a tag's first opening and its last closing; None where one is missing."""
    start, end = text.find(f"<{tag}>"), text.rfind(f"</{tag}>")
    if start < 0 or end < start:
        return None
    return text[start + len(tag) + 2 : end].strip()


def _fenced(text: str) -> Iterator[str]:
    """Yield the blocks of code in a text; one that is not closed is none."""
    opening: re.Match[str] | None = None
    for line in _FENCE_LINE.finditer(text):
        if opening is None:
            opening = line
        elif line[1].startswith(opening[1]) and line[0].strip() == line[1]:
            yield text[opening.end() : line.start()].strip("\n")
            opening = None


def _as_file(prompt: str) -> str:
    """Return a prompt as its file is to be: headings as they are found, and nothing before the first."""
    if not is_unicode(prompt):
        prompt = prompt.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    prompt = prompt.replace("\r\n", "\n").strip()
    if "\n" not in prompt and "\\n" in prompt:
        # JSON within JSON: its line breaks were escaped twice.
        prompt = prompt.replace("\\n", "\n").replace('\\"', '"').strip()
    blocks = list(_fenced(prompt)) if prompt.startswith(("```", "~~~")) else []
    if len(blocks) == 1:
        prompt = blocks[0].strip()
    if not _EXACT_HEADING.search(prompt):
        prompt = _LOOSE_HEADING.sub(lambda heading: f"## {heading[1].lower()}", prompt)
    if not _EXACT_HEADING.search(prompt):
        prompt = f"## user\n{prompt}" if prompt else ""
    # What is before the first heading is not sent, and so cannot be what makes the prompt better.
    sent = preface_and_rest(prompt)[1].strip()
    return f"{sent}\n" if sent else ""


def _cut(value: object, most: int) -> str:
    text = str(value if value is not None else "")
    text = text if is_unicode(text) else text.encode("utf-8", "replace").decode()
    text = " ".join(text.split())
    return text if len(text) <= most else f"{text[:most].rstrip()}…"
