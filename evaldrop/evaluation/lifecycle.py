"""
Evaluations and models that come and go: what is to be said of each model that an evaluation calls.

What an account lists counts for its Region. Without one there is a dated file of what Amazon's documentation
announced; a model that neither tells of is unknown, and nothing is said of it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import count
from typing import Literal

from evaldrop.evaluation.definition import GIVEN, Candidate, Evaluation, proposers
from evaldrop.evaluation.model_ids import model_name
from evaldrop.model_lives import Lives, ModelLife

BRIDGE = "the history ends with it: run `evaldrop rejudge --bridge`"
"""What a judge's end means for those who compare runs."""

Role = Literal["candidate", "judge", "proposer", "check"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeavingModels:
    """What to say of an evaluation's models that are leaving; `problems` are what no run may begin with."""

    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    alarms: tuple[str, ...] = ()


def leaving_models(evaluation: Evaluation, lives: Lives, *, day: date, region: str | None) -> LeavingModels:
    """
    Return what is to be said of an evaluation's models by a day.

    A candidate that leaves is a warning, a judge an alarm. One that has ended is a problem where the account
    says so; a file may be of another Region, or of a private arrangement that it does not know.
    """
    problems, warnings, alarms = [], [], []
    for role, name, model in called_by(evaluation):
        life = life_of(model, lives, region)
        if life is None or not life.is_leaving(day):
            continue
        who = f"{role} {name}" if name else role
        said = f"{who}: {model} {life.said(day)}, {lives.said_by}"
        if lives.is_account and life.has_ended(day):
            problems.append(f"{said}. Its calls would fail: name another model.")
        elif role == "judge":
            alarms.append(f"{said}; {BRIDGE}.")
        else:
            warnings.append(f"{said}. Try its successor beside it before that day.")
    return LeavingModels(problems=tuple(problems), warnings=tuple(warnings), alarms=tuple(alarms))


def life_of(model: str, lives: Lives, region: str | None = None) -> ModelLife | None:
    """
    Return a model's life, None where it is unknown.

    Args:
        model: ID, inference profile ID or ARN; an application profile does not tell its model.
        lives: What is known.
        region: Where it is called from; without one, the days of the Region that it leaves first.
    """
    return lives.of(model_name(model)[1], region)


def with_successors(evaluation: Evaluation, successors: Mapping[str, tuple[str, ...]]) -> Evaluation:
    """
    Return an evaluation in which successors of models answer beside them, asked the same way.

    Judges stay: another one would be another scale.

    Args:
        evaluation: The evaluation.
        successors: By ID of the model, without geography.
    """
    called = {model_name(candidate.model)[1] for candidate in evaluation.candidates}
    names = {candidate.name for candidate in evaluation.candidates}
    added = []
    for candidate in evaluation.candidates:
        for model in successors.get(model_name(candidate.model)[1], ()):
            if model_name(model)[1] not in called:
                number = next(n for n in count(1) if f"{candidate.name}-next{n}" not in names)
                names.add(f"{candidate.name}-next{number}")
                same = candidate.model_dump(exclude_defaults=True, exclude={"family"})
                own = {"name": f"{candidate.name}-next{number}", "model": model}
                added.append(Candidate.model_validate({**same, **own}))
    return evaluation.model_copy(update={"candidates": (*evaluation.candidates, *added)})


def called_by(evaluation: Evaluation) -> Iterator[tuple[Role, str, str]]:
    """Yield who calls which model: its role, its name where it has one, the model."""
    for candidate in evaluation.candidates:
        if candidate.model != GIVEN:
            yield "candidate", candidate.name, candidate.model
    for judge in evaluation.judges:
        yield "judge", judge.name, judge.model
    for model in proposers(evaluation):
        yield "proposer", "", model
    for config in evaluation.checks:
        for kind, value in config.items() if isinstance(config, dict) else ():
            called = value.get("model") if isinstance(value, dict) else None
            if isinstance(config, dict) and isinstance(called, str):
                yield "check", str(config.get("name") or kind), called
