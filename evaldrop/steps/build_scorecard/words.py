"""Says in sentences what a scorecard's numbers bear, and raises alarms."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from evaldrop.run.results import LEFT_OUT, NOT_STARTED
from evaldrop.scorecard.figures import percent, signed, size
from evaldrop.scorecard.model.scorecard import (
    MOST_CATEGORIES,
    OVERALL,
    Comparison,
    CriterionEstimate,
    Scorecard,
)
from evaldrop.steps.build_scorecard.counts import RunCounts
from evaldrop.steps.build_scorecard.usefulness import frontier_in_words

# Above these shares a reader should look before trusting the numbers.
_MUCH_UNSCORED = 0.05
_MANY_ERRORS = 0.02
_MANY_IDENTICAL = 0.2
_MANY_FLIPS = 0.25
_FEW_IDENTICAL = 5
# Characters of a response that may be a label.
_LABEL = 24
# More of either kind make a table, not a sentence.
_MOST_PAIRS = 3
_KNOWN_SPREAD = 10
"""With fewer records the spread itself is a guess, and what could be seen is computed from it."""

_MOST_NAMED = 8
# Spearman correlations with length that are worth a sentence.
_MUCH_LENGTH, _SURE_OF_LENGTH = 0.3, 0.01


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
    decided = [_better(pair) for pair in pairs if pair.decisive]
    undecided = [_undecided(pair, scorecard) for pair in pairs if not pair.decisive]
    said = [*decided[:_MOST_PAIRS], *undecided[:_MOST_PAIRS]]
    rest = len(pairs) - len(said)
    more = f"; {rest} more pairs are in the table" if rest else ""
    return f"{start}On {name}{_level(pairs, scorecard.confidence)}: {'; '.join(said)}{more}."


def run_alarms(scorecard: Scorecard, counts: RunCounts) -> tuple[str, ...]:
    """Return what a reader should know before trusting the numbers, a sentence each."""
    losses, judging = _loss_alarms(scorecard), _judge_alarms(scorecard)
    return (
        *losses,
        *judging,
        *_order_alarms(scorecard),
        *_money_alarms(scorecard),
        *_identical(counts),
        *_many_categories(len(counts.category_names)),
    )


def run_hints(scorecard: Scorecard) -> tuple[str, ...]:
    """Return what would make the next evaluation better or cheaper, a sentence each."""
    uses = [use.finding for use in scorecard.criteria_use.values() if use.finding]
    pairs = [pair.finding for pair in scorecard.criterion_pairs if pair.finding]
    kinds = (uses, pairs, list(_length_hints(scorecard)), frontier_in_words(scorecard.frontier))
    # Of one kind a reader needs the first few; the scorecard's parts have them all.
    few = [hint for kind in kinds for hint in kind[:_MOST_NAMED]]
    return (*few, *_slice_hints(scorecard))


def _length_hints(scorecard: Scorecard) -> Iterator[str]:
    for candidate, card in scorecard.candidates.items():
        for criterion, relation in card.score_by_length.items():
            rho, p_value = relation.spearman, relation.p_value
            if rho is None or p_value is None or abs(rho) < _MUCH_LENGTH or p_value > _SURE_OF_LENGTH:
                continue
            # On a criterion where low is good, a negative correlation is what longer responses gain.
            info = scorecard.criteria.get(criterion)
            gain = (rho > 0) == (info is None or info.higher_is_better)
            yield (
                f"{candidate}: longer responses do {'better' if gain else 'worse'} on {criterion} "
                f"(Spearman {rho:.2f}, {relation.n} responses). That may be so, or the judge's taste."
            )


def _slice_hints(scorecard: Scorecard) -> Iterator[str]:
    small = [f"{name} ({part.n})" for name, part in scorecard.slices.items() if part.warning]
    if small:
        more = f" and {len(small) - _MOST_NAMED} more" if len(small) > _MOST_NAMED else ""
        named = ", ".join(small[:_MOST_NAMED])
        yield f"Categories with too few records to tell candidates apart: {named}{more}."


def _main_criterion(scorecard: Scorecard) -> str | None:
    if any(comparison.criterion == OVERALL for comparison in scorecard.comparisons):
        return OVERALL
    return next(iter(scorecard.criteria), None)


def _single(scorecard: Scorecard, criterion: str, name: str) -> str:
    candidate, card = next(iter(scorecard.candidates.items()))
    estimate = card.criteria.get(criterion)
    if estimate is None or estimate.mean is None:
        return f"{candidate} has no verdict on {name}."
    where = (
        "" if estimate.interval is None else f" ({estimate.interval[0]:.3g} to {estimate.interval[1]:.3g})"
    )
    return f"{candidate} reaches a mean of {estimate.mean:.3g}{where} on {name}."


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
    if pair.open == "missing" or (pair.difference is None and pair.n_missing):
        return f"{start}, because {_missing_in_words(pair, scorecard)}"
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
    return f"{start} (with {pair.n} records only differences above {least} can be seen, at 80 % power)"


def _missing_in_words(pair: Comparison, scorecard: Scorecard) -> str:
    """Return what is missing most: whose verdicts, on what, and how far they could move the difference."""
    shares = [
        (_lost_share(estimate), candidate, criterion)
        for candidate in (pair.a, pair.b)
        for criterion, estimate in scorecard.candidates[candidate].criteria.items()
        if pair.criterion in (criterion, OVERALL)
    ]
    share, candidate, criterion = max(shares, default=(0.0, pair.a, pair.criterion))
    low, high = pair.family_interval or pair.bounds or (0.0, 0.0)
    return (
        f"{percent(share)} of {candidate}'s verdicts on {criterion} are missing: "
        f"with them the difference may be {signed(low)} to {signed(high)}"
    )


def _lost_share(estimate: CriterionEstimate) -> float:
    lost = estimate.n_unscored - estimate.unscored.get("not_applicable", 0)
    return lost / (estimate.n_scored + lost) if lost else 0.0


def _loss_alarms(scorecard: Scorecard) -> Iterator[str]:
    records = scorecard.records
    if records.missing:
        reasons = ", ".join(f"{reason}: {n}" for reason, n in records.missing_reasons.items())
        prepared = records.missing + records.evaluated
        yield f"{records.missing} of {prepared} records have no result ({reasons})."
    for name, card in scorecard.candidates.items():
        counts = card.responses
        # Multiplied, not divided: there may have been no call at all.
        if counts.errors > _MANY_ERRORS * counts.n:
            causes = ", ".join(f"{error}: {n}" for error, n in counts.error_names.items())
            said = _said(counts.error_example)
            left_out = " was left out" if LEFT_OUT in counts.error_names else ""
            yield f"{name}{left_out}: {counts.errors} of {counts.n} calls failed ({causes}).{said}"
        if counts.truncated > _MANY_ERRORS * counts.n:
            where = "at max_tokens, or where the context was full"
            yield f"{name}: {counts.truncated} of {counts.n} responses were cut off {where}."
        if counts.empty > _MANY_ERRORS * counts.n:
            yield f"{name}: {counts.empty} of {counts.n} responses are empty, and judged as such."
        yield from _unknown_stops(name, counts.unknown_stop_reasons)
        if counts.blocked and card.guardrail is None:
            yield f"{name}: its guardrail stopped {counts.blocked} of {counts.n} requests; none is judged."


def _judge_alarms(scorecard: Scorecard) -> Iterator[str]:
    for name, judge in scorecard.judges.items():
        # What does not apply, or had no response to judge, is not the judge's fault.
        lost = {
            reason: n
            for reason, n in judge.unscored.items()
            if reason not in ("not_applicable", "no_response")
        }
        total = judge.scored + sum(lost.values())
        if sum(lost.values()) > _MUCH_UNSCORED * total:
            reasons = ", ".join(f"{reason}: {n}" for reason, n in lost.items())
            said = _said(judge.error_example)
            yield f"Judge {name}: {sum(lost.values())} of {total} verdicts are unscored ({reasons}).{said}"
        yield from _unknown_stops(f"Judge {name}", judge.unknown_stop_reasons)
        if judge.on_shortened:
            yield (
                f"Judge {name}: {_counted(judge.on_shortened, 'verdict')} on shortened prompts: "
                "records too long to be shown whole. What was left out the judge could not check."
            )
    for name, estimate in scorecard.anchors.items():
        if not estimate.trusted:
            yield f"Judge {name} is not trusted: {estimate.reason}. The gate is inconclusive."
    for name, card in scorecard.candidates.items():
        counts = card.responses
        if counts.flagged:
            flags = ", ".join(f"{flag}: {n}" for flag, n in counts.flags.items())
            there = counts.n - counts.errors - counts.missing
            yield (
                f"{name}: {counts.flagged} of {there} responses hold what is meant for a judge or a reader "
                f"rather than for the user ({flags}); look at them before trusting their scores."
            )


def _unknown_stops(name: str, reasons: Mapping[str, int]) -> Iterator[str]:
    if reasons:
        n = sum(reasons.values())
        replies = "1 reply" if n == 1 else f"{n:,} replies"
        named = ", ".join(f"{reason}: {n}" for reason, n in list(reasons.items())[:_MOST_NAMED])
        yield (
            f"{name}: {replies} ended for a reason that evaldrop does not know "
            f"({named}), and counted as finished. Look at them before trusting their scores."
        )


def _said(example: str | None) -> str:
    """Return what a failed call said, which is what to act on: its name alone says hardly anything."""
    return f" It said: {example}" if example else ""


def _counted(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def _order_alarms(scorecard: Scorecard) -> Iterator[str]:
    for name, card in scorecard.candidates.items():
        for judge, pairs in card.pairwise.by_judge.items() if card.pairwise else ():
            if pairs.flip_rate is not None and pairs.flip_rate > _MANY_FLIPS:
                yield (
                    f"Judge {judge} on {name}: {percent(pairs.flip_rate)} of {pairs.n_both_orders} "
                    "preferences changed with the order of the responses; they count as ties."
                )
            if pairs.n_unscored > _MUCH_UNSCORED * (pairs.n + pairs.n_unscored):
                total = pairs.n + pairs.n_unscored
                yield f"Judge {judge} on {name}: {pairs.n_unscored} of {total} pairs have no preference."


def _money_alarms(scorecard: Scorecard) -> Iterator[str]:
    if unknown := ", ".join(scorecard.cost_usd.unknown_models):
        yield f"The cost is unknown: no price or no tokens for {unknown}."
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
    for name, candidate in counts.candidates.items():
        _, lengths, hashes = candidate.texts.in_order()
        if not hashes.size:
            continue
        _, first, times = np.unique(hashes, return_index=True, return_counts=True)
        most = int(times.max())
        # Labels repeat for good reasons; whole sentences do not.
        long = int(times[lengths[first] > _LABEL].max(initial=0))
        repeated = most if most == hashes.size else long
        if repeated >= _FEW_IDENTICAL and repeated > _MANY_IDENTICAL * hashes.size:
            yield f"{name}: {repeated} of {hashes.size} responses are identical, whatever the record."
