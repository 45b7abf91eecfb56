"""A command line that was not understood, in words: what, the nearest right one, where its use is shown."""

import re
from collections.abc import Iterable
from enum import Enum, EnumType
from typing import Any

from evaldrop.nearest import did_you_mean

_NO_COMMAND = re.compile(r"No such command '(.*)'\.", re.DOTALL)
_NO_CHOICE = re.compile(r"'([^']*)' is not one of (.*)\.")
_QUOTED = re.compile(r"'([^']*)'")
# typer reads values by pydantic's rules, and says so.
_PREFIX = "Value error, "


def misuse_in_words(error: Any) -> str | None:
    """
    Return what to tell about an error of the command line's parser; None for one that only shows help.

    By what it has and not by its class: typer brings a parser of its own in some versions, click in others.
    """
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        return None
    path = context.command_path if context else "evaldrop"
    return f"{_said(error, context)} `{path} --help` shows how it is used."


def _said(error: Any, context: Any) -> str:
    # An error that comes from a shell's words: what it says of them is shown by whoever prints this.
    said = str(error.format_message()).replace(_PREFIX, "")
    if option := getattr(error, "option_name", None):
        if getattr(error, "possibilities", None) is None:
            return _sentence(said)
        near = _of_a_choice(option, context) or did_you_mean(option, _options(context))
        return f"No such option: {option}.{near}"
    if found := _NO_COMMAND.search(said):
        return f"No such command: {found[1]}.{did_you_mean(found[1], _commands(context))}"
    if found := _NO_CHOICE.search(said):
        return f"{_sentence(said)}{did_you_mean(found[1], _QUOTED.findall(found[2]))}"
    return _sentence(said)


def _sentence(said: str) -> str:
    return said if said.endswith((".", "?", "!")) else f"{said}."


def _commands(context: Any) -> list[str]:
    return list(context.command.list_commands(context)) if context else []


def _of_a_choice(option: str, context: Any) -> str:
    """Return what was probably meant where an option is called like another's value: `--xlsx`."""
    for each in context.command.get_params(context) if context else ():
        if option.lstrip("-") in _choices(each):
            return f" Did you mean {each.opts[0]} {option.lstrip('-')}?"
    return ""


def _choices(parameter: Any) -> list[str]:
    # Where they are differs with the parser, as its errors do.
    kind = getattr(getattr(parameter, "type_descriptor", None), "annotation", None)
    if isinstance(kind, EnumType):
        members: Iterable[Enum] = kind.__members__.values()
        return [str(each.value) for each in members]
    return list(getattr(getattr(parameter, "type", None), "choices", None) or ())


def _options(context: Any) -> list[str]:
    known = context.command.get_params(context) if context else []
    return [name for each in known for name in (*each.opts, *each.secondary_opts) if name.startswith("-")]
