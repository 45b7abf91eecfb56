"""
The built-in criteria by name. `built_in.json` holds them as an evaluation would write them: three families.

Ours have plain names. The 14 of LangChain's CriteriaEvalChain are yes/no questions; names and directions
follow its `Criteria` enum, and yes to a harm means that it is there: those are lower-is-better. The judge
metrics of Amazon Bedrock model evaluation have Amazon's own scales and labels, which map to 0..N-1 so that
`Criterion.normalise` gives integer / (N - 1); its answer "not applicable" has no score and is left out of
means. Readability is on Amazon's prompt pages beside the eleven. All wording is ours.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import orjson

from evaldrop.errors import EvaluationError
from evaldrop.evaluation.criteria.criterion import Criterion
from evaldrop.evaluation.criteria.scales import scale_from_config
from evaldrop.nearest import nearest


def _by_name() -> dict[str, Criterion]:
    shipped = orjson.loads(Path(__file__).with_name("built_in.json").read_bytes())
    criteria = [
        Criterion(**{**config, "scale": scale_from_config(config["scale"], path=config["name"])})
        for config in shipped
    ]
    ours = {criterion.name: criterion for criterion in criteria if "." not in criterion.name}
    # LangChain and Amazon both have correctness, helpfulness, coherence, relevance and harmfulness: the plain
    # name is neither's, as are refusal and faithfulness. Every other plain name means the one family's.
    families = {criterion.name: criterion for criterion in criteria if "." in criterion.name}
    plain = {name.partition(".")[2]: criterion for name, criterion in families.items()}
    others = {name: replace(criterion, name=name) for name, criterion in plain.items() if name not in ours}
    return {**ours, **others, **families}


BUILT_IN: Mapping[str, Criterion] = MappingProxyType(_by_name())


def _as_named(name: str) -> str:
    return name.strip().casefold().replace("-", "_").replace(" ", "_")


def as_langchain(name: str) -> str | dict[str, str]:
    """Return a config by which a plain name means LangChain's criterion, the name alone where it has none."""
    wanted = _as_named(name)
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
    wanted = _as_named(name)
    if wanted in BUILT_IN:
        return BUILT_IN[wanted]
    near = nearest(wanted, BUILT_IN, most=3, cutoff=0.6)
    hint = f"Did you mean {' or '.join(near)}?" if near else "`evaldrop criteria` lists the built-in ones."
    raise EvaluationError(
        f"{path}: no built-in criterion is called {name!r}. {hint}"
        " A criterion of your own needs a name and a question."
    )
