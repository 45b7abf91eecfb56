"""Two runs side by side as a page, in one file as the report is; and as JSON, for scripts."""

from collections.abc import Sequence
from itertools import islice
from typing import Any

from evaldrop.report.columns import Cell, Column, Table, Tone, Words, words
from evaldrop.report.page import packed_json, read_assets, rendered
from evaldrop.report.two_runs import AnswerPair, AnswerPlace, TwoRuns
from evaldrop.scorecard import figures
from evaldrop.scorecard.figures import count
from evaldrop.scorecard.model.part import OVERALL
from evaldrop.scorecard.model.scorecard import (
    CandidateScorecard,
    Interval,
    Scorecard,
)

# More responses than these are not read on one page, and their texts would fill the memory that makes it.
MOST_PAIRS = 3_000
# Characters of texts that a page carries: packed, a fourth of them or less.
MOST_CHARACTERS = 24_000_000

_STYLES = ("report.css", "styles/bench.css", "styles/history.css", "styles/pairs.css")
_SCRIPTS = ("data/elements.js", "data/packed.js", "texts/difference.js", "texts/pairs.js", "diff.js")
_TONES: dict[str, Tone] = {"improved": "good", "regressed": "bad", "undecided": "muted"}
_CLASSES = {"improved": "better", "regressed": "worse"}

_Estimate = tuple[float | None, Interval | None]


def two_runs_page(runs: TwoRuns, places: Sequence[AnswerPlace], *, back: str | None = None) -> str:
    """Return some places of two runs as a page; `back` is the address of the page of all runs."""
    pairs = list(within_budget(runs.pairs(places[:MOST_PAIRS])))
    comparison = runs.comparison
    return rendered(
        "diff.html.j2",
        style=read_assets("", _STYLES),
        script=read_assets("scripts", _SCRIPTS),
        runs=runs,
        comparison=comparison,
        is_worse=any(
            estimate.decision == "regressed"
            for card in comparison.candidates.values()
            for estimate in card.criteria.values()
        ),
        scores=scores_table(runs),
        simulated=runs.now.simulated or runs.then.simulated,
        back=back,
        asked_for=len(places),
        carried=len(pairs),
        pairs=packed_json([answer_row(pair) for pair in pairs]),
    )


def two_runs_json(runs: TwoRuns, places: Sequence[AnswerPlace]) -> dict[str, Any]:
    """Return some places of two runs, and what is decided about these, as JSON values."""
    return {
        "now": {"run_id": runs.now.run_id, "folder": runs.now.folder},
        "then": {"run_id": runs.then.run_id, "folder": runs.then.folder},
        "simulated": runs.now.simulated or runs.then.simulated,
        "records": {"both": runs.records, "only_now": runs.only_now, "only_then": runs.only_then},
        "comparison": runs.comparison.model_dump(mode="json"),
        "responses": [
            {
                "record_id": pair.place.record_id,
                "candidate": pair.place.candidate,
                "changed": pair.place.changed,
                "prompt": pair.prompt,
                "then": pair.then._asdict(),
                "now": pair.now._asdict(),
                "scores": [score._asdict() for score in pair.scores],
            }
            for pair in runs.pairs(places)
        ],
    }


def scores_table(runs: TwoRuns) -> Table:
    """Return every criterion of every candidate in both runs, and what is decided about the difference."""
    now, then = runs.scorecards
    keys = [
        (candidate, criterion)
        for candidate in runs.candidates
        for criterion in _criteria(now, then, candidate)
    ]
    found = [_decided(runs, *key) for key in keys]
    return Table(
        title="Scores of both runs",
        classes="numbers changes stacked both",
        columns=[
            words("candidate", [candidate for candidate, _ in keys]),
            words("criterion", [criterion for _, criterion in keys]),
            Column("then", [_mean(then, *key) for key in keys]),
            Column("now", [_mean(now, *key) for key in keys]),
            Column(
                "now − then",
                [figures.signed(one.difference) if one else figures.ABSENT for one in found],
                classes=[_CLASSES.get(one.decision, "") if one else "" for one in found],
            ),
            Column("interval", [figures.interval(one.reported_interval if one else None) for one in found]),
            Column("better", [count(one.better) if one else figures.ABSENT for one in found]),
            Column("worse", [count(one.worse) if one else figures.ABSENT for one in found]),
            words("decision", [_word(one.decision if one else None) for one in found]),
        ],
    )


def _word(decision: str | None) -> Cell:
    if decision is None:
        return (Words("not compared", "muted"),)
    return (Words("not decided" if decision == "undecided" else decision, _TONES[decision]),)


def _criteria(now: Scorecard, then: Scorecard, candidate: str) -> list[str]:
    theirs = then.candidates[candidate].criteria
    return [OVERALL, *(name for name in now.candidates[candidate].criteria if name in theirs)]


def _decided(runs: TwoRuns, candidate: str, criterion: str) -> Any:
    card = runs.comparison.candidates.get(candidate)
    return card.criteria.get(criterion) if card else None


def _mean(scorecard: Scorecard, candidate: str, criterion: str) -> Cell:
    mean, interval = _estimate(scorecard.candidates[candidate], criterion)
    if interval is None:
        return figures.number(mean)
    return (Words(figures.number(mean)), Words(figures.interval(interval), "muted"))


def _estimate(card: CandidateScorecard, criterion: str) -> _Estimate:
    found = card.overall if criterion == OVERALL else card.criteria[criterion]
    return (found.mean, found.interval) if found else (None, None)


def within_budget(pairs: Sequence[AnswerPair]) -> Sequence[AnswerPair]:
    """Return the first of them, as many as a page carries."""
    left, kept = MOST_CHARACTERS, 0
    for pair in pairs:
        texts = (pair.prompt, pair.then.response, pair.now.response, *pair.references)
        left -= sum(len(text or "") for text in texts)
        if left < 0:
            break
        kept += 1
    # The first at least: a page of nothing would say that nothing differs.
    return list(islice(pairs, max(1, kept)))


def answer_row(pair: AnswerPair) -> Sequence[Any]:
    """Return a row as `templates/scripts/texts/pairs.js` reads it."""
    place = pair.place
    return [
        place.record_id,
        place.candidate,
        pair.category,
        pair.prompt,
        list(pair.references),
        place.changed,
        place.loss > 0,
        place.gain > 0,
        list(pair.then),
        list(pair.now),
        [list(score) for score in pair.scores],
    ]
