"""
A prompt file as the one text with `{{variables}}` that Bedrock's optimisers take, and back.

Bedrock knows no messages and no conditions. So a file is sent as its system text, a blank line and its user
text, with each condition resolved as for a record that has every variable that any record has. What comes
back becomes a file again:

- where it ends in the file's own user text, on lines of its own, that stays the user message and the rest is
  the system message; where it lacks `{{prompt}}`, all of it is the system message and the user message stays;
  else it is all one user message;
- a paragraph with a variable that some records lack is left out for these, with the line before it that ends
  in a colon; beside `{{prompt}}` only the variable is;
- braces and headings that would mean something in a file and did not in the text are made literal.

A file with examples as messages, loops or filters has no such text, and is refused. Pure.
"""

import re
from collections.abc import Collection

from evaldrop.errors import PromptError
from evaldrop.evaluation.prompts import Prompt, templates_of

# Marks that no text has, around the names of variables; the numbers of them tell what a filter has changed.
_OPEN, _CLOSE = "\ue000", "\ue001"
_VARIABLE = re.compile(r"\{\{[ \t]*([A-Za-z_]\w*)[ \t]*\}\}")
_BRACES = re.compile(rf"{_VARIABLE.pattern}|\{{\{{|\{{%|\{{#")
_HEADING = re.compile(r"^## (?=(?:system|user|assistant)[ \t]*$)", re.MULTILINE)
_GAP = re.compile(r"\n[ \t]*\n\s*")
_NEEDED = "prompt"


def plain_text(file: str, *, present: Collection[str]) -> str:
    """
    Return a prompt file as one text.

    Args:
        file: The prompt file.
        present: Variables that any record has.

    Raises:
        PromptError: It has what no such text can say.
    """
    return "\n\n".join(text for text in _plain_messages(file, present).values() if text)


def file_of_plain(text: str, original: str, *, present: Collection[str], always: Collection[str]) -> str:
    """
    Return an optimised text as a prompt file, as the module says; whether it may be tried is not looked at.

    Args:
        text: What the optimiser made of `plain_text(original)`; untrusted.
        original: The prompt file.
        present: Variables that any record has.
        always: Variables that every record has.
    """
    said = _VARIABLE.sub(r"{{\1}}", re.sub("\r\n?", "\n", text)).strip()
    user = _plain_messages(original, present)["user"]
    kept = "".join(source for role, source in templates_of(original) if role == "user").strip()
    before, own, after = said.rpartition(user) if user else (said, "", "")
    has_own = bool(own) and not after.strip() and before.endswith("\n")
    optional = frozenset(present) - frozenset(always) - {_NEEDED}
    if has_own and before.strip() and _needed_in(before) == 0:
        messages = [("system", _as_template(before, optional)), ("user", kept)]
    elif _needed_in(said) == 0:
        messages = [("system", _as_template(said, optional)), ("user", kept)]
    else:
        messages = [("user", _as_template(said, optional))]
    return "\n\n".join(f"## {role}\n{source}" for role, source in messages) + "\n"


def _needed_in(text: str) -> int:
    return sum(name == _NEEDED for name in _VARIABLE.findall(text))


def _plain_messages(file: str, present: Collection[str]) -> dict[str, str]:
    prompt = Prompt(name="candidate/original", text=file)
    roles = [role for role, _ in templates_of(file)]
    if len(set(roles)) < len(roles) or "assistant" in roles:
        raise _untranslatable("has examples as messages of their own")
    once, twice = (_marked(prompt, present, times) for times in (1, 2))
    if once != twice or any(mark in text for text in once.values() for mark in (_OPEN, _CLOSE)):
        raise _untranslatable("does more with variables than to put them in place")
    return {"system": "", "user": "", **once}


def _marked(prompt: Prompt, present: Collection[str], times: int) -> dict[str, str]:
    opening, closing = _OPEN * times, _CLOSE * times
    values = {name: f"{opening}{name}{closing}" for name in prompt.variables & frozenset(present)}
    found = {}
    for turn in prompt.render(values):
        if "{{" in turn.text:
            raise _untranslatable("has {{ in its text, beside variables")
        text = turn.text
        for name, mark in values.items():
            text = text.replace(mark, f"{{{{{name}}}}}")
        found[str(turn.role)] = text
    return found


def _untranslatable(why: str) -> PromptError:
    return PromptError(
        f"the prompt {why}, which Bedrock's optimiser cannot be told. Give by: a model, or improve a prompt "
        "of system and user message with plain {{ variables }}."
    )


def _as_template(text: str, optional: Collection[str]) -> str:
    paragraphs: list[str] = []
    for paragraph in _GAP.split(text.strip()):
        # What introduces a paragraph goes where that goes: "Base your answer on this material:".
        if paragraphs and paragraphs[-1].endswith(":") and _used(paragraph, optional):
            paragraph = f"{paragraphs.pop()}\n\n{paragraph}"
        paragraphs.append(paragraph)
    return "\n\n".join(_paragraph(paragraph, optional) for paragraph in paragraphs)


def _used(text: str, optional: Collection[str]) -> list[str]:
    return [name for name in dict.fromkeys(_VARIABLE.findall(text)) if name in optional]


def _paragraph(text: str, optional: Collection[str]) -> str:
    used = _used(text, optional)
    inline = frozenset(used) if _needed_in(text) else frozenset()
    template = _BRACES.sub(lambda found: _literal(found, inline), _HEADING.sub("### ", text))
    if not used or inline:
        return template
    return f"{{% if {' and '.join(used)} %}}\n{template}\n{{% endif %}}"


def _literal(found: re.Match[str], inline: Collection[str]) -> str:
    name = found[1]
    if name is None:
        return f'{{{{ "{found[0]}" }}}}'
    placed = f"{{{{ {name} }}}}"
    return f"{{% if {name} %}}{placed}{{% endif %}}" if name in inline else placed
