"""Perturbed copies of every prompt: what an evaluation says about them."""

from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, field_validator

PerturbationName = Literal["typos", "case", "whitespace", "paraphrase_template"]
PERTURBATIONS: tuple[PerturbationName, ...] = get_args(PerturbationName)


class Robustness(BaseModel):
    """Asks every prompt again with small changes that should not matter, and reports what they cost."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    perturbations: tuple[PerturbationName, ...] = Field(
        default=PERTURBATIONS,
        min_length=1,
        description="What is done to a prompt; each makes its own copies.",
    )
    n: int = Field(default=3, ge=1, le=8, description="Copies of a prompt per perturbation.")
    seed: int = Field(default=1, ge=0, description="The same seed gives the same copies.")

    @field_validator("perturbations")
    @classmethod
    def _each_once(cls, value: tuple[PerturbationName, ...]) -> tuple[PerturbationName, ...]:
        if len(set(value)) < len(value):
            raise ValueError("a perturbation is named twice")
        return value
