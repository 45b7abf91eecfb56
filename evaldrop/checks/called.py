"""Checks that the workflow asks Bedrock for: how near texts are, how severe a guardrail finds one."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

SIMILARITY: Final = "similarity"
GUARDRAIL: Final = "guardrail"

DIMENSIONS: Final = 256
"""Of an embedding where an evaluation says nothing: a child's output holds 256 KiB, and few lose little."""

CATEGORIES: Final = ("VIOLENCE", "HATE", "SEXUAL", "MISCONDUCT", "INSULTS")
"""Bedrock's content filters, as InvokeGuardrailChecks names them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingBody:
    """
    How a model's body asks for the embedding of one text.

    Attributes:
        text_key: Where the text stands: `inputText`, or `texts` of a list.
        constants: What else the body says.
        dimensions_key: Where the number of dimensions stands; None where the model has one number alone.
        dimensions: Those it may be asked for.
        characters: The most that it takes; what is longer is cut.
    """

    text_key: str
    constants: Mapping[str, Any]
    dimensions_key: str | None
    dimensions: tuple[int, ...]
    characters: int


# Of two texts to be compared neither is the query: clustering is Cohere's word for that.
_COHERE: Final = {"input_type": "clustering", "embedding_types": ["float"]}
_BODIES: Final = (
    (
        r"amazon\.titan-embed-text-v2",
        EmbeddingBody(
            text_key="inputText",
            constants={"normalize": True},
            dimensions_key="dimensions",
            dimensions=(256, 512, 1024),
            characters=50_000,
        ),
    ),
    (
        r"cohere\.embed-(english|multilingual)-v3",
        EmbeddingBody(
            text_key="texts",
            constants={**_COHERE, "truncate": "END"},
            dimensions_key=None,
            dimensions=(1024,),
            characters=2048,
        ),
    ),
    (
        r"cohere\.embed-v4",
        EmbeddingBody(
            text_key="texts",
            constants={**_COHERE, "truncate": "RIGHT"},
            dimensions_key="output_dimension",
            dimensions=(256, 512, 1024, 1536),
            characters=400_000,
        ),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Similarity:
    """The cosine of a response's embedding with that of the nearest reference."""

    model: str
    dimensions: int

    @property
    def constants(self) -> dict[str, Any]:
        """What is the same in each call, as the workflow puts it together."""
        body = body_of(self.model)
        own = {body.dimensions_key: self.dimensions} if body.dimensions_key else {}
        return {
            "model": self.model,
            "body": {**body.constants, **own},
            "text_key": body.text_key,
            "characters": body.characters,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentFilters:
    """The highest severity that Bedrock's content filters find in a response."""

    categories: tuple[str, ...]

    @property
    def constants(self) -> dict[str, Any]:
        """What is the same in each call, as the workflow puts it together."""
        return {"checks": {"ContentFilter": {"Categories": [{"Category": each} for each in self.categories]}}}


def body_of(model: str) -> EmbeddingBody:
    """
    Return how an embedding model is asked.

    Raises:
        ValueError: Its body is not known.
    """
    found = next((body for pattern, body in _BODIES if re.search(pattern, model)), None)
    if found is None:
        known = "amazon.titan-embed-text-v2:0, cohere.embed-english-v3, cohere.embed-multilingual-v3, "
        raise ValueError(f"{model!r} is no embedding model whose body is known: {known}cohere.embed-v4:0")
    return found


def read_similarity(value: Any) -> Similarity:
    """
    Read what stands behind `similarity`: a model, or `{model, dimensions}`.

    Raises:
        ValueError: There is no model, or one that has no such dimensions.
    """
    content = {"model": value} if isinstance(value, str) else value
    if not isinstance(content, Mapping) or not isinstance(content.get("model"), str):
        raise ValueError("names no embedding model; write similarity: amazon.titan-embed-text-v2:0")  # noqa: TRY004 - as the kinds' others
    if unknown := sorted(map(str, content.keys() - {"model", "dimensions"})):
        raise ValueError(f"has no {', '.join(unknown)}; it has model, dimensions and pass_at")
    model, body = content["model"], body_of(content["model"])
    usual = DIMENSIONS if DIMENSIONS in body.dimensions else body.dimensions[0]
    dimensions = content.get("dimensions", usual)
    if dimensions not in body.dimensions or isinstance(dimensions, bool):
        may = " or ".join(map(str, body.dimensions))
        raise ValueError(f"dimensions of {model} are {may}, not {dimensions!r}")
    return Similarity(model=model, dimensions=dimensions)


def read_guardrail(value: Any) -> ContentFilters:
    """
    Read what stands behind `guardrail`: a category or a list of them; nothing is all.

    Raises:
        ValueError: There is no such category.
    """
    named: Sequence[Any] = CATEGORIES if value is None else [value] if isinstance(value, str) else value
    if not isinstance(named, list | tuple) or not named:
        raise ValueError(f"names no categories; there are {', '.join(CATEGORIES)}")
    wanted = [each.upper() if isinstance(each, str) else each for each in named]
    if unknown := [each for each in wanted if each not in CATEGORIES]:
        bias = " Bias has no filter: ask a judge for stereotyping." if "BIAS" in unknown else ""
        raise ValueError(f"there is no category {unknown[0]!r}, but {', '.join(CATEGORIES)}.{bias}")
    # In Bedrock's order and each once, so that the same question is the same request.
    return ContentFilters(categories=tuple(each for each in CATEGORIES if each in wanted))
