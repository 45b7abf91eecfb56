"""
The runs of the history as rows of its page, in the words that people read.

The page shows the newest of them by itself; `templates/scripts/history/rows.js` searches, sorts and compares
all of them, and shows them the same way.
"""

from collections.abc import Iterable
from typing import Any, Literal

from evaldrop.report.trends import report_link
from evaldrop.scorecard import figures
from evaldrop.scorecard.trend.entries import HistoryCandidate, HistoryEntry

Standing = Literal["failed", "regressed", "inconclusive", "passed", "no gate"]
_DECISIONS: dict[str, Standing] = {"pass": "passed", "fail": "failed", "inconclusive": "inconclusive"}
_PILLS = {"passed": "pass", "inconclusive": "inconclusive"}

_MOST_NAMED = 3

Row = dict[str, Any]


def history_row(entry: HistoryEntry, *, is_baseline: bool) -> Row:
    """Return a run as the page shows and finds it."""
    standings = _standings(entry)
    return {
        "id": entry.run_id,
        "evaluation": entry.evaluation,
        "folder": entry.folder,
        "href": report_link(entry.folder),
        "at": entry.started_at,
        "when": figures.moment(entry.started_at),
        "simulated": entry.simulated,
        "baseline": is_baseline,
        "against": (entry.baseline or "").rstrip("/").rpartition("/")[2],
        "standings": standings,
        "pills": _pills(entry, standings),
        "fallen": any(standing in {"failed", "regressed"} for standing in standings),
        "regressed": list(entry.regressed),
        "fell": _first(entry.regressed),
        "alarms": entry.alarms,
        "records": entry.records,
        "coverage": entry.coverage,
        "cost": entry.cost_usd,
        "said": {
            "records": figures.count(entry.records),
            "coverage": figures.percent(entry.coverage, 1),
            "cost": figures.usd(entry.cost_usd),
        },
        "recommendation": entry.recommendation,
        "unanswered": bool(entry.unanswered),
        "summary": entry.summary.removeprefix("SIMULATED. "),
        "labels": list(entry.labels),
        "description": entry.description,
        "dataset": entry.dataset,
        "models": [f"{name} {card.model}" for name, card in entry.candidates.items()],
    }


def compared_by(entry: HistoryEntry) -> Row:
    """Return what two runs are compared by: much more than a row, and unpacked only when two are chosen."""
    return {
        # Without a digest the name has to do: entries of earlier versions have none.
        "data": entry.dataset_sha256 or entry.dataset,
        "workflow": entry.workflow_sha256,
        "judges": {
            name: [judge.model, judge.prompt, judge.prompt_sha256, judge.settings]
            for name, judge in entry.judges.items()
        },
        "questions": entry.criteria,
        "candidates": {name: _candidate(card) for name, card in entry.candidates.items()},
    }


def _candidate(card: HistoryCandidate) -> list[Any]:
    """Return model, prompt, its digest and settings; then by criterion the mean and its interval."""
    means = {"overall": [card.overall, card.overall_interval]}
    means |= {name: [estimate.mean, estimate.interval] for name, estimate in card.criteria.items()}
    return [
        card.model,
        card.prompt,
        card.prompt_sha256,
        card.settings,
        means,
        card.latency_ms_p50,
        card.cost_usd,
    ]


def _first(names: tuple[str, ...]) -> str:
    rest = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def _standings(entry: HistoryEntry) -> list[Standing]:
    if entry.unanswered:
        return ["failed"]
    decided = _DECISIONS.get(entry.decision, "no gate")
    return ["regressed", decided] if entry.regressed else [decided]


def _pills(entry: HistoryEntry, standings: Iterable[Standing]) -> list[list[str]]:
    """Return class and words of each standing; what passed is not green where something regressed."""
    pills = []
    for standing in standings:
        kind = "fail" if standing in {"failed", "regressed"} else _PILLS.get(standing, "none")
        if entry.regressed and standing == "passed":
            pills.append(["none", "gate passed"])
        else:
            pills.append([kind, "run failed" if entry.unanswered else standing])
    return pills
