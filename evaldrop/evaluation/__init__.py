"""The definition of an evaluation: its type, and how a file is found and read."""

from typing import TYPE_CHECKING

from evaldrop.late_names import late_names

if TYPE_CHECKING:
    from evaldrop.evaluation.definition import Called as Called
    from evaldrop.evaluation.definition import Candidate as Candidate
    from evaldrop.evaluation.definition import Evaluation as Evaluation
    from evaldrop.evaluation.definition import Judge as Judge
    from evaldrop.evaluation.definition import Pairwise as Pairwise
    from evaldrop.evaluation.definition import PerturbationName as PerturbationName
    from evaldrop.evaluation.definition import Robustness as Robustness
    from evaldrop.evaluation.definition import body_family as body_family
    from evaldrop.evaluation.definition import plain_name as plain_name
    from evaldrop.evaluation.finding import find_evaluation as find_evaluation
    from evaldrop.evaluation.finding import stack_evaluation as stack_evaluation
    from evaldrop.evaluation.load import parse_evaluation as parse_evaluation
    from evaldrop.evaluation.load import read_evaluation as read_evaluation
    from evaldrop.evaluation.load import read_loosely as read_loosely
    from evaldrop.evaluation.model_ids import model_vendor as model_vendor

# Prices and deliveries, which a run's calls need, are in this package, too: they do not wait for the types of
# a whole definition, which take a tenth of a second.
_NAMES = {
    "definition": (
        "Called",
        "Candidate",
        "Evaluation",
        "Judge",
        "Pairwise",
        "PerturbationName",
        "Robustness",
        "body_family",
        "plain_name",
    ),
    "finding": ("find_evaluation", "stack_evaluation"),
    "load": ("parse_evaluation", "read_evaluation", "read_loosely"),
    "model_ids": ("model_vendor",),
}
__all__, __getattr__ = late_names(__name__, _NAMES)
