"""By which criteria a record is judged: the evaluation's, and those it brings itself."""

from dataclasses import replace

from evaldrop.datasets import Record
from evaldrop.evaluation.criteria import Criterion, built_in, criterion_from_config
from evaldrop.run.definition import RunDefinition


class RecordCriteria:
    """The criteria of a run's records."""

    def __init__(self, definition: RunDefinition) -> None:
        self._criteria = definition.criteria
        self._own_criteria = [
            criterion_from_config(config, path="criteria") for config in definition.evaluation.criteria
        ]

    def applicable(self, record: Record) -> list[Criterion]:
        """Return those that can be judged: the record has what they need."""
        return [criterion for criterion in self._asked_of(record) if not _missing_for(criterion, record)]

    def _asked_of(self, record: Record) -> list[Criterion]:
        """Return the evaluation's criteria, then those the record brings, a question of its own included."""
        own = {criterion.name: criterion for criterion in self._own_criteria}
        for name, question in record.criteria.items():
            criterion = self._named(name)
            own[criterion.name] = replace(criterion, question=question) if question else criterion
        return list(own.values())

    def _named(self, name: str) -> Criterion:
        """Return a criterion by the name a record gives it: of a built-in one, any spelling."""
        return self._criteria.get(name) or self._criteria[built_in(name, path="criteria").name]

    def not_applicable(self, record: Record) -> dict[str, str]:
        """Return what a record lacks, by the name of the criterion that needs it."""
        reasons = {criterion.name: _missing_for(criterion, record) for criterion in self._asked_of(record)}
        return {name: reason for name, reason in reasons.items() if reason}


def _missing_for(criterion: Criterion, record: Record) -> str:
    if criterion.needs_reference and not record.reference:
        return "needs a reference"
    if criterion.needs_context and not record.context:
        return "needs a context"
    return ""
