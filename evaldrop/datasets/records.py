"""What a dataset is made of once it has been read: records, and the rows that could not become one."""

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

MAX_ID_CHARACTERS = 200

Unit = Literal["line", "element", "row"]
"""What the rows of a file are counted by: lines of text, elements of a JSON array, rows of Parquet."""

CANONICAL_FIELDS = (
    "id",
    "prompt",
    "messages",
    "system",
    "context",
    "reference",
    "category",
    "criteria",
    "checks",
    "responses",
    "group",
    "expected_blocked",
    "metadata",
)


class Message(BaseModel):
    """One turn of a conversation."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: Literal["user", "assistant", "system"]
    content: str


class Record(BaseModel):
    """
    One row of a dataset, in evaldrop's own shape.

    Exactly one of `prompt` and `messages` is given. `criteria` maps a criterion's name to its question, or
    to None when the evaluation (or evaldrop itself) defines that name. `responses` maps a candidate's name to
    the response it already gave. `checks` are checks of this record's responses alone, in `evaluation.yaml`'s
    form. `expected_blocked` says whether a guardrail should stop the request; None
    when the row does not. `line` is the row's 1-based line, or its 1-based place in an array or a table; 0
    when the record was not read from a dataset.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(min_length=1, max_length=MAX_ID_CHARACTERS)
    prompt: str | None = None
    messages: tuple[Message, ...] = ()
    system: str | None = None
    context: str | None = None
    reference: tuple[str, ...] = ()
    category: str | None = None
    criteria: dict[str, str | None] = Field(default_factory=dict)
    checks: tuple[str | dict[str, JsonValue], ...] = ()
    responses: dict[str, str] = Field(default_factory=dict)
    group: str | None = None
    expected_blocked: bool | None = None
    metadata: dict[str, JsonValue] = Field(default_factory=dict)
    # Not written out: it is no field of a row, and would come back as metadata.
    line: int = Field(default=0, ge=0, exclude=True)

    @model_validator(mode="after")
    def _has_one_prompt(self) -> "Record":
        if (self.prompt is None) == (not self.messages):
            raise ValueError('give exactly one of "prompt" and "messages"')
        return self

    @property
    def prompt_text(self) -> str:
        """The prompt, or the messages' text: a lone one as it is, several as `role: content` blocks."""
        if self.prompt is not None:
            return self.prompt
        if len(self.messages) == 1:
            return self.messages[0].content
        return "\n\n".join(f"{message.role}: {message.content}" for message in self.messages)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """
    One thing wrong with a dataset, worded for the person who can correct it.

    `line` counts what `unit` says; for an element (of a JSON array) `text_line` is the line of the file on
    which it begins. A problem of the file as a whole has no line.
    """

    source: str
    line: int | None
    what: str
    do: str
    unit: Unit = "line"
    text_line: int | None = None

    def __str__(self) -> str:
        return f"{self._place}: {self.what}. {self.do}"

    @property
    def _place(self) -> str:
        if self.line is None:
            return self.source
        place = f"{self.source} {self.unit} {self.line}"
        return place if self.text_line is None else f"{place} (line {self.text_line})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A row that cannot be a record: every problem it has, and its text (cut when very long)."""

    line: int
    problems: tuple[Problem, ...]
    row: str
