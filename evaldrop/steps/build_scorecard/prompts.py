"""
What became of the prompts that a run made: the chosen one against the original, on records nobody tuned on.

The comparison is the two candidates' own, decided with all others of the run: what a search knows from its
dev records is told beside it, and decides nothing.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import orjson

from evaldrop import storage
from evaldrop.errors import StorageError, first_line
from evaldrop.evaluation import Candidate
from evaldrop.evaluation.improvement import ImprovedPrompt
from evaldrop.evaluation.originals import improved_candidates, original_of
from evaldrop.prompt_search.state import FIRST, SEARCH_FILE, Search, SearchFile, Tried
from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.model.prompts import (
    DevScores,
    PromptDecision,
    PromptDifference,
    PromptImprovement,
    PromptSearchCost,
    RecordParts,
)
from evaldrop.scorecard.model.scorecard import OVERALL, CandidateScorecard, Comparison, Interval
from evaldrop.steps.build_scorecard.counts import CandidateCounts, RunCounts


class Improvements(NamedTuple):
    """What a scorecard says of improved prompts, by candidate, and how the records were parted."""

    by_candidate: Mapping[str, PromptImprovement]
    parts: RecordParts | None


def search_file(run: RunDefinition) -> SearchFile | None:
    """
    Return what the run's searches for prompts did; None where it made none.

    Raises:
        StorageError: The file is not there, or is not what it should be.
    """
    if not improved_candidates(run.evaluation):
        return None
    uri = run.file(SEARCH_FILE)
    try:
        return SearchFile.model_validate(orjson.loads(storage.read_bytes(uri)))
    except ValueError as error:
        raise StorageError(f"{uri}: not a search of this version ({first_line(error)}).") from error


def improvements(
    run: RunDefinition,
    counts: RunCounts,
    candidates: Mapping[str, CandidateScorecard],
    comparisons: Sequence[Comparison],
) -> Improvements:
    """Return what became of each improved prompt."""
    file = search_file(run)
    if file is None:
        return Improvements({}, None)
    searches = {search.candidate: search for search in file.searches}
    found = {}
    for candidate, improved in improved_candidates(run.evaluation):
        original = original_of(run.evaluation, candidate)
        search = searches.get(candidate.name)
        if original is None or search is None:
            continue
        found[candidate.name] = _improvement(
            run, search, improved, (candidate, original), counts, candidates, comparisons
        )
    return Improvements(found, RecordParts(**file.records))


def _improvement(
    run: RunDefinition,
    search: Search,
    improved: ImprovedPrompt,
    pair: tuple[Candidate, Candidate],
    counts: RunCounts,
    candidates: Mapping[str, CandidateScorecard],
    comparisons: Sequence[Comparison],
) -> PromptImprovement:
    names = (pair[0].name, pair[1].name)
    prompt = run.evaluation.prompt_of(pair[0])
    chosen = search.winner or FIRST
    written = [each for each in search.proposals if each.id != FIRST]
    return PromptImprovement(
        original=names[1],
        by=search.by,
        prompt=prompt,
        prompt_sha256=run.prompts[f"candidate/{prompt}"].sha256,
        chosen=chosen,
        rounds=search.round,
        proposed=len(written),
        refused=sum(each.refused is not None for each in written),
        ended=search.ended,
        dev=_dev(search, chosen) if improved.is_search else None,
        test=_test(run, names, comparisons, is_same=chosen == FIRST),
        tokens_more=_less(*(_mean_tokens(counts.candidates[each]) for each in names)),
        usd_more_per_1000_records=_less(*(candidates[each].cost_usd.per_1000_records for each in names)),
        cost_usd=_cost(search),
    )


def _test(
    run: RunDefinition, pair: tuple[str, str], comparisons: Sequence[Comparison], *, is_same: bool
) -> PromptDifference:
    tuned, _ = pair
    main = OVERALL if len(run.criteria) > 1 else next(iter(run.criteria))
    found = next(
        (each for each in comparisons if {each.a, each.b} == set(pair) and each.criterion == main), None
    )
    if found is None:
        return PromptDifference(criterion=main, n=0, decision="same" if is_same else "not shown")
    criterion = run.criteria.get(main)
    higher_is_better = criterion is None or criterion.higher_is_better
    sign = (1 if found.a == tuned else -1) * (1 if higher_is_better else -1)
    decision: PromptDecision = "not shown"
    if is_same:
        decision = "same"
    elif found.better is not None:
        decision = "better" if found.better == tuned else "worse"
    return PromptDifference(
        criterion=main,
        n=found.n,
        difference=None if found.difference is None else sign * found.difference,
        interval=_turned(found.reported_interval, sign),
        detectable=found.minimum_detectable,
        decision=decision,
    )


def _turned(interval: Interval | None, sign: int) -> Interval | None:
    if interval is None or sign > 0:
        return interval
    return -interval[1], -interval[0]


def _dev(search: Search, chosen: str) -> DevScores:
    first = search.proposal(FIRST).dev
    return DevScores(n=len(first), original=_mean(first), chosen=_mean(search.proposal(chosen).dev))


def _mean(tried: Mapping[str, Tried]) -> float | None:
    scored = [each.quality for each in tried.values() if each.quality is not None]
    return float(np.mean(scored)) if scored else None


def _mean_tokens(candidate: CandidateCounts) -> float | None:
    called = len(candidate.called)
    return candidate.input_tokens / called if called and candidate.input_tokens else None


def _less(tuned: float | None, original: float | None) -> float | None:
    return None if tuned is None or original is None else tuned - original


def _cost(search: Search) -> PromptSearchCost:
    trying = _less(search.cost_usd, search.proposing_usd)
    return PromptSearchCost(proposing=search.proposing_usd, trying=trying, total=search.cost_usd)
