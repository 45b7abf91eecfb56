"""
What people score responses on, blind: a page, offline and under a strict policy, or a CSV for a sheet.

What page and sheet are made of holds no record id, candidate, model or judge, and nobody's score.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from markupsafe import Markup

from evaldrop.evaluation.criteria import Criterion
from evaldrop.report.escape import csv_text, script_json
from evaldrop.report.page import read_asset, rendered
from evaldrop.scorecard.calibration.label import SKIPPED, Sampling

SHEET_COLUMNS = (
    "review", "item", "criterion", "score", "question", "answers", "prompt", "system", "context", "reference",
    "response", "sampling",
)  # fmt: skip


class ShownItem(NamedTuple):
    """A response with what it answers, under a number."""

    item: int
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


def review_page(review: ShownReview) -> str:
    """Return a review as one HTML page. Texts travel as data and are shown as text nodes only."""
    # The report's colours and type, so that both look alike; then what only this page has.
    return rendered(
        "review.html.j2",
        style=read_asset("report.css") + read_asset("review.css"),
        script=read_asset("review.js"),
        review=review,
        data=Markup(script_json(_data(review))),  # noqa: S704 - escaped for a script element
    )


def _data(review: ShownReview) -> dict[str, Any]:
    places = {name: place for place, name in enumerate(review.criteria)}
    return {
        "review_id": review.review_id,
        "run_id": review.run_id,
        "simulated": review.simulated,
        "sampling": review.sampling.model_dump(),
        "criteria": [_criterion(criterion) for criterion in review.criteria.values()],
        "items": [
            shown._asdict() | {"criteria": [places[name] for name in shown.criteria]}
            for shown in review.items
        ],
    }


def _criterion(criterion: Criterion) -> dict[str, Any]:
    scale = criterion.scale
    worded = {point.value: point for point in scale.points}
    values = [point.value for point in scale.points] if scale.kind == "choices" else scale.values()
    return {
        "name": criterion.name,
        "question": criterion.question,
        "kind": scale.kind,
        "low": scale.low,
        "high": scale.high,
        "answers": [
            {
                "value": value,
                "label": worded[value].label if value in worded else "",
                "definition": worded[value].definition if value in worded else None,
            }
            for value in values
        ],
        "skips": list(SKIPPED if scale.not_applicable else SKIPPED[:1]),
    }


def review_sheet(review: ShownReview) -> str:
    """Return a review as CSV, with a mark by which spreadsheets know that it is UTF-8."""
    rows = (_cells(review, item, review.criteria[name]) for item in review.items for name in item.criteria)
    return "\ufeff" + csv_text((SHEET_COLUMNS, *rows))


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
    yield item.item
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
