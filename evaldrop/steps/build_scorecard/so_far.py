"""
What a run comes to so far: the scorecard's estimates of the records that have ended, while others go on.

The same readers and the same statistics as the scorecard's, so that the last look is what it will say. Each
record is read once, in the order in which they end, which is its ordinal here.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Final

from evaldrop.evaluation.prices import ModelPrice
from evaldrop.evaluation.questions import compared_pairs
from evaldrop.report.live import (
    LiveCandidate,
    LiveCriterion,
    LiveEstimate,
    LiveFailure,
    LivePreference,
    Look,
    State,
)
from evaldrop.report.restated import restated_in_words
from evaldrop.run.definition import RunDefinition
from evaldrop.run.results import Found
from evaldrop.run.tables import VerdictRow
from evaldrop.scorecard.figures import one_line
from evaldrop.scorecard.results import CandidateResult, RecordResults
from evaldrop.scorecard.scores import JUDGE_ERROR, NO_VERDICT
from evaldrop.statistics.paired_test import Groups
from evaldrop.steps.build_scorecard.costs import cost_totals
from evaldrop.steps.build_scorecard.counts import CountTally, RunCounts, ScoreColumn
from evaldrop.steps.build_scorecard.estimates import criterion_estimate
from evaldrop.steps.build_scorecard.preferences.estimates import PairsAsked, pairs_so_far
from evaldrop.steps.build_scorecard.preferences.win_rates import PairwiseTally
from evaldrop.steps.build_scorecard.reading import ResultReader
from evaldrop.steps.build_scorecard.results import read_found, take_unread_replies

MOST_FAILURES: Final = 20
MOST_WORDS: Final = 300
"""Characters of what a judge or an error said."""

_LOST = frozenset({JUDGE_ERROR, NO_VERDICT})


class SoFar:
    """
    Grows with each record of a run that ends.

    Attributes:
        records: How many there are.
        estimate: The run's plan, which its first calls restate.
    """

    def __init__(self, run: RunDefinition) -> None:
        # Nothing of them is shown, and they take longer to compute than all else.
        self._run = run = run.changed(evaluation=run.evaluation.model_copy(update={"metrics": ()}))
        self.estimate = run.estimate
        self._reader = ResultReader(run)
        self._tally = CountTally([candidate.name for candidate in run.candidates], list(run.answering), ())
        self._pairs = PairwiseTally()
        self.records = self._failed = 0
        self._failures: deque[LiveFailure] = deque(maxlen=MOST_FAILURES)

    def add(self, found: Found) -> None:
        """Add a record that has ended, with its child's output or why there is none."""
        record = found.record
        if record.asked_of_jobs:
            # Evaluation jobs come last: what they are to say is not there yet, and not lost.
            asked = tuple(each for each in record.asked if each not in record.asked_of_jobs)
            found = found._replace(record=record._replace(asked=asked))
        take_unread_replies(found, self._run.folder)
        results = read_found(self.records, found, self._reader)
        self._tally.add(found.record, results)
        self._pairs.add(found.record, results)
        self.records += 1
        self._failed += found.output is None
        # A perturbed copy is meant to be harder, and what is said of it is not said of its record.
        if found.record.perturbed is None:
            self._failures.extend(failures_of(found.record.record_id, results))

    @property
    def prices(self) -> Mapping[str, ModelPrice | None]:
        """The price of every model of the run."""
        return self._run.prices

    def look(self, *, state: State, total: int | None, time_left: str | None = None) -> Look:
        """Return what is known; `total` is how many records there are."""
        run, counts = self._run, self._tally.result()
        costs = cost_totals(run, counts)
        candidates, judges = counts.candidates.values(), counts.judges.values()
        return Look(
            state=state,
            name=run.evaluation.name,
            run_id=run.run_id,
            simulated=run.simulated,
            records=self.records,
            total=total,
            failed=self._failed,
            time_left=time_left,
            calls=sum(each.n - each.missing - each.spent.reused for each in candidates)
            + sum(each.calls - each.kept for each in judges),
            retries=sum(each.retries for each in candidates) + sum(each.retries for each in judges),
            tokens=sum(each.input_tokens + each.output_tokens for each in candidates)
            + sum(each.input_tokens + each.output_tokens for each in judges),
            cost_usd=costs.known,
            cost_is_whole=costs.total is not None,
            budget_usd=run.budget_usd or run.evaluation.budget_usd,
            planned_usd=((self.estimate or {}).get("known_cost_usd") or {}).get("likely"),
            restated=restated_in_words(self.estimate),
            confidence=run.evaluation.confidence,
            criteria=tuple(
                LiveCriterion(
                    name=name,
                    low=criterion.scale.low,
                    high=criterion.scale.high,
                    is_rate=criterion.scale.kind == "binary",
                )
                for name, criterion in run.criteria.items()
            ),
            candidates=tuple(self._candidate(name, counts) for name in counts.candidates),
            preferences=tuple(self._preferences(counts)),
            failures=tuple(reversed(self._failures)),
        )

    def _preferences(self, counts: RunCounts) -> Iterator[LivePreference]:
        evaluation = self._run.evaluation
        if evaluation.pairwise is None:
            return
        pairs = list(compared_pairs(evaluation))
        asked = PairsAsked(pairs, evaluation.pairwise, counts.records, counts.groups, evaluation.confidence)
        estimates = pairs_so_far(self._pairs.result(), list(counts.candidates), asked)
        for (first, second), found in estimates.items():
            # Whatever pairs that nobody could read are counted as, alone they make no rate.
            is_read = found.coverage != 0
            yield LivePreference(
                first=first,
                second=second,
                n=found.n,
                unread=found.n_lost,
                win_rate=found.win_rate if is_read else None,
                interval=found.interval if is_read else None,
                wins=found.wins,
                losses=found.losses,
                ties=found.ties,
            )

    def _candidate(self, name: str, counts: RunCounts) -> LiveCandidate:
        columns = counts.candidates[name].columns()
        return LiveCandidate(
            name=name,
            estimates=tuple(
                self._estimate(criterion, columns[criterion], counts.groups) if criterion in columns else None
                for criterion in self._run.criteria
            ),
        )

    def _estimate(self, criterion: str, column: ScoreColumn, groups: Groups) -> LiveEstimate:
        found = criterion_estimate(
            column, self._run.criteria[criterion], groups, self._run.evaluation.confidence
        )
        return LiveEstimate(
            n=found.n_scored,
            unscored=found.n_unscored,
            mean=found.mean,
            interval=found.interval,
            pass_rate=found.pass_rate,
            pass_interval=found.pass_interval,
        )


