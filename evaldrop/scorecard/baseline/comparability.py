"""What two runs must have in common to be compared, and what may differ because it is what is compared."""

from collections.abc import Iterator, Mapping
from typing import Any

from evaldrop.evaluation.criteria import Criterion
from evaldrop.evaluation.improvement import is_made_by_run
from evaldrop.run.definition import RunDefinition

# How long a judge may take changes no verdict.
_NO_MATTER = frozenset({"timeout_s"})
# Both runs are scored with this run's pass marks and weights.
_RECOMPUTED = ("pass_at", "weight")


def obstacles(run: RunDefinition, baseline: RunDefinition) -> tuple[str, ...]:
    """Return what makes two runs incomparable, a sentence each: a difference may then be the measure's."""
    found = []
    if run.simulated != baseline.simulated:
        found.append(f"{'this run' if run.simulated else 'the baseline'} is SIMULATED, the other is not")
    # By content: an edited dataset of the same name may have other records under the same ids.
    now, then = run.dataset.sha256, baseline.dataset.sha256
    if now != then:
        found.append(f"the dataset is another (sha256 {_short(now)}, was {_short(then)})")
    return (
        *found,
        *_judges(run, baseline),
        *_prompts(run, baseline, "judge/"),
        *_criteria(run.criteria, baseline.criteria),
    )


def judged_alike(run: RunDefinition, other: RunDefinition) -> bool:
    """
    Tell whether two runs measure by the same judges and checks, whatever they measure.

    Other pass marks are another measure here: what share of responses passes hangs on them.
    """
    found = (*_judges(run, other), *_prompts(run, other, "judge/"), *_criteria(run.criteria, other.criteria))
    return not found and all(
        criterion.pass_at == other.criteria[name].pass_at for name, criterion in run.criteria.items()
    )


def changes(run: RunDefinition, baseline: RunDefinition) -> tuple[str, ...]:
    """Return how the candidates differ: that is what a comparison is about."""
    then = {candidate.name: candidate for candidate in baseline.candidates}
    found = []
    for candidate in run.candidates:
        if candidate.name in then:
            found += [
                f"candidate {candidate.name}: {change}"
                for change in _differing(_settings(candidate), _settings(then[candidate.name]))
            ]
    if run.evaluation.prompt != baseline.evaluation.prompt:
        found.append(f"prompt is {run.evaluation.prompt}, was {baseline.evaluation.prompt}")
    return (*found, *_prompts(run, baseline, "candidate/"))


def _judges(run: RunDefinition, baseline: RunDefinition) -> Iterator[str]:
    now, then = ({judge.name: _settings(judge) for judge in parts.judges} for parts in (run, baseline))
    for name in sorted(now.keys() | then.keys()):
        if name not in then:
            yield f"judge {name} is new"
        elif name not in now:
            yield f"judge {name} is gone"
        else:
            yield from (f"judge {name}: {change}" for change in _differing(now[name], then[name]))


def _prompts(run: RunDefinition, baseline: RunDefinition, kind: str) -> Iterator[str]:
    # Names in both: a judge with another prompt is told by its settings already.
    for name in sorted(run.prompts.keys() & baseline.prompts.keys()):
        now, then = run.prompts[name].sha256, baseline.prompts[name].sha256
        if name.startswith(kind) and now != then:
            # Its own name says it to nobody: the evaluation is the same.
            found = "; each run searches anew" if is_made_by_run(name.removeprefix(kind)) else ""
            yield f"prompt {name} has another text (sha256 {_short(now)}, was {_short(then)}){found}"


def _criteria(now: Mapping[str, Criterion], then: Mapping[str, Criterion]) -> Iterator[str]:
    for name in [*now, *(name for name in then if name not in now)]:
        if name not in then:
            yield f"criterion {name} is new"
        elif name not in now:
            yield f"criterion {name} is gone"
        else:
            # All fields but those named: one that is added later is an obstacle until somebody decides.
            for key in Criterion.__dataclass_fields__:
                if key not in _RECOMPUTED and getattr(now[name], key) != getattr(then[name], key):
                    yield f"criterion {name}: another {key}"


def _settings(called: Any) -> dict[str, Any]:
    return {key: value for key, value in called.model_dump(mode="json").items() if key not in _NO_MATTER}


def _differing(now: Mapping[str, Any], then: Mapping[str, Any], path: str = "") -> Iterator[str]:
    for key in sorted(now.keys() | then.keys()):
        new, old = now.get(key), then.get(key)
        if isinstance(new, dict) and isinstance(old, dict):
            yield from _differing(new, old, f"{path}{key}.")
        elif new != old:
            is_now, was = ("nothing" if value is None else value for value in (new, old))
            yield f"{path}{key} is {is_now}, was {was}"


def _short(digest: object) -> str:
    return str(digest)[:12]
