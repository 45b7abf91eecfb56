"""Criteria: the questions put to a judge, their scales, the built-in ones, and lint for them."""

from evaldrop.evaluation.criteria.built_in import BUILT_IN, as_langchain, built_in
from evaldrop.evaluation.criteria.config import criterion_from_config
from evaldrop.evaluation.criteria.criterion import Criterion, checked_criterion, scorers_of
from evaldrop.evaluation.criteria.lint import lint_criteria
from evaldrop.evaluation.criteria.scales import Scale

__all__ = [
    "BUILT_IN",
    "Criterion",
    "Scale",
    "as_langchain",
    "built_in",
    "checked_criterion",
    "criterion_from_config",
    "lint_criteria",
    "scorers_of",
]
