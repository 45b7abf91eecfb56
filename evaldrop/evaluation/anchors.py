"""Anchors: responses of which it is known whether they pass, to see whether a judge can be trusted."""

from typing import Annotated, Any

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from evaldrop import storage
from evaldrop.errors import EvaluationError

ANCHOR = "_anchor"
_MAX_BYTES = 32 * 1024 * 1024
"""Candidate of the anchors' responses; no candidate of an evaluation can be called so."""


def _listed(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Texts = Annotated[tuple[str, ...], BeforeValidator(_listed)]


class Anchor(BaseModel):
    """A response that is known to be good or bad."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str | None = Field(default=None, description="Names it in the scorecard; its number by default.")
    prompt: str = Field(min_length=1, description="What was asked.")
    response: str = Field(description="The response, given: no candidate is called.")
    passes: bool = Field(description="Whether a judge that can be trusted passes it.")
    reference: Texts = Field(default=(), description="Ideal answer, or several.")
    context: str | None = Field(default=None, description="Material the response had to work with.")
    system: str | None = Field(default=None, description="Instruction the response had to follow.")
    criteria: Texts = Field(
        default=(), description="Criteria it is known for; all of the evaluation's by default."
    )


class Anchors(BaseModel):
    """Known responses and how many of them a judge may get wrong."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tolerance: float = Field(
        default=0.1, ge=0, lt=1, description="Share that a judge may miss and still be trusted."
    )
    file: str | None = Field(default=None, description="JSONL file beside the evaluation, one anchor a line.")
    records: tuple[Anchor, ...] = Field(default=(), description="Anchors written in the evaluation itself.")

    @model_validator(mode="before")
    @classmethod
    def _short_forms(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"file": value}
        return {"records": value} if isinstance(value, list | tuple) else value

    @model_validator(mode="after")
    def _some(self) -> "Anchors":
        if self.file is None and not self.records:
            raise ValueError("give records, or a file that holds them")
        return self

    def loaded(self, evaluation_uri: str) -> "Anchors":
        """
        Return them with those of the file.

        Args:
            evaluation_uri: The evaluation's; the file's path begins in its folder.

        Raises:
            EvaluationError: The file is missing, or a line of it is not an anchor.
        """
        if self.file is None:
            return self
        uri = storage.join(storage.parent(evaluation_uri) or ".", self.file)
        if not storage.exists(uri):
            raise EvaluationError(f"anchors.file: there is no {self.file} beside the evaluation.")
        # Some editors begin a file with a byte order mark, which JSON does not allow.
        content = storage.read_bytes(uri, most=_MAX_BYTES + 1)
        if len(content) > _MAX_BYTES:
            raise EvaluationError(
                f"anchors.file: {self.file} has more than {_MAX_BYTES:,} bytes. Give a few dozen anchors."
            )
        lines = content.removeprefix(b"\xef\xbb\xbf").split(b"\n")
        read = [_read(line, f"{self.file} line {n}") for n, line in enumerate(lines, 1) if line.strip()]
        if not (self.records or read):
            raise EvaluationError(f"anchors.file: {self.file} holds no anchor.")
        return self.model_copy(update={"file": None, "records": (*self.records, *read)})


def _read(line: bytes, place: str) -> Anchor:
    try:
        return Anchor.model_validate(orjson.loads(line))
    except orjson.JSONDecodeError as error:
        raise EvaluationError(f"{place}: not JSON ({error}).") from error
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, problem['loc'])) or 'anchor'}: {problem['msg']}"
            for problem in error.errors()
        )
        raise EvaluationError(f"{place}: {problems}.") from error
