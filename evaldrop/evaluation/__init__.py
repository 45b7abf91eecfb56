"""The definition of an evaluation: its type, and how a file is found and read."""

from evaldrop.evaluation.definition import (
    Called,
    Candidate,
    Evaluation,
    Judge,
    Pairwise,
    PerturbationName,
    Robustness,
    body_family,
    plain_name,
)
from evaldrop.evaluation.load import (
    find_evaluation,
    parse_evaluation,
    read_evaluation,
    read_loosely,
    stack_evaluation,
)
from evaldrop.evaluation.model_ids import model_vendor

__all__ = [
    "Called",
    "Candidate",
    "Evaluation",
    "Judge",
    "Pairwise",
    "PerturbationName",
    "Robustness",
    "body_family",
    "find_evaluation",
    "model_vendor",
    "parse_evaluation",
    "plain_name",
    "read_evaluation",
    "read_loosely",
    "stack_evaluation",
]
