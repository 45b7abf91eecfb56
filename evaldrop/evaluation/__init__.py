"""The definition of an evaluation: its type, and how a file is found and read."""

from evaldrop.evaluation.load import find_evaluation, parse_evaluation
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
)
from evaldrop.evaluation.robustness import PERTURBATIONS, PerturbationName, Robustness

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
    "parse_evaluation",
]
