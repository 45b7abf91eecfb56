"""The definition of an evaluation: its type, and how a file is found and read."""

from evaldrop.evaluation.load import find_evaluation, parse_evaluation, read_evaluation, stack_evaluation
from evaldrop.evaluation.model import (
    Api,
    Called,
    Candidate,
    Evaluation,
    Family,
    Guardrail,
    Inference,
    Judge,
    Pairwise,
    Price,
    body_family,
    plain_name,
)
from evaldrop.evaluation.robustness import PERTURBATIONS, PerturbationName, Robustness
from evaldrop.evaluation.vendors import model_vendor

__all__ = [
    "PERTURBATIONS",
    "Api",
    "Called",
    "Candidate",
    "Evaluation",
    "Family",
    "Guardrail",
    "Inference",
    "Judge",
    "Pairwise",
    "PerturbationName",
    "Price",
    "Robustness",
    "body_family",
    "find_evaluation",
    "model_vendor",
    "parse_evaluation",
    "plain_name",
    "read_evaluation",
    "stack_evaluation",
]
