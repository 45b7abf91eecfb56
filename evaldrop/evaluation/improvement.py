"""
Prompts that a run makes itself: from plain instructions, or better ones than a file's.

What a prompt is made from is a candidate too, so that the gain is measured and not claimed.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Final

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    field_validator,
    model_validator,
)

from evaldrop.evaluation.model_ids import model_name

BEDROCK: Final = "bedrock"
"""`by: bedrock`: Bedrock's own optimiser, in one call. It is shown no record."""
BEDROCK_JOB: Final = "bedrock_job"
"""`by: bedrock_job`: Bedrock's job, which tries its prompts on up to 100 train records."""
BY_BEDROCK: Final = frozenset({BEDROCK, BEDROCK_JOB})

JOB_JUDGE: Final = "anthropic.claude-sonnet-4-6"
"""Who judges in a job that is given no judge."""
_JOB_JUDGES = ("claude-opus-4-6", "claude-sonnet-4-5", "claude-sonnet-4-6")

ORIGINAL: Final = ".original"
"""Ends the name of a candidate that is beside an improved one, with the prompt that one began with."""

_TEMPLATE: Final = """## system
{instructions}
{{% if system %}}

{{{{ system }}}}
{{% endif %}}
{{% if context %}}

Base your answer on this material:

{{{{ context }}}}
{{% endif %}}

## user
{{{{ prompt }}}}
"""


class ImprovedPrompt(BaseModel):
    """A prompt that the run makes, and measures on records that nobody tuned it on."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    improve: str | None = Field(default=None, description="The prompt file to begin with, such as answer.v1.")
    instructions: str | None = Field(
        default=None,
        min_length=1,
        max_length=20_000,
        description="What the model is to do, in plain words; one call makes a prompt of it.",
    )
    by: str | None = Field(
        default=None,
        min_length=1,
        description="Who writes prompts: a candidate's or judge's name, a model ID, bedrock (its optimiser) "
        "or bedrock_job. The first judge when absent.",
    )
    rounds: int = Field(default=3, ge=1, le=10, description="How often prompts are proposed, at most.")
    proposals: int = Field(default=4, ge=1, le=12, description="Prompts proposed in a round.")
    budget_usd: float | None = Field(default=None, gt=0, description="What the search may cost.")
    max_prompt_tokens: int | None = Field(
        default=None,
        ge=50,
        le=50_000,
        description="A longer prompt is refused; 4 x the first and 500 when absent.",
    )
    examples: bool = Field(default=False, description="Whether a prompt may quote train records as examples.")

    @field_validator("instructions")
    @classmethod
    def _one_message(cls, value: str | None) -> str | None:
        if value is not None:
            value = value.strip()
            if not value:
                raise ValueError("say what the model is to do")
            if "{{" in value or "{%" in value or "{#" in value:
                raise ValueError("plain words have no {{, {% or {#. Write a prompt file, and improve that")
            if any(line.rstrip() in _HEADINGS for line in value.splitlines()):
                raise ValueError(
                    "a line that is a prompt file's heading. Write a prompt file, and improve that"
                )
        return value

    @model_validator(mode="after")
    def _one_way(self) -> "ImprovedPrompt":
        if (self.improve is None) == (self.instructions is None):
            raise ValueError("give either improve: PROMPT or instructions: TEXT")
        return self

    @property
    def is_search(self) -> bool:
        """Whether prompts are tried on records before one is chosen; else there is one, and no choice."""
        return self.improve is not None and self.by not in BY_BEDROCK

    @property
    def asked_by(self) -> str | None:
        """The name of the prompt, without its version, by which a model is asked; None where Bedrock is."""
        if self.by in BY_BEDROCK:
            return None
        return "instructions" if self.improve is None else "improve"

    @property
    def reads_records(self) -> bool:
        """Whether whoever writes the prompt sees records, or has it tried on some."""
        return self.improve is not None and self.by != BEDROCK


NAMED, MADE = "<named>", "<made>"
"""Where a fault is, between the key and what is below it: for pydantic, which names a union's members."""


def _kind(value: object) -> str:
    return MADE if isinstance(value, Mapping | ImprovedPrompt) else NAMED


NamedOrMade = Annotated[
    Annotated[str, Tag(NAMED)] | Annotated[ImprovedPrompt, Tag(MADE)], Discriminator(_kind)
]
"""A prompt file's name, or how a run makes one. By what is written: a fault is told of what was meant."""


def is_job_judge(model: str) -> bool:
    """Tell whether Bedrock's jobs that make prompts ask a model as their judge."""
    return any(name in model_name(model)[1] for name in _JOB_JUDGES)


def job_judge_for(model: str, judges: Iterable[str]) -> tuple[str, bool]:
    """
    Return who judges in a job that makes a prompt for a model, and whether that is one of the run's judges.

    Bedrock's own is called as the model is: in which geography is not documented.
    """
    if own := next(filter(is_job_judge, judges), None):
        return own, True
    geography = model_name(model)[0]
    return f"{geography}.{JOB_JUDGE}" if geography else JOB_JUDGE, False


_HEADINGS = frozenset({"## system", "## user", "## assistant"})


def prompt_of_instructions(instructions: str) -> str:
    """Return a prompt file that says instructions as they are."""
    return _TEMPLATE.format(instructions=instructions)


def original_prompt_of(candidate: str) -> str:
    """Return what the prompt is called that says a candidate's instructions as they are."""
    return f"instructions+{candidate}"


def tuned_prompt_of(candidate: str, improved: ImprovedPrompt) -> str:
    """Return what the prompt is called that the run makes for a candidate; no file can have the name."""
    return f"{improved.improve or 'tuned'}+{candidate}"


def is_made_by_run(prompt: str) -> bool:
    """Tell whether a prompt's name is of one that its run made: a later run finds another one."""
    # What plain instructions begin with is the user's own text.
    return "+" in prompt and not prompt.startswith(original_prompt_of(""))
