"""Criteria written as text: a name, several names, a question, or both."""

import hashlib
import re

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
    return f"{name}_{hashlib.blake2b(question.encode(), digest_size=3).hexdigest()}"
