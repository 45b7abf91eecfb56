"""Tools that candidates are offered. Nothing is executed: what they ask for is looked at by checks."""

from typing import Annotated, Any, Final

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

MOST_TOOLS: Final = 64
_MOST_BYTES: Final = 16_384
"""Every call takes them along."""


def _as_json(schema: dict[str, Any]) -> dict[str, Any]:
    # YAML knows more than JSON, which is what a model is sent.
    try:
        content: dict[str, Any] = orjson.loads(orjson.dumps(schema))
    except TypeError as error:
        raise PydanticCustomError("no_json", "cannot be sent as JSON: {why}.", {"why": str(error)}) from error
    if content.get("type") != "object":
        raise ValueError('a tool\'s input is an object: say "type": "object"')
    return content


class Tool(BaseModel):
    """A tool that a candidate may ask for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$", description="What a model calls it by.")
    description: str | None = Field(default=None, min_length=1, description="What it is for, for the model.")
    input_schema: Annotated[dict[str, Any], AfterValidator(_as_json)] = Field(
        default={"type": "object", "properties": {}}, description="JSON Schema of its arguments: an object."
    )

    def spec(self) -> dict[str, Any]:
        """Return it as Anthropic's bodies have it, of which the other layouts are made."""
        return self.model_dump(exclude_none=True)


def refuse_tools(tools: tuple[Tool, ...]) -> tuple[Tool, ...]:
    """
    Return the tools of a candidate.

    Raises:
        ValueError: Two of one name, or more than a call should take along.
    """
    names = [tool.name for tool in tools]
    if twins := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"two tools are called {twins[0]}. Give each a name of its own")
    if len(orjson.dumps([tool.spec() for tool in tools])) > _MOST_BYTES:
        raise ValueError(f"tools take more than {_MOST_BYTES:,} bytes as JSON, in every call. Leave some out")
    return tools


Tools = Annotated[tuple[Tool, ...], Field(max_length=MOST_TOOLS), AfterValidator(refuse_tools)]
