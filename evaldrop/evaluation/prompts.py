"""
Versioned prompt files, rendered with Jinja2 in a sandbox.

A file is one message of the user, or several under the headings `## system`, `## user`, `## assistant`; what
comes before the first heading is for people and is not sent. The headings are found before anything is
filled in, so no value can add a message.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, Literal, NamedTuple

from jinja2 import (
    ChainableUndefined,
    StrictUndefined,
    Template,
    TemplateError,
    TemplateSyntaxError,
    UndefinedError,
    meta,
    nodes,
)

from evaldrop import storage
from evaldrop.errors import PromptError
from evaldrop.evaluation.template_limits import (
    MAX_CHARACTERS,
    MAX_TEMPLATE,
    LimitedEnvironment,
    TooCostlyError,
    TooSlowError,
    limited,
)
from evaldrop.shipped import resource

Role = Literal["system", "user", "assistant"]
Kind = Literal["candidate", "judge", "proposer", "fault"]

_NAME = re.compile(r"[A-Za-z0-9_-]+\.v[0-9]+")
_HEADING = re.compile(r"^## (system|user|assistant)[ \t]*\r?$", re.MULTILINE)
_UNDEFINED = re.compile(r"'(\w+)' is undefined")


class Turn(NamedTuple):
    """One rendered message."""

    role: Role
    text: str


class _Absent(StrictUndefined):
    """A variable a record does not have: false in a condition, an error wherever it would be printed."""

    __slots__ = ()

    def __bool__(self) -> bool:  # type: ignore[override]  # StrictUndefined raises here, and is typed so
        return False


_ENVIRONMENT = LimitedEnvironment(_Absent)
# What a template may fail with on values that do not suit it.
_FAULTS = (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError)


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """
    One prompt file.

    Attributes:
        name: `candidate/answer.v1` or `judge/criteria.v1`.
        text: The file as it is.
    """

    name: str
    text: str
    _compiled: tuple[tuple[Role, Template], ...] = field(init=False, repr=False, compare=False)
    # What took too long with one record is not tried with the others: a dataset may have thousands.
    _too_slow: list[TooSlowError] = field(default_factory=list, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.text) > MAX_TEMPLATE:
            size = f"{len(self.text):,} characters, more than the {MAX_TEMPLATE:,} a prompt may have"
            raise PromptError(f"prompt {self.name} has {size}. Put what is long into the dataset's records.")
        try:
            compiled = _compile(self.text)
        except TemplateSyntaxError as error:
            raise PromptError(f"prompt {self.name} line {error.lineno}: {error.message}.") from error
        # What Python says to what Jinja made of it: blocks within blocks, numbers without end.
        except (TemplateError, SyntaxError, ValueError, RecursionError, MemoryError, OverflowError) as error:
            told = "its blocks or brackets are nested too deep, or a number in it is too long"
            raise PromptError(f"prompt {self.name} does not compile: {told}.") from error
        # Compiled at once, so that an error in a prompt is told before a run costs anything.
        object.__setattr__(self, "_compiled", compiled)

    @property
    def sha256(self) -> str:
        """Digest of the file's text."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @cached_property
    def variables(self) -> frozenset[str]:
        """Names the prompt takes from outside, whether it needs them or only asks for them."""
        return _variables(self.text)

    @cached_property
    def has_loops(self) -> bool:
        """Whether it says something as often as a value has members, or as it likes."""
        parsed = [_ENVIRONMENT.parse(source) for _, source in _split(self.text)]
        return any(each.find(nodes.For) or each.find(nodes.Macro) for each in parsed)

    def render(
        self, values: Mapping[str, Any], *, only: Callable[[Role], bool] = lambda _: True
    ) -> list[Turn]:
        """
        Return the messages with all values filled in; messages that come out blank are left out.

        Raises:
            PromptError: Variables are missing (all are named), or the prompt fails on these values, or would
                take more time or memory than `template_limits` allows.
        """
        with limited():
            return [turn for turn in self._render(values, only) if turn.text]

    def _render(self, values: Mapping[str, Any], only: Callable[[Role], bool]) -> list[Turn]:
        try:
            if self._too_slow:
                raise self._too_slow[0]
            turns = [
                Turn(role, template.render(values).strip()) for role, template in self._compiled if only(role)
            ]
        except (TooCostlyError, RecursionError, MemoryError) as error:
            if isinstance(error, TooSlowError):
                self._too_slow[:] = [error]
            told = {RecursionError: "it calls itself without end", MemoryError: "it takes too much memory"}
            raise PromptError(
                f"prompt {self.name} is not filled in: {told.get(type(error), error)}. A prompt puts a "
                "record's texts in place; have what is long or computed in the dataset."
            ) from error
        except _FAULTS as error:
            missing = ", ".join(self._missing(values))
            if isinstance(error, UndefinedError) and missing:
                raise PromptError(
                    f"prompt {self.name} needs {missing}, which this record does not have."
                ) from error
            why = str(error).rstrip(".")
            raise PromptError(f"prompt {self.name} cannot be filled in: {why}.") from error
        if any(len(turn.text) > MAX_CHARACTERS for turn in turns):
            raise PromptError(
                f"prompt {self.name} makes a message of more than {MAX_CHARACTERS:,} characters, which no "
                "model takes. Shorten the record."
            )
        return turns

    def _missing(self, values: Mapping[str, Any]) -> Iterator[str]:
        """Yield every variable that is missing, leaving out those whose presence the prompt only tests."""
        filled = dict(values)
        for _, template in self._compiled:
            with suppress(*_FAULTS, RecursionError, MemoryError):
                while name := _first_undefined(template, filled):
                    yield name
                    # Chainable: an attribute of it must not end the search for further names.
                    filled[name] = ChainableUndefined()


