"""
`prompts.html`: what became of the prompts that a run made, and of all that were tried on the way.

What the test part shows comes first. What models wrote travels packed and is shown as text alone, but for a
proposer's words, which are escaped.
"""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from evaldrop.errors import StorageError
from evaldrop.evaluation.improvement import BEDROCK, BEDROCK_JOB
from evaldrop.evaluation.prompts import preface_and_rest
from evaldrop.prompt_search.front import dev_quality
from evaldrop.prompt_search.kept import search_of
from evaldrop.prompt_search.state import FIRST, Proposal, Search, SearchFile
from evaldrop.report.columns import Column, Table, Words, words
from evaldrop.report.escape import visible
from evaldrop.report.page import packed_json, read_assets, rendered
from evaldrop.report.search_plot import DrawnPrompt, SearchPlot, Shown, search_plot
from evaldrop.report.tables.prompts import DEV, improved_prompts
from evaldrop.report.turned_records import TurnedRecords, turned_records
from evaldrop.report.two_runs_page import answer_row, within_budget
from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard import figures
from evaldrop.scorecard.answers import silences
from evaldrop.scorecard.baseline.scores_table import read_scores
from evaldrop.scorecard.improved_prompts import improvement_in_words
from evaldrop.scorecard.model.prompts import PromptImprovement
from evaldrop.scorecard.model.scorecard import CandidateScorecard, CriterionInfo, Scorecard

PROMPTS_PAGE = "prompts.html"
MOST_TURNED = 20
"""More records of either kind are not read on a page; report.html has them all."""

_STYLES = ("report.css", "styles/bench.css", "styles/reading.css", "styles/pairs.css", "styles/prompts.css")
_SCRIPTS = (
    "data/elements.js",
    "data/packed.js",
    "texts/unseen.js",
    "texts/difference.js",
    "texts/pairs.js",
    "prompts.js",
)
_WHO = {BEDROCK: "Bedrock's optimiser", BEDROCK_JOB: "a prompt optimisation job of Bedrock's"}

