"""The built-in criteria by name."""

import difflib
from collections.abc import Mapping
from types import MappingProxyType

from evaldrop.errors import EvaluationError
from evaldrop.evaluation.criteria.bedrock import BEDROCK
from evaldrop.evaluation.criteria.criterion import Criterion
from evaldrop.evaluation.criteria.langchain import LANGCHAIN
from evaldrop.evaluation.criteria.plain import PLAIN

BUILT_IN: Mapping[str, Criterion] = MappingProxyType(
    {criterion.name: criterion for criterion in (*PLAIN, *LANGCHAIN, *BEDROCK)}
)


def as_langchain(name: str) -> str | dict[str, str]:
    """Return a config by which a plain name means LangChain's criterion, the name alone where it has none."""
    wanted = name.strip().casefold().replace("-", "_").replace(" ", "_")
    family = f"langchain.{wanted}"
    if family not in BUILT_IN or wanted not in BUILT_IN:
        return name
    return {"name": BUILT_IN[wanted].name, "like": family}


def built_in(name: str, *, path: str = "criteria") -> Criterion:
    """
    Return a built-in criterion: a plain name is ours, `langchain.…` and `bedrock.…` the families' own.

    Raises:
        EvaluationError: No criterion has this name; the message offers the nearest.
    """
    wanted = name.strip().casefold().replace("-", "_").replace(" ", "_")
    if wanted in BUILT_IN:
        return BUILT_IN[wanted]
    near = difflib.get_close_matches(wanted, BUILT_IN, n=3, cutoff=0.6)
    hint = f"Did you mean {' or '.join(near)}?" if near else "`evaldrop criteria` lists the built-in ones."
    raise EvaluationError(
        f"{path}: no built-in criterion is called {name!r}. {hint}"
        " A criterion of your own needs a name and a question."
    )
