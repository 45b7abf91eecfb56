"""What travels through a review: the sample's key, which stays with the run, and people's labels."""

from typing import Literal

from evaldrop.scorecard.model.part import Part

SKIPPED = ("cannot_tell", "not_applicable")
NoScore = Literal["cannot_tell", "not_applicable", "unanswered"]


class Population(Part):
    """What a sample was drawn from, or holds."""

    records: int
    responses: int


class Sampling(Part):
    """How responses were chosen. Records are drawn, each with all its candidates' responses."""

    method: Literal["simple_random"] = "simple_random"
    unit: Literal["record"] = "record"
    seed: int
    population: Population
    sample: Population


class ReviewItem(Part):
    """A response on the page: which one it is, known to the run's folder alone. `position` begins at 1."""

    position: int
    record_id: str
    candidate: str
    criteria: tuple[str, ...]
    response_sha256: str


class ReviewKey(Part):
    """`review/keys/<review id>.json`: says what each number on a page means."""

    review_id: str
    run_id: str
    simulated: bool
    sampling: Sampling
    questions: dict[str, str]
    items: tuple[ReviewItem, ...]


class Label(Part):
    """
    A line of `<out>/<evaluation>/labels/*.jsonl`: one person on one response and criterion.

    `sampling`, `review_id` and `position` are null for labels that evaldrop did not draw. A label has a score
    or the reason why it has none; a review's unanswered rows are there too, so that what was left out shows.
    """

    run_id: str
    simulated: bool
    review_id: str | None
    position: int | None
    sampling: Sampling | None
    record_id: str
    candidate: str
    criterion: str
    question: str
    response_sha256: str
    rater: str
    score: float | None
    reason: NoScore | None
    imported_at: str
    by_hand: bool = False
