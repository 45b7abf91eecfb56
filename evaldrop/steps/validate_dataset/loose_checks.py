"""
What is wrong with parts of an evaluation that is wrong elsewhere, or whose dataset cannot be read.

Only what is so whatever the rest says: told one by one, each fault would cost its author another try.
"""

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from evaldrop.datasets import Survey
from evaldrop.errors import EvaluationError, PromptError
from evaldrop.evaluation import Candidate, Evaluation, Judge
from evaldrop.evaluation.criteria import criterion_from_config
from evaldrop.evaluation.definition import Pairwise, unknown_bodies
from evaldrop.evaluation.metrics import METRICS
from evaldrop.evaluation.prompts import load_prompt
from evaldrop.evaluation.regions import in_region, region_problems
from evaldrop.nearest import nearest
from evaldrop.scorecard.gate import RunNames, gate_problems, unreadable_rules
from evaldrop.steps.validate_dataset.evaluation_checks import resolved_name, unknown_metric
from evaldrop.steps.validate_dataset.limit_checks import limit_problems

Part = TypeVar("Part", bound=BaseModel)


def loose_problems(
    content: Mapping[str, Any], *, source: str, near: str | None, survey: Survey | None, region: str | None
) -> Iterator[str]:
    """
    Yield what is wrong with an evaluation's metrics, criteria, prompts, models and gate, each by itself.

    Args:
        content: What the file says, right or wrong.
        source: The file's name.
        near: The folder that its prompts are looked for in.
        survey: Of its dataset, which may bring criteria and candidates; None when it cannot be read.
        region: That models are called from, where one was named.
    """
    content = _as_meant(content)
    for name in _listed(content, "metrics"):
        if isinstance(name, str) and name not in METRICS:
            yield unknown_metric(source, name)
    for place, config in enumerate(_listed(content, "criteria")):
        if isinstance(config, str | dict):
            try:
                criterion_from_config(config, path=f"{source}: criteria[{place}]")
            except EvaluationError as error:
                yield from str(error).splitlines()
    yield from _prompt_problems(content, source, near)
    parts = _parts(content)
    for problem in unknown_bodies((*parts.candidates, *parts.judges)):
        yield f"{source}: {problem}."
    called = in_region(parts, region) if region else parts
    for problem in (*limit_problems(called), *(region_problems(called, region) if region else ())):
        yield f"{source}: {problem}"
    for problem in _rule_problems(content, parts, survey):
        yield f"{source}: {problem}"


def _as_meant(content: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the content with its mistyped keys put right: what is below them is looked at too."""
    known = Evaluation.model_fields.keys()
    meant = dict(content)
    for key in content.keys() - known:
        if (close := nearest(str(key), known - content.keys())) and close[0] not in meant:
            meant[close[0]] = content[key]
    return meant


def _prompt_problems(content: Mapping[str, Any], source: str, near: str | None) -> Iterator[str]:
    named = [
        *(("candidate", part.get("prompt")) for part in (content, *_objects(content, "candidates"))),
        *(("judge", part.get("prompt")) for part in _objects(content, "judges")),
    ]
    for kind, prompt in dict.fromkeys(pair for pair in named if isinstance(pair[1], str)):
        try:
            load_prompt("judge" if kind == "judge" else "candidate", str(prompt), near=near)
        except PromptError as error:
            yield f"{source}: {error}"


def _parts(content: Mapping[str, Any]) -> Evaluation:
    """Return an evaluation of those candidates and judges that are right by themselves, and the pairs."""
    return Evaluation.model_construct(
        name="",
        candidates=tuple(_read(Candidate, _objects(content, "candidates"))),
        judges=tuple(_read(Judge, _objects(content, "judges"))),
        pairwise=next(_read(Pairwise, [content.get("pairwise")]), None),
    )


def _read(model: type[Part], parts: Any) -> Iterator[Part]:
    for part in parts:
        try:
            yield model.model_validate(part)
        except ValidationError:
            continue


def _rule_problems(content: Mapping[str, Any], parts: Evaluation, survey: Survey | None) -> Iterator[str]:
    rules = _listed(content, "gate")
    if not all(isinstance(rule, str) for rule in rules):
        return
    named = [part.get("name") for part in _objects(content, "candidates")]
    if survey is None or None in named or (content.get("pairwise") and not parts.pairwise):
        # What such a run has to name is not known: only rules that nobody can read are at fault.
        yield from unreadable_rules(rules)
        return
    names = RunNames(
        # By what they are called, right or wrong: that a rule names a part at fault is no second fault.
        candidates=list(dict.fromkeys(map(str, (*named, *survey.candidates)))),
        criteria=[*map(resolved_name, _criteria(content)), *survey.criteria],
        metrics=[str(metric) for metric in _listed(content, "metrics")],
        opponents=RunNames.asked(parts, ()).opponents,
    )
    yield from gate_problems(rules, names)


def _criteria(content: Mapping[str, Any]) -> list[str | dict[str, Any]]:
    return [config for config in _listed(content, "criteria") if isinstance(config, str | dict)]


def _listed(content: Mapping[str, Any], key: str) -> list[Any]:
    value = content.get(key)
    # One may stand alone, as in the definition.
    return value if isinstance(value, list) else [value] if isinstance(value, str) else []


def _objects(content: Mapping[str, Any], key: str) -> Iterator[Mapping[str, Any]]:
    return (member for member in _listed(content, key) if isinstance(member, Mapping))