# A file's text is made a prompt again and again: every step of a run makes its prompts anew from `run.json`.
@lru_cache(maxsize=128)
def _variables(text: str) -> frozenset[str]:
    parsed = (_ENVIRONMENT.parse(source) for _, source in _split(text))
    return frozenset().union(*map(meta.find_undeclared_variables, parsed))


@lru_cache(maxsize=128)
def _compile(text: str) -> tuple[tuple[Role, Template], ...]:
    """Return a file's messages, compiled."""
    return tuple((role, _template(source)) for role, source in _split(text))


def _template(source: str) -> Template:
    template = _ENVIRONMENT.from_string(source)
    # Jinja goes through them with every rendering, and has them as a chain of mappings, which is slow.
    template.globals = dict(template.globals)
    return template


def _first_undefined(template: Template, values: Mapping[str, Any]) -> str | None:
    try:
        template.render(values)
    except UndefinedError as error:
        found = _UNDEFINED.fullmatch(str(error))
        return found[1] if found and found[1] not in values else None
    return None


def find_prompt(kind: Kind, name: str, *, near: str | None) -> str | None:
    """Return the URI of a prompt's file in a folder or above it; None for one that evaldrop itself brings."""
    folder = near
    while folder:
        uri = storage.join(folder, "prompts", kind, f"{name}.md")
        if storage.exists(uri):
            return uri
        folder = storage.parent(folder)
    return None


def load_prompt(kind: Kind, name: str, *, near: str | None = None) -> Prompt:
    """
    Return a prompt by name.

    Args:
        kind: Whose prompt it is.
        name: Such as `answer.v1`: a name, a dot, `v` and a number.
        near: A folder's URI; `prompts/<kind>/<name>.md` is looked for in it, then above it, then among the
            prompts that come with evaldrop.

    Raises:
        PromptError: There is no such prompt, or it does not compile.
    """
    # A name becomes part of a path: with slashes or dots it could leave the folder.
    if not _NAME.fullmatch(name):
        raise PromptError(
            f'prompt "{name}": a name looks like answer.v1, with its version behind the last dot.'
        )
    if uri := find_prompt(kind, name, near=near):
        content = storage.read_bytes(uri, most=4 * MAX_TEMPLATE + 1)
        if len(content) > 4 * MAX_TEMPLATE:
            raise PromptError(f"{uri}: more than {4 * MAX_TEMPLATE:,} bytes. Is it a prompt?")
        try:
            text = content.decode("utf-8-sig")  # some editors begin with a byte order mark
        except UnicodeDecodeError as error:
            raise PromptError(f"{uri}: not UTF-8 at byte {error.start}. Save it as UTF-8.") from error
        return Prompt(name=f"{kind}/{name}", text=text)
    path = resource("prompts", kind, f"{name}.md")
    if not path.is_file():
        shipped = ", ".join(sorted(file.stem for file in resource("prompts", kind).glob("*.md")))
        raise PromptError(
            f'prompt "{name}": there is no prompts/{kind}/{name}.md beside the evaluation, '
            f"and evaldrop brings only {shipped}."
        )
    return Prompt(name=f"{kind}/{name}", text=path.read_text(encoding="utf-8"))


def newest_prompt(kind: Kind, stem: str, *, near: str | None) -> Prompt:
    """
    Return the prompt of a name without its version that has the highest one, where `load_prompt` looks.

    A folder that has any comes before those above it, and before what comes with evaldrop.

    Raises:
        PromptError: It does not compile.
    """
    folder = near
    while folder:
        files = (uri.rpartition("/")[2] for uri in storage.list_files(storage.join(folder, "prompts", kind)))
        if (newest := _newest(files, stem)) is not None:
            return load_prompt(kind, f"{stem}.v{newest}", near=folder)
        folder = storage.parent(folder)
    shipped = _newest((path.name for path in resource("prompts", kind).glob("*.md")), stem)
    return load_prompt(kind, f"{stem}.v{shipped}")


def _newest(files: Iterable[str], stem: str) -> int | None:
    found = (re.fullmatch(rf"{stem}\.v([1-9][0-9]{{0,5}})\.md", each) for each in files)
    return max((int(each[1]) for each in found if each), default=None)


def preface_and_rest(text: str) -> tuple[str, str]:
    """Return what of a prompt's file is for people alone, and the rest, which is its messages."""
    heading = _HEADING.search(text)
    return (text[: heading.start()], text[heading.start() :]) if heading else ("", text)


def with_preface(preface: str, text: str) -> str:
    """Return a prompt's file with another text for people, which has no heading; its messages stay."""
    sent = preface_and_rest(text)[1] if _HEADING.search(text) else f"## user\n{text}"
    return f"{preface.strip()}\n\n{sent.strip()}\n"


def _split(text: str) -> list[tuple[Role, str]]:
    pieces = _HEADING.split(text)
    if len(pieces) == 1:
        return [("user", text)]
    return list(zip(pieces[1::2], pieces[2::2], strict=True))  # type: ignore[arg-type]  # the pattern names the roles


def templates_of(text: str) -> list[tuple[Role, str]]:
    """Return a prompt file's messages as they are written, nothing filled in."""
    return _split(text)
