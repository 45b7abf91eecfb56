"""What an evaluation asks of models, apart from the rules by which their replies are read."""

from collections.abc import Iterator
from dataclasses import asdict
from itertools import combinations
from typing import Any

from evaldrop.evaluation.criteria import Criterion
from evaldrop.evaluation.definition import Called, Evaluation

# What only reads replies, or decides how a run is carried out. Everything else shapes requests.
_RULES = frozenset(
    {
        "name", "description", "criteria", "checks", "metrics", "gate", "confidence", "unscored", "prices",
        "notify", "budget_usd", "max_concurrency", "tolerated_failure_percentage",
        "tolerated_invalid_percentage", "delivery", "deadline", "batch", "limits",
    }
)  # fmt: skip
_CRITERION_RULES = frozenset({"pass_at", "weight"})


def questions_of(evaluation: Evaluation) -> dict[str, Any]:
    """Return what an evaluation asks of models, by the place where the file says it."""
    left_out = dict.fromkeys((*_RULES, "prompt", "candidates", "judges"), True)
    content = evaluation.model_dump(mode="json", exclude={**left_out, "pairwise": {"unscored"}})
    # Empty settings ask nothing: a key that a later version adds must not make two runs differ.
    questions = {key: value for key, value in content.items() if value}
    if "anchors" in questions:
        # Their tolerance and file say how verdicts are read, not what is asked.
        questions["anchors"] = questions["anchors"]["records"]
    for candidate in evaluation.candidates:
        settings = {**request_settings(candidate), "prompt": evaluation.prompt_of(candidate)}
        questions[f"candidates.{candidate.name}"] = settings
    for judge in evaluation.judges:
        questions[f"judges.{judge.name}"] = request_settings(judge)
    return questions


def request_settings(called: Called) -> dict[str, Any]:
    """Return what shapes the requests of a candidate or judge: all but how it is delivered and cached."""
    return called.model_dump(mode="json", exclude={"timeout_s", "delivery", "cache"})


def judge_question(criterion: Criterion) -> dict[str, Any]:
    """Return a judge's question by a criterion: all of it but how its score is read."""
    asked = {key: value for key, value in asdict(criterion).items() if key not in _CRITERION_RULES}
    # How answers are compared is no part of the question, nor of a digest that an earlier version made.
    del asked["scale"]["ordered"], asked["check"]
    return asked


def compared_pairs(evaluation: Evaluation) -> Iterator[tuple[str, str]]:
    """Yield the pairs (candidate, baseline) that an evaluation compares; none when it compares none."""
    names = [candidate.name for candidate in evaluation.candidates]
    pairwise = evaluation.pairwise
    if pairwise and pairwise.baseline:
        yield from ((name, pairwise.baseline) for name in names if name != pairwise.baseline)
    elif pairwise:
        yield from ((name, baseline) for baseline, name in combinations(names, 2))
