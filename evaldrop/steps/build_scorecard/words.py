"""Says in sentences what a scorecard's numbers bear, and raises alarms."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import inf

import numpy as np

from evaldrop.run.results import LEFT_OUT, NOT_STARTED
from evaldrop.scorecard.answers import silences
from evaldrop.scorecard.figures import budget_in_words, percent, signed, size, usd
from evaldrop.scorecard.model.judges import ALGORITHM, NOT_THE_JUDGES, PEOPLE
from evaldrop.scorecard.model.part import OVERALL
from evaldrop.scorecard.model.scorecard import (
    MOST_CATEGORIES,
    Comparison,
    CriterionEstimate,
    JudgeHealth,
    ResponseCounts,
    Scorecard,
)
from evaldrop.scorecard.recommendation.leads import MARGIN
from evaldrop.steps.build_scorecard.counts import CandidateCounts, RunCounts
from evaldrop.steps.build_scorecard.hints import by_subject

# Above these shares a reader should look before trusting the numbers.
MUCH_UNSCORED = 0.05
_MANY_ERRORS = 0.02
_MANY_IDENTICAL = 0.2
_FEW_IDENTICAL = 5
# Characters of a response that may be a label.
_LABEL = 24
# More of either kind make a table, not a sentence.
_MOST_PAIRS = 3
_KNOWN_SPREAD = 10
"""With fewer records the spread itself is a guess, and what could be seen is computed from it."""

_MOST_NAMED = 8


def failure_in_words(scorecard: Scorecard) -> str | None:
    """Return who answered nothing, in place of a summary: nothing may rest on the run; None for nobody."""
    silent = silences(scorecard)
    return f"This run failed, and nothing may rest on it: {silent[0].what}." if silent else None


def verdict_in_words(scorecard: Scorecard) -> str:
    """Return what the comparisons decide, and what they leave open, on the run's main quantity."""
    start = "SIMULATED. " if scorecard.simulated else ""
    criterion = _main_criterion(scorecard)
    if criterion is None:
        return f"{start}{scorecard.records.evaluated} records were evaluated; no criterion was judged."
    pairs = [comparison for comparison in scorecard.comparisons if comparison.criterion == criterion]
    name = "quality over all criteria" if criterion == OVERALL else criterion
    if not pairs:
        return f"{start}{_single(scorecard, criterion, name)}"
    # A few are told by what they decide; of many the best one against the next, and then against the others.
    few = len(pairs) <= _MOST_PAIRS
    told = (
        sorted(pairs, key=lambda pair: not pair.decisive) if few else _best_first(pairs, criterion, scorecard)
    )
    said = [_better(pair) if pair.decisive else _undecided(pair, scorecard) for pair in told[:_MOST_PAIRS]]
    rest = len(pairs) - len(said)
    more = f"; {rest} more pairs are in the table" if rest else ""
    return f"{start}On {name}{_level(pairs, scorecard.confidence)}: {'; '.join(said)}{more}."


def run_alarms(scorecard: Scorecard, counts: RunCounts) -> tuple[str, ...]:
    """Return what a reader should know before trusting the numbers, a sentence each."""
    losses, judging = _loss_alarms(scorecard), _judge_alarms(scorecard)
    return (
        *losses,
        *judging,
        *_money_alarms(scorecard),
        *_identical(counts),
        *_many_categories(len(counts.category_names)),
    )


def _main_criterion(scorecard: Scorecard) -> str | None:
    is_compared = any(comparison.criterion == OVERALL for comparison in scorecard.comparisons)
    # Of a single candidate too: the first criterion alone would contradict what the recommendation is about.
    if is_compared or len(scorecard.criteria) > 1:
        return OVERALL
    return next(iter(scorecard.criteria), None)


def _single(scorecard: Scorecard, criterion: str, name: str) -> str:
    candidate, card = next(iter(scorecard.candidates.items()))
    estimate = card.criteria.get(criterion) if criterion in scorecard.criteria else card.overall
    if estimate is None or estimate.mean is None:
        return f"{candidate} has no verdict on {name}."
    where = (
        "" if estimate.interval is None else f" ({estimate.interval[0]:.3g} to {estimate.interval[1]:.3g})"
    )
    return f"{candidate} reaches a mean of {estimate.mean:.3g}{where} on {name}."


