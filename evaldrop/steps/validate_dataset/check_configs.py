"""What is wrong with an evaluation's checks, and which ones only records bring."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from evaldrop.checks import check_from_config
from evaldrop.datasets import Survey
from evaldrop.datasets.survey import MAX_NAMES_KEPT
from evaldrop.errors import EvaluationError
from evaldrop.evaluation import Evaluation
from evaldrop.evaluation.criteria import Criterion, checked_criterion


@dataclass(slots=True, kw_only=True)
class CheckConfigs:
    """Gathers problems and warnings while checks are read. `source` is the evaluation file's name."""

    evaluation: Evaluation
    survey: Survey
    source: str
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def read(self, taken: Mapping[str, Criterion]) -> dict[str, Criterion]:
        """
        Return the checks by name, as criteria; what is wrong with them goes to the problems.

        Args:
            taken: The criteria that judges are asked for, whose names are taken.
        """
        found: dict[str, Criterion] = {}
        for number, config in enumerate(self.evaluation.checks):
            path = f"{self.source}: checks[{number}]"
            try:
                criterion = checked_criterion(check_from_config(config, path=path))
            except EvaluationError as error:
                self.problems += str(error).splitlines()
                continue
            if criterion.name in found or criterion.name in taken:
                what = "check" if criterion.name in found else "criterion"
                self.problems.append(
                    f'{path}: there is a {what} "{criterion.name}" already. Give this one a name of its own.'
                )
            found[criterion.name] = criterion
            self._check_needs(criterion)
        for config in self.brought():
            brought = checked_criterion(check_from_config(config, path=self.survey.source))
            if brought.name in taken:
                line = self.survey.checks[brought.name].line
                self.problems.append(
                    f'{self.survey.source} {self.survey.unit} {line}: a check is called "{brought.name}", '
                    "as a criterion is. Give it another name."
                )
            found[brought.name] = brought
        if len(self.survey.checks) >= MAX_NAMES_KEPT:
            self.problems.append(
                f"{self.survey.source}: records name {MAX_NAMES_KEPT:,} different checks or more. "
                "Give those that ask the same of other records one name."
            )
        return found

    def brought(self) -> list[dict[str, Any]]:
        """Return what stands for the checks that only records bring: each by name, its records say how."""
        own = set(_names(self.evaluation.checks))
        return [
            {"name": name, "of_records": list(seen.kinds), "weight": seen.weight}
            for name, seen in self.survey.checks.items()
            if name not in own
        ]

    def _check_needs(self, criterion: Criterion) -> None:
        have = self.survey.with_field["reference"]
        if not criterion.needs_reference or have >= self.survey.n_accepted:
            return
        if have == 0:
            self.problems.append(
                f"{self.survey.source}: check {criterion.name} compares with a reference, and no record has "
                'one. Give records a "reference", or the check a value.'
            )
        else:
            self.warnings.append(
                f"{self.survey.source}: {self.survey.n_accepted - have:,} of {self.survey.n_accepted:,} "
                f"records have no reference; check {criterion.name} is not applicable to them."
            )


def _names(configs: Iterable[str | Mapping[str, Any]]) -> Iterator[str]:
    for config in configs:
        # One that cannot be read is a problem already.
        with suppress(EvaluationError):
            yield check_from_config(config, path="checks").name
