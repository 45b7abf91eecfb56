"""The criteria of a run, those its evaluation lists and those its records bring: what is wrong with them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from evaldrop.datasets import Survey
from evaldrop.datasets.survey import MAX_NAMES_KEPT
from evaldrop.errors import EvaluationError
from evaldrop.evaluation import Evaluation
from evaldrop.evaluation.criteria import Criterion, as_langchain, criterion_from_config, lint_criteria

# In rows of this shape a criterion's name means LangChain's question, which has two answers.
LANGCHAIN_SHAPE = "langchain_criteria"


@dataclass(slots=True, kw_only=True)
class CriteriaChecking:
    """Gathers problems and warnings while the criteria are read. `source` is the evaluation file's name."""

    evaluation: Evaluation
    survey: Survey
    source: str
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def check(self) -> dict[str, Criterion]:
        """Return the criteria by name; what is wrong with them goes to the problems."""
        found: dict[str, Criterion] = {}
        own = [
            (config, f"{self.source}: criteria[{place}]")
            for place, config in enumerate(self.evaluation.criteria)
        ]
        brought = [(config, self._line_naming(config)) for config in self.brought()]
        for config, path in (*own, *brought):
            try:
                criterion = criterion_from_config(config, path=path)
            except EvaluationError as error:
                self.problems += str(error).splitlines()
                continue
            if criterion.name in found:
                self.problems.append(f'{path}: "{criterion.name}" is there twice.')
            found[criterion.name] = criterion
            self._check_needs(criterion)
        if len(self.survey.criteria) >= MAX_NAMES_KEPT:
            self.problems.append(
                f"{self.survey.source}: records name {MAX_NAMES_KEPT:,} different criteria or more. "
                "Give those that ask the same of other records one name."
            )
        if found and not self.evaluation.judges:
            self.problems.append(
                f"{self.source}: the dataset brings criteria, and there is no judge. Add judges."
            )
        self.warnings += [
            f"criterion {finding.criterion}: {finding.what}. {finding.do}"
            for finding in lint_criteria(list(found.values()))
        ]
        return found

    def brought(self) -> list[str | dict[str, Any]]:
        """Return the criteria that only records name, as an evaluation would write them."""
        seen = {_resolved_name(config) for config in self.evaluation.criteria}
        brought: list[str | dict[str, Any]] = []
        for name in self.survey.criteria:
            config: str | dict[str, Any] = name
            if name in self.survey.criteria_by_name and self.survey.shape == LANGCHAIN_SHAPE:
                config = as_langchain(name)
            elif name not in self.survey.criteria_by_name:
                config = {"name": name, "question": f"Does the response meet: {name}?"}
            if _resolved_name(config) not in seen:
                seen.add(_resolved_name(config))
                brought.append(config)
        return brought

    def _line_naming(self, config: str | dict[str, Any]) -> str:
        line = self.survey.criteria_by_name.get(config) if isinstance(config, str) else None
        return f"{self.survey.source} line {line}" if line else f"{self.survey.source}: criteria"

    def _check_needs(self, criterion: Criterion) -> None:
        for needed, what in ((criterion.needs_reference, "reference"), (criterion.needs_context, "context")):
            have = self.survey.with_field.get(what, 0)
            if needed and not have:
                self.problems.append(
                    f"{self.survey.source}: criterion {criterion.name} needs a {what}, "
                    f'and no record has one. Give records a "{what}", or drop the criterion.'
                )
            elif needed and have < self.survey.n_accepted:
                self.warnings.append(
                    f"{self.survey.source}: {self.survey.n_accepted - have:,} of {self.survey.n_accepted:,} "
                    f"records have no {what}; criterion {criterion.name} is not applicable to them."
                )


def _resolved_name(config: str | Mapping[str, Any]) -> str:
    """Return a criterion's name: of a built-in one, its own name whatever the spelling."""
    try:
        return criterion_from_config(config, path="criteria").name
    except EvaluationError:
        return config if isinstance(config, str) else str(config.get("name"))
