"""What a person sees of a review: no record id, candidate, model or judge, and nobody's score."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from evaldrop.evaluation.criteria import Criterion
from evaldrop.scorecard.calibration.label import Sampling


class ShownItem(NamedTuple):
    """A response with what it answers, under a number."""

    position: int
    criteria: Sequence[str]
    prompt: str
    system: str | None
    context: str | None
    reference: Sequence[str]
    response: str


class ShownReview(NamedTuple):
    """All that page and sheet may know."""

    review_id: str
    run_id: str
    simulated: bool
    sampling: Sampling
    criteria: Mapping[str, Criterion]
    items: Sequence[ShownItem]
