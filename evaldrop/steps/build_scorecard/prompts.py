"""
What became of the prompts that a run made: the chosen one against the original, on records nobody tuned on.

The comparison is the two candidates' own, decided with all others of the run: what a search knows from its
dev records is told beside it, and decides nothing.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from evaldrop.evaluation import Candidate
from evaldrop.evaluation.improvement import ImprovedPrompt
from evaldrop.evaluation.originals import improved_candidates, original_of
from evaldrop.prompt_search.front import dev_quality
from evaldrop.prompt_search.kept import search_of
from evaldrop.prompt_search.power import provable
from evaldrop.prompt_search.state import FIRST, Search
from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.model.part import OVERALL
from evaldrop.scorecard.model.prompts import (
    DevScores,
    PromptDecision,
    PromptDifference,
    PromptImprovement,
    PromptSearchCost,
    RecordParts,
)
from evaldrop.scorecard.model.scorecard import (
    CandidateScorecard,
    Comparison,
)
from evaldrop.statistics.paired_test import Groups
from evaldrop.steps.build_scorecard.counts import CandidateCounts, RunCounts
from evaldrop.steps.build_scorecard.unseen_judges import JudgedColumns, turned, unseen_differences


class Improvements(NamedTuple):
    """What a scorecard says of improved prompts, by candidate, and how the records were parted."""

    by_candidate: Mapping[str, PromptImprovement]
    parts: RecordParts | None


class _TestPart(NamedTuple):
    """All of a scorecard that says something of improved prompts."""

    run: RunDefinition
    judge: str | None
    counts: RunCounts
    candidates: Mapping[str, CandidateScorecard]
    comparisons: Sequence[Comparison]
    judged: JudgedColumns

    @property
    def main(self) -> str:
        """What prompts are held against each other on."""
        criteria = self.run.criteria
        return OVERALL if len(criteria) > 1 else next(iter(criteria), OVERALL)


def improvements(
    run: RunDefinition,
    counts: RunCounts,
    candidates: Mapping[str, CandidateScorecard],
    comparisons: Sequence[Comparison],
    judged: JudgedColumns,
) -> Improvements:
    """
    Return what became of each improved prompt.

    Args:
        run: The run.
        counts: What was counted of its records, which are the test part.
        candidates: By name.
        comparisons: Of every two candidates, decided.
        judged: The scores of each judge by itself.

    Raises:
        StorageError: The searches cannot be read.
    """
    file = search_of(run) if improved_candidates(run.evaluation) else None
    if file is None:
        return Improvements({}, None)
    measured = _TestPart(run, file.judge, counts, candidates, comparisons, judged)
    searches = {search.candidate: search for search in file.searches}
    found = {}
    for candidate, improved in improved_candidates(run.evaluation):
        original = original_of(run.evaluation, candidate)
        search = searches.get(candidate.name)
        # Of a run that is under way the search may not be over.
        is_made = f"candidate/{run.evaluation.prompt_of(candidate)}" in run.prompts
        if original is not None and search is not None and is_made:
            found[candidate.name] = _improvement(measured, search, improved, (candidate, original))
    parts = RecordParts(**file.records) if any(each.reads_records for each in _settings(run)) else None
    return Improvements(found, parts)


def _settings(run: RunDefinition) -> list[ImprovedPrompt]:
    return [improved for _, improved in improved_candidates(run.evaluation)]


def _improvement(
    measured: _TestPart, search: Search, improved: ImprovedPrompt, pair: tuple[Candidate, Candidate]
) -> PromptImprovement:
    run, candidates = measured.run, measured.candidates
    tuned, original = pair[0].name, pair[1].name
    prompt = run.evaluation.prompt_of(pair[0])
    chosen = search.winner or FIRST
    written = [each for each in search.proposals if each.id != FIRST]
    test = _test(measured, (tuned, original), is_same=chosen == FIRST)
    # Where no search asked a judge, none has been tuned to.
    unseen = (
        unseen_differences(
            run,
            measured.judged,
            measured.judge,
            (tuned, original),
            test.criterion,
            measured.counts.groups,
            measured.counts.size,
        )
        if improved.is_search
        else ()
    )
    return PromptImprovement(
        original=original,
        by=search.by,
        prompt=prompt,
        prompt_sha256=run.prompts[f"candidate/{prompt}"].sha256,
        chosen=chosen,
        rounds=search.round,
        proposed=len(written),
        refused=sum(each.refused is not None for each in written),
        ended=search.ended,
        dev=_dev(search, chosen) if improved.is_search else None,
        test=test,
        unseen_judges=unseen,
        tokens_more=_less(*(_mean_tokens(measured.counts.candidates[each]) for each in (tuned, original))),
        usd_more_per_1000_records=_less(
            *(candidates[each].cost_usd.per_1000_records for each in (tuned, original))
        ),
        cost_usd=_cost(search),
    )


def _test(measured: _TestPart, pair: tuple[str, str], *, is_same: bool) -> PromptDifference:
    main = measured.main
    family = [each for each in measured.comparisons if each.criterion == main]
    found = next((each for each in family if {each.a, each.b} == set(pair)), None)
    if found is None:
        return PromptDifference(criterion=main, n=0, decision="same" if is_same else "too few")
    criterion = measured.run.criteria.get(main)
    is_better_high = criterion is None or criterion.higher_is_better
    sign = (1 if found.a == pair[0] else -1) * (1 if is_better_high else -1)
    units = _units(found.n, measured.counts.groups)
    decision: PromptDecision = "not shown"
    if is_same:
        decision = "same"
    elif not provable(
        units, comparisons=len(family), confidence=measured.run.evaluation.confidence
    ).is_enough:
        decision = "too few"
    elif found.better is not None:
        decision = "better" if found.better == pair[0] else "worse"
    return PromptDifference(
        criterion=main,
        n=found.n,
        units=units,
        difference=None if found.difference is None else sign * found.difference,
        interval=turned(found.reported_interval, sign),
        detectable=found.minimum_detectable,
        decision=decision,
    )


def _units(n: int, groups: Groups) -> int:
    return n if groups is None else min(n, int(np.unique(groups).size))


def _dev(search: Search, chosen: str) -> DevScores:
    first = search.proposal(FIRST)
    scores = (dev_quality(search, search.proposal(which)) if first.dev else None for which in (FIRST, chosen))
    original, quality = scores
    return DevScores(n=len(first.dev), original=original, chosen=quality)


def _mean_tokens(candidate: CandidateCounts) -> float | None:
    called = len(candidate.called)
    return candidate.input_tokens / called if called and candidate.input_tokens else None


def _less(tuned: float | None, original: float | None) -> float | None:
    return None if tuned is None or original is None else tuned - original


def _cost(search: Search) -> PromptSearchCost:
    trying = _less(search.cost_usd, search.proposing_usd)
    return PromptSearchCost(proposing=search.proposing_usd, trying=trying, total=search.cost_usd)
