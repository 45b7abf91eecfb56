"""The CSV for those who prefer a sheet: a row per response and criterion, the score's cell empty."""

from collections.abc import Iterator

from evaldrop.evaluation.criteria import Criterion
from evaldrop.report.escape import csv_text
from evaldrop.report.review.page import ShownItem, ShownReview

COLUMNS = (
    "review", "item", "criterion", "score", "question", "answers", "prompt", "system", "context", "reference",
    "response", "sampling",
)  # fmt: skip


def review_sheet(review: ShownReview) -> str:
    """Return a review as CSV, with a mark by which spreadsheets know that it is UTF-8."""
    rows = (_cells(review, item, review.criteria[name]) for item in review.items for name in item.criteria)
    return "\ufeff" + csv_text((COLUMNS, *rows))


def answers_in_words(criterion: Criterion) -> str:
    """Return what may be written into a score's cell, with the points' definitions."""
    scale = criterion.scale
    if scale.kind == "range":
        return f"a number from {scale.low:g} to {scale.high:g}; ? to pass"
    points = [
        f"{point.label if scale.kind != 'points' else f'{point.value:g}'} = "
        f"{': '.join(filter(None, (point.label, point.definition)))}"
        if scale.kind == "points" or point.definition
        else point.label
        for point in scale.points
    ]
    halves = ["halves too"] if scale.halves_allowed else []
    return "; ".join([*points, *halves, "? to pass"])


def _cells(review: ShownReview, item: ShownItem, criterion: Criterion) -> Iterator[object]:
    sampling = review.sampling
    yield review.review_id
    yield item.position
    yield criterion.name
    yield ""
    yield criterion.question
    yield answers_in_words(criterion)
    yield item.prompt
    yield item.system or ""
    yield item.context or ""
    yield "\n---\n".join(item.reference)
    yield item.response
    yield (
        f"{'SIMULATED ' if review.simulated else ''}{sampling.method}, seed {sampling.seed}: "
        f"{sampling.sample.records} of {sampling.population.records} records"
    )
