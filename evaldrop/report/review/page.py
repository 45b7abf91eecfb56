"""
The review page: one file on which a person scores responses blind, offline, under a strict policy.

What page and sheet are made of holds no record id, candidate, model or judge, and nobody's score.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from markupsafe import Markup

from evaldrop.evaluation.criteria import Criterion
from evaldrop.report.escape import script_json
from evaldrop.report.page import content_security_policy, read_asset, template
from evaldrop.scorecard.calibration.label import SKIPPED, Sampling


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


def review_page(review: ShownReview) -> str:
    """Return a review as one HTML page. Texts travel as data and are shown as text nodes only."""
    # The report's colours and type, so that both look alike; then what only this page has.
    style = read_asset("report.css") + read_asset("review.css")
    script = read_asset("review.js")
    page: str = template("review.html.j2").render(
        review=review,
        policy=content_security_policy(style, script),
        style=Markup(style),  # noqa: S704 - this package's own file
        script=Markup(script),  # noqa: S704 - this package's own file
        data=Markup(script_json(_data(review))),  # noqa: S704 - escaped for a script element
    )
    return page


def _data(review: ShownReview) -> dict[str, Any]:
    places = {name: place for place, name in enumerate(review.criteria)}
    return {
        "review_id": review.review_id,
        "run_id": review.run_id,
        "simulated": review.simulated,
        "sampling": review.sampling.model_dump(),
        "criteria": [_criterion(criterion) for criterion in review.criteria.values()],
        "items": [_item(item, places) for item in review.items],
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


def _item(item: ShownItem, places: dict[str, int]) -> dict[str, Any]:
    return {
        "item": item.position,
        "criteria": [places[name] for name in item.criteria],
        "prompt": item.prompt,
        "system": item.system,
        "context": item.context,
        "reference": list(item.reference),
        "response": item.response,
    }