def _best_first(pairs: Sequence[Comparison], criterion: str, scorecard: Scorecard) -> list[Comparison]:
    """Return pairs in the order of the better one's place and then of the other's, by their means."""
    info = scorecard.criteria.get(criterion)
    sign = 1.0 if info is None or info.higher_is_better else -1.0

    def place(candidate: str) -> float:
        card = scorecard.candidates[candidate]
        estimate = card.criteria.get(criterion) if info else card.overall
        return inf if estimate is None or estimate.mean is None else -sign * estimate.mean

    return sorted(pairs, key=lambda pair: sorted((place(pair.a), place(pair.b))))


def _level(pairs: Sequence[Comparison], confidence: float) -> str:
    """Return the level of what follows and how much it is shared with: once, for it holds for all of it."""
    n = max((pair.family.n for pair in pairs if pair.family), default=0)
    together = f", {n} comparisons decided together" if n > 1 else ""
    return f" ({percent(confidence)}{together})" if n else ""


def _better(pair: Comparison) -> str:
    worse = pair.b if pair.better == pair.a else pair.a
    # That of the family: the interval of one comparison alone is too short for those that stand out.
    low, high = sorted(abs(bound) for bound in pair.family_interval or (0.0, 0.0))
    return f"{pair.better} is better than {worse} by {size(low)} to {size(high)}"


def _undecided(pair: Comparison, scorecard: Scorecard) -> str:
    start = f"the order of {pair.a} and {pair.b} is not decided"
    missing = _much_missing(pair, scorecard)
    # That those that are left do not differ at all says nothing of those that are missing.
    unseen = missing if pair.difference is not None else pair.n_missing
    if pair.open == "missing" or (unseen and not pair.difference):
        return f"{start}, because {_missing_in_words(pair, scorecard)}"
    also = f"; {missing}" if missing else ""
    if pair.open == "few_changed":
        return (
            f"{start}, for so few of {pair.n} records differ that a rare large difference may outweigh them"
        )
    if pair.minimum_detectable is None:
        seen = "no difference in" if pair.difference == 0 else "too few to see a difference:"
        return f"{start} ({pair.reason or f'{seen} {pair.n} records'})"
    if pair.n < _KNOWN_SPREAD:
        return f"{start} ({pair.n} records are too few to say what could be seen)"
    least = size(pair.minimum_detectable)
    labelled = ""
    if pair.rests_on != "judge" and pair.n_labelled < pair.n:
        labelled = f", {pair.n_labelled} of them labelled,"
    seen = f"only differences above {least} can be seen, at 80 % power{also}"
    return f"{start} (with {pair.n} records{labelled} {seen})"


def _missing_in_words(pair: Comparison, scorecard: Scorecard) -> str:
    """Return what is missing most: whose verdicts, on what, and how far they could move the difference."""
    low, high = pair.family_interval or pair.bounds or (0.0, 0.0)
    reach = f"with them the difference may be {signed(low)} to {signed(high)}"
    return f"{_most_missing(pair, scorecard)}: {reach}"


def _much_missing(pair: Comparison, scorecard: Scorecard) -> str | None:
    """Return what is missing where that alone may be more than a difference that counts as equal."""
    criterion = scorecard.criteria.get(pair.criterion)
    scale = criterion.high - criterion.low if criterion else 1.0
    low, high = pair.bounds or (0.0, 0.0)
    return _most_missing(pair, scorecard) if high - low >= MARGIN * scale and pair.bounds else None


def _most_missing(pair: Comparison, scorecard: Scorecard) -> str:
    shares = [
        (_lost_share(estimate), candidate, criterion)
        for candidate in (pair.a, pair.b)
        for criterion, estimate in scorecard.candidates[candidate].criteria.items()
        if pair.criterion in (criterion, OVERALL)
    ]
    share, candidate, criterion = max(shares, default=(0.0, pair.a, pair.criterion))
    return f"{percent(share)} of {candidate}'s verdicts on {criterion} are missing"


def _lost_share(estimate: CriterionEstimate) -> float:
    lost = estimate.n_unscored - estimate.unscored.get("not_applicable", 0)
    return lost / (estimate.n_scored + lost) if lost else 0.0