Standing = Literal["chosen", "first", "tried", "dropped", "refused", "not tried"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownProposal:
    """
    A prompt as the page lists it.

    Attributes:
        id: Its ID.
        parent: Its parent's.
        standing: What became of it.
        reason: Why it was dropped or refused; empty where it was not.
        dev: Mean over its dev records, None without any.
        n: How many they are.
        tokens: Of its text, estimated.
        changes: The proposer's words.
        why: Likewise.
    """

    id: str
    parent: str | None
    standing: Standing
    reason: str
    dev: float | None
    n: int
    tokens: int
    changes: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSearch:
    """A candidate's prompt, and the search for it."""

    number: int
    candidate: str
    improvement: PromptImprovement
    who: str
    ended: str
    claim: str
    adopt: str
    first: ShownProposal
    rounds: Sequence[tuple[int, Sequence[ShownProposal]]]
    plot: SearchPlot | None
    judges: Table
    turned: TurnedRecords
    carried: tuple[int, int]


def prompts_page(run: RunDefinition, scorecard: Scorecard) -> str:
    """
    Return the page of a run whose tables are written, and which has made prompts.

    Raises:
        StorageError: A file of the run cannot be read.
    """
    file = search_of(run)
    if file is None:
        raise StorageError(f"{run.folder}: no search for prompts is there")
    shown = list(_searches(run, scorecard, file))
    texts = {each.candidate: each for each in file.searches}
    return rendered(
        "prompts.html.j2",
        style=read_assets("", _STYLES),
        script=read_assets("scripts", _SCRIPTS),
        scorecard=scorecard,
        searches=shown,
        all=improved_prompts(scorecard),
        failed=bool(silences(scorecard)),
        judge=file.judge,
        dev_label=DEV,
        packed=packed_json([_packed(each, texts[each.candidate]) for each in shown]),
    )


def _searches(run: RunDefinition, scorecard: Scorecard, file: SearchFile) -> Iterable[ShownSearch]:
    found = {each.candidate: each for each in file.searches}
    scores = read_scores(run.folder)
    for number, (name, improvement) in enumerate(scorecard.prompts.items()):
        search = found[name]
        turned = turned_records(run, scores, (name, improvement.original), most=MOST_TURNED)
        better, worse = (within_budget(each) if each else () for each in (turned.better, turned.worse))
        first = search.proposal(FIRST)
        yield ShownSearch(
            number=number,
            candidate=name,
            improvement=improvement,
            who=_WHO.get(improvement.by) or visible(improvement.by),
            ended=visible(improvement.ended or ""),
            claim=improvement_in_words(name, improvement),
            adopt=shlex.join(("evaldrop", "adopt", run.folder, name)),
            first=_shown(search, first),
            rounds=list(_rounds(search)),
            plot=_plot(scorecard, name, improvement, search),
            judges=unseen_judges(name, improvement),
            turned=turned._replace(better=better, worse=worse),
            carried=(len(better), len(worse)),
        )


def _rounds(search: Search) -> Iterable[tuple[int, Sequence[ShownProposal]]]:
    written = [each for each in search.proposals if each.id != FIRST]
    for number in sorted({each.round for each in written}):
        yield number, [_shown(search, each) for each in written if each.round == number]


def _shown(search: Search, proposal: Proposal) -> ShownProposal:
    return ShownProposal(
        id=proposal.id,
        parent=proposal.parent,
        standing=_standing(search, proposal),
        reason=visible(proposal.refused or proposal.dropped or ""),
        dev=_dev(search, proposal),
        n=len(_qualities(proposal)),
        tokens=proposal.tokens,
        changes=visible(proposal.changes),
        why=visible(proposal.why),
    )


def _standing(search: Search, proposal: Proposal) -> Standing:
    if proposal.refused is not None:
        return "refused"
    if proposal.id == search.winner:
        return "chosen"
    if proposal.id == FIRST:
        return "first"
    if proposal.dropped is not None:
        return "dropped"
    return "tried" if proposal.dev else "not tried"


def _dev(search: Search, proposal: Proposal) -> float | None:
    """Return a mean on dev that can be compared, also of a prompt that met a part of the records."""
    return dev_quality(search, proposal) if proposal.dev else None


def _qualities(proposal: Proposal) -> list[float]:
    return [each.quality for each in proposal.dev.values() if each.quality is not None]


def _plot(
    scorecard: Scorecard, name: str, improvement: PromptImprovement, search: Search
) -> SearchPlot | None:
    first = search.proposal(FIRST)
    tried = [
        DrawnPrompt(
            id=each.id,
            parent=each.parent,
            round=each.round,
            quality=quality,
            n=len(each.dev),
            is_whole=len(each.dev) >= len(first.dev) and each.dropped is None,
        )
        for each in search.proposals
        if (quality := _dev(search, each)) is not None
    ]
    sides = [_on_test(scorecard, each, improvement.test.criterion) for each in (improvement.original, name)]
    if sides[0] is None or sides[1] is None:
        return None
    return search_plot(tried, sides[0], sides[1], improvement.test.decision)


def _on_test(scorecard: Scorecard, name: str, criterion: str) -> Shown | None:
    card, info = scorecard.candidates[name], scorecard.criteria.get(criterion)
    mean, interval = _estimate(card, criterion, info)
    return None if mean is None else Shown(name=name, quality=mean, interval=interval)


def _estimate(
    card: CandidateScorecard, criterion: str, info: CriterionInfo | None
) -> tuple[float | None, tuple[float, float] | None]:
    """Return a mean and its interval as shares of the scale in which 1 is good."""
    if info is None:
        found = card.overall
        return (None, None) if found is None else (found.mean, found.interval)
    estimate = card.criteria.get(criterion)
    if estimate is None or estimate.mean is None:
        return None, None

    def share(value: float) -> float:
        part = (value - info.low) / (info.high - info.low)
        return part if info.higher_is_better else 1 - part

    bounds = estimate.interval and sorted(map(share, estimate.interval))
    return share(estimate.mean), (bounds[0], bounds[1]) if bounds else None


def unseen_judges(candidate: str, improvement: PromptImprovement) -> Table:
    """Return what judges say of the prompt that the search for it never asked."""
    found = improvement.unseen_judges
    return Table(
        title=f"Judges that the search for {candidate} never asked",
        caption="Judges that the search never asked: improved minus original, each alone, in no decision",
        columns=[
            words("judge", [each.judge for each in found]),
            Column("difference", [figures.signed(each.difference) for each in found]),
            Column(
                "interval",
                [
                    figures.interval(each.interval) if each.interval else (Words("too few records", "muted"),)
                    for each in found
                ],
            ),
            Column("records", [figures.count(each.n) for each in found]),
        ],
    )


def _packed(shown: ShownSearch, search: Search) -> Mapping[str, Any]:
    """Return what `templates/scripts/prompts.js` reads."""
    return {
        "original": shown.improvement.original,
        "candidate": shown.candidate,
        "chosen": shown.improvement.chosen,
        # What is said to people before the first heading is not sent.
        "prompts": {each.id: preface_and_rest(each.text)[1] for each in search.proposals},
        "better": [answer_row(pair) for pair in shown.turned.better],
        "worse": [answer_row(pair) for pair in shown.turned.worse],
    }