def failures_of(record: str, results: RecordResults) -> Iterator[LiveFailure]:
    """Yield what failed of a record: all of it, a response, or a response on a criterion."""
    if results.failure is not None:
        yield LiveFailure(record=record, candidate=None, criterion=None, what=_words(*results.failure))
        return
    for result in results.candidates:
        if result.response.error is not None:
            yield LiveFailure(
                record=record,
                candidate=result.response.candidate,
                criterion=None,
                what=_words(result.response.error),
            )
        else:
            yield from _failed_criteria(record, result)


def _failed_criteria(record: str, result: CandidateResult) -> Iterator[LiveFailure]:
    for name, score in result.scores.items():
        is_lost = score.reason in _LOST
        if is_lost or (score.passed is not None and score.passed < 1):
            verdicts = [verdict for verdict in result.verdicts if verdict.criterion == name]
            yield LiveFailure(
                record=record, candidate=result.response.candidate, criterion=name, what=_reason(verdicts)
            )


def _reason(verdicts: list[VerdictRow]) -> str:
    """Return what the first judge said that did not let it pass, or why there is no verdict."""
    failed = next((verdict for verdict in verdicts if not verdict.passed), None)
    if failed is None:
        return ""
    return _words(failed.rationale or failed.unscored_reason or "")


def _words(*said: str) -> str:
    return one_line(": ".join(filter(None, said)), MOST_WORDS)
