"""What a run's first calls said of its cost, in words."""

from collections.abc import Mapping
from typing import Any

from evaldrop.scorecard.figures import count, rough_usd

_HOLDS = {
    "yes": "within its budget of {}",
    "perhaps": "its budget of {} may not be enough",
    "no": "more than its budget of {}, which it is likely to spend before its end",
}


def restated_in_words(estimate: Mapping[str, Any] | None) -> str | None:
    """Return what a run is likely to cost by its first calls; None where they have not told it."""
    restated = (estimate or {}).get("restated")
    if not restated:
        return None
    cost = restated["known_cost_usd"]
    partly = "" if restated["cost_usd"] else " for the models with a known price"
    calls = f"{count(restated['calls'])} call{'s' * (restated['calls'] != 1)}"
    holds = _HOLDS.get(restated.get("holds", ""), "").format(rough_usd(restated.get("budget_usd") or 0))
    said = (
        f"by its first {calls} the run is likely to cost {rough_usd(cost['likely'])} "
        f"({rough_usd(cost['low'])} - {rough_usd(cost['high'])}){partly}"
    )
    return f"{said}: {holds}" if holds else said
