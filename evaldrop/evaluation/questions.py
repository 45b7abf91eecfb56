"""What an evaluation asks of models, apart from the rules by which their replies are read."""

from dataclasses import asdict
from typing import Any

from evaldrop.evaluation.criteria import Criterion
from evaldrop.evaluation.definition import Called, Evaluation

# What only reads replies, or only decided how the run was carried out. Everything else was asked.
_RULES = frozenset(
    {
        "name", "description", "criteria", "metrics", "gate", "confidence", "unscored", "prices", "notify",
        "budget_usd", "max_concurrency", "tolerated_failure_percentage", "tolerated_invalid_percentage",
    }
)  # fmt: skip
_CRITERION_RULES = frozenset({"pass_at", "weight"})
# How long a call may take changes no request.
_NOT_SENT = frozenset({"timeout_s"})


def questions_of(evaluation: Evaluation) -> dict[str, Any]:
    """Return what an evaluation asks, by the place where it says so."""
    content = evaluation.model_dump(mode="json", exclude={*_RULES, "prompt", "candidates", "judges"})
    asked = {key: value for key, value in content.items() if value}
    if isinstance(asked.get("pairwise"), dict):
        asked["pairwise"] = {key: value for key, value in asked["pairwise"].items() if key != "unscored"}
    if isinstance(asked.get("anchors"), dict):
        asked["anchors"] = asked["anchors"]["records"]
    for candidate in evaluation.candidates:
        settings = {**asked_in(candidate), "prompt": evaluation.prompt_of(candidate)}
        asked[f"candidates.{candidate.name}"] = settings
    for judge in evaluation.judges:
        asked[f"judges.{judge.name}"] = asked_in(judge)
    return asked


def asked_in(called: Called) -> dict[str, Any]:
    """Return what shapes the requests of a candidate or judge."""
    return called.model_dump(mode="json", exclude={*_NOT_SENT})


def asked_of_judges(criterion: Criterion) -> dict[str, Any]:
    """Return what a judge is asked by a criterion: all of it but how its score is read."""
    return {key: value for key, value in asdict(criterion).items() if key not in _CRITERION_RULES}