def _loss_alarms(scorecard: Scorecard) -> Iterator[str]:
    records = scorecard.records
    prepared = records.missing + records.evaluated + records.skipped
    if spent := budget_in_words(scorecard.budget_usd, records.skipped, prepared):
        yield f"{spent} They are in no number; evaldrop run --resume RUN --budget USD calls them."
    if records.missing:
        reasons = ", ".join(f"{reason}: {n}" for reason, n in records.missing_reasons.items())
        yield f"{records.missing} of {prepared} records have no result ({reasons})."
    counts = {name: card.responses for name, card in scorecard.candidates.items()}
    # Multiplied, not divided: there may have been no call at all.
    failed = {name: one for name, one in counts.items() if one.errors > _MANY_ERRORS * one.n}
    yield from _with_what_was_said(
        by_subject((_left_out(name, one), _failed(one)) for name, one in failed.items()),
        {name: one.error_example for name, one in failed.items()},
    )
    cut_off = {name: one for name, one in counts.items() if one.truncated > _MANY_ERRORS * one.n}
    yield from by_subject(
        ((name, f"{one.truncated} of {one.n} responses were cut off") for name, one in cut_off.items()),
        end=" at max_tokens, or where the context was full.",
    )
    empty = {name: one for name, one in counts.items() if one.empty > _MANY_ERRORS * one.n}
    yield from by_subject(
        ((name, f"{one.empty} of {one.n} responses are empty") for name, one in empty.items()),
        end=", and judged as such.",
    )
    yield from _unknown_stops({name: one.unknown_stop_reasons for name, one in counts.items()})
    yield from by_subject(
        (
            (name, f"its guardrail stopped {one.blocked} of {one.n} requests")
            for name, one in counts.items()
            if one.blocked and scorecard.candidates[name].guardrail is None
        ),
        end="; none is judged.",
    )


def _left_out(name: str, counts: ResponseCounts) -> str:
    return f"{name} was left out" if LEFT_OUT in counts.error_names else name


def _failed(counts: ResponseCounts) -> str:
    causes = ", ".join(f"{error}: {n}" for error, n in counts.error_names.items())
    return f"{counts.errors} of {counts.n} calls failed ({causes})"


def _judge_alarms(scorecard: Scorecard) -> Iterator[str]:
    judges = {f"Judge {name}": judge for name, judge in scorecard.judges.items()}
    unread = {name: said for name, judge in judges.items() if (said := _unread(judge))}
    yield from _with_what_was_said(
        by_subject(unread.items()), {name: judges[name].error_example for name in unread}
    )
    yield from _unknown_stops({name: judge.unknown_stop_reasons for name, judge in judges.items()})
    yield from by_subject(
        (
            (name, f"{_counted(judge.on_shortened, 'verdict')} on shortened prompts")
            for name, judge in judges.items()
            if judge.on_shortened
        ),
        end=": records too long to be shown whole. What was left out the judge could not check.",
    )
    untrusted = {name: known.reason for name, known in scorecard.anchors.items() if not known.trusted}
    if untrusted:
        said = "; ".join(f"Judge {name} is not trusted: {reason}" for name, reason in untrusted.items())
        yield f"{said}. The gate is inconclusive."
    yield from by_subject(
        (
            (name, _flagged(card.responses))
            for name, card in scorecard.candidates.items()
            if card.responses.flagged
        ),
        end="; look at them before trusting their scores.",
    )


def _unread(judge: JudgeHealth) -> str | None:
    """Return how many verdicts a judge lost, where they are many."""
    # What does not apply, or had no response to judge, is not the judge's fault.
    lost = {reason: n for reason, n in judge.unscored.items() if reason not in NOT_THE_JUDGES}
    total = judge.scored + sum(lost.values())
    if sum(lost.values()) <= MUCH_UNSCORED * total:
        return None
    reasons = ", ".join(f"{reason}: {n}" for reason, n in lost.items())
    return f"{sum(lost.values())} of {total} verdicts are unscored ({reasons})"


def _flagged(counts: ResponseCounts) -> str:
    flags = ", ".join(f"{flag}: {n}" for flag, n in counts.flags.items())
    there = counts.n - counts.errors - counts.missing
    return (
        f"{counts.flagged} of {there} responses hold what is meant for a judge or a reader "
        f"rather than for the user ({flags})"
    )


