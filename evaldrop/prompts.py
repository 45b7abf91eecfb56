"""
Versioned prompt files, rendered with Jinja2 in a sandbox.

A file is one message of the user, or several under the headings `## system`, `## user`, `## assistant`; what stands
before the first heading is for people and is not sent. The headings are found before anything is filled in, so no
value can add a message.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, NamedTuple

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, UndefinedError, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from evaldrop import storage
from evaldrop.errors import PromptError
from evaldrop.resources import resource

Role = Literal["system", "user", "assistant"]
Kind = Literal["candidate", "judge"]

_NAME = re.compile(r"[A-Za-z0-9_-]+\.v[0-9]+")
_HEADING = re.compile(r"^## (system|user|assistant)[ \t]*$", re.MULTILINE)


class Turn(NamedTuple):
    """One rendered message."""

    role: Role
    text: str


class _Absent(StrictUndefined):
    """A variable a record does not have: false in a condition, an error wherever it would be printed."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return False


# Plain text, not HTML: escaping would change what the model reads.
_ENVIRONMENT = ImmutableSandboxedEnvironment(
    undefined=_Absent,
    autoescape=False,  # noqa: S701 - prompts are no markup
    trim_blocks=True,
    lstrip_blocks=True,
)


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
    _compiled: list[tuple[Role, Template]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        try:
            compiled = [(role, _ENVIRONMENT.from_string(source)) for role, source in _split(self.text)]
        except TemplateSyntaxError as error:
            raise PromptError(f"prompt {self.name} line {error.lineno}: {error.message}.") from error
        object.__setattr__(self, "_compiled", compiled)

    @property
    def sha256(self) -> str:
        """Digest of the file's text."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @cached_property
    def variables(self) -> frozenset[str]:
        """Names the prompt takes from outside, whether it needs them or only asks for them."""
        sources = (source for _, source in _split(self.text))
        return frozenset().union(
            *(meta.find_undeclared_variables(_ENVIRONMENT.parse(source)) for source in sources)
        )

    def render(
        self, values: Mapping[str, Any], *, only: Callable[[Role], bool] = lambda _: True
    ) -> list[Turn]:
        """
        Return the messages with all values filled in; messages that come out blank are left out.

        Raises:
            PromptError: Variables are missing (all are named), or the prompt fails on these values.
        """
        try:
            turns = [
                Turn(role, template.render(values).strip()) for role, template in self._compiled if only(role)
            ]
        except UndefinedError as error:
            missing = sorted(self.variables - values.keys())
            names = ", ".join(missing) or str(error)
            raise PromptError(
                f"prompt {self.name} needs {names}, which this record does not have."
            ) from error
        except (TemplateError, TypeError, ValueError, ArithmeticError) as error:
            raise PromptError(f"prompt {self.name} cannot be filled in: {error}.") from error
        return [turn for turn in turns if turn.text]


def load_prompt(kind: Kind, name: str, *, near: str | None = None) -> Prompt:
    """
    Return a prompt by name.

    Args:
        kind: Whose prompt it is.
        name: Such as `answer.v1`: a name, a dot, `v` and a number.
        near: A folder's URI; `prompts/<kind>/<name>.md` is looked for in it, then above it, then among the prompts
            that come with evaldrop.

    Raises:
        PromptError: There is no such prompt, or it does not compile.
    """
    if not _NAME.fullmatch(name):
        raise PromptError(
            f'prompt "{name}": a name looks like answer.v1, with its version behind the last dot.'
        )
    folder = near
    while folder:
        uri = storage.join(folder, "prompts", kind, f"{name}.md")
        if storage.exists(uri):
            return Prompt(name=f"{kind}/{name}", text=storage.read_bytes(uri).decode())
        folder = storage.parent(folder)
    path = resource("prompts", kind, f"{name}.md")
    if not path.is_file():
        shipped = ", ".join(sorted(file.stem for file in resource("prompts", kind).glob("*.md")))
        raise PromptError(
            f'prompt "{name}": there is no prompts/{kind}/{name}.md beside the evaluation, and evaldrop brings only {shipped}.'
        )
    return Prompt(name=f"{kind}/{name}", text=path.read_text(encoding="utf-8"))


def _split(text: str) -> list[tuple[Role, str]]:
    pieces = _HEADING.split(text)
    if len(pieces) == 1:
        return [("user", text)]
    return list(zip(pieces[1::2], pieces[2::2], strict=True))  # type: ignore[arg-type]  # the pattern names the roles