def _unknown_stops(found: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    said = {name: _replies_of(reasons) for name, reasons in found.items() if reasons}
    yield from by_subject(
        said.items(), end=", and counted as finished. Look at them before trusting their scores."
    )


def _replies_of(reasons: Mapping[str, int]) -> str:
    n = sum(reasons.values())
    replies = "1 reply" if n == 1 else f"{n:,} replies"
    named = ", ".join(f"{reason}: {n}" for reason, n in list(reasons.items())[:_MOST_NAMED])
    return f"{replies} ended for a reason that evaldrop does not know ({named})"


def _with_what_was_said(alarms: Iterable[str], examples: Mapping[str, str | None]) -> Iterator[str]:
    """Yield an alarm with what failed calls said, which is what to act on: a name says hardly anything."""
    told = {name: said for name, said in examples.items() if said}
    for alarm in alarms:
        if len(examples) == 1:
            yield "".join([alarm, *(f" It said: {said}" for said in told.values())])
        else:
            yield " ".join([alarm, *(f"{name} said: {said}" for name, said in told.items())])


def _counted(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def _money_alarms(scorecard: Scorecard) -> Iterator[str]:
    # People and algorithms have no tokens: what they cost is no model's price to be given.
    models = [each for each in scorecard.cost_usd.unknown_models if each not in {ALGORITHM, PEOPLE}]
    if unknown := ", ".join(models):
        at_most = scorecard.cost_usd.evaluation_jobs_at_most
        jobs = f" Evaluation jobs may have cost up to {usd(at_most)} of it." if at_most else ""
        yield f"The cost is unknown: no price or no tokens for {unknown}.{jobs}"
    dearer = [one for one in scorecard.cost_usd.deliveries if one.delivery != one.billed_as]
    if calls := sum(one.calls for one in dearer):
        whose = ", ".join(f"{one.name} {one.calls:,}" for one in dearer)
        yield (
            f"{_counted(calls, 'call')} asked for the flex tier and got the default one, at the whole price: "
            f"{whose}."
        )
    records = scorecard.records
    if failed := records.missing - records.missing_reasons.get(NOT_STARTED, 0):
        what = "1 record" if failed == 1 else f"{failed} records"
        yield f"What {what} without a result spent is not in the cost: their calls are not known."
    if records.repeated:
        what = "1 record was" if records.repeated == 1 else f"{records.repeated} records were"
        yield f"{what} evaluated more than once: one result counts, all are in the cost."


def _many_categories(n: int) -> Iterator[str]:
    if n > MOST_CATEGORIES:
        yield f"There are {n} categories; the scorecard has the {MOST_CATEGORIES} largest of them."


def _identical(counts: RunCounts) -> Iterator[str]:
    found = {name: _most_alike(candidate) for name, candidate in counts.candidates.items()}
    yield from by_subject(
        (
            (name, f"{repeated} of {size} responses are identical")
            for name, (repeated, size) in found.items()
            if repeated >= _FEW_IDENTICAL and repeated > _MANY_IDENTICAL * size
        ),
        end=", whatever the record.",
    )


def _most_alike(candidate: CandidateCounts) -> tuple[int, int]:
    """Return how many responses are the same one, and of how many."""
    _, lengths, hashes = candidate.texts.in_order()
    if not hashes.size:
        return 0, 0
    _, first, times = np.unique(hashes, return_index=True, return_counts=True)
    most = int(times.max())
    # Labels repeat for good reasons; whole sentences do not.
    long = int(times[lengths[first] > _LABEL].max(initial=0))
    return (most if most == hashes.size else long), int(hashes.size)


def counted_as_worst(scorecard: Scorecard) -> Iterator[str]:
    """Yield whose missing verdicts count as the worst: a difference may be made of nothing else."""
    missing = [
        f"{percent(share)} of {name}'s on {criterion}"
        for name, card in scorecard.candidates.items()
        for criterion, estimate in card.criteria.items()
        if (share := _lost_share(estimate))
    ]
    if missing:
        more = f" and {len(missing) - _MOST_NAMED} more" if len(missing) > _MOST_NAMED else ""
        named = ", ".join(missing[:_MOST_NAMED])
        yield (
            f"Missing verdicts count as the worst (unscored: worst): {named}{more}. Differences are made of "
            "them too."
        )
