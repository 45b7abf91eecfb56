"""
Whether a run has answers: of every candidate and judge the share of what it owes that is there.

A run in which one of them gave nothing has failed, whatever its gate says. Where a share is below `ENOUGH`,
nothing is recommended, and a gate without rules is inconclusive.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from evaldrop.run.results import LEFT_OUT
from evaldrop.scorecard.figures import count
from evaldrop.scorecard.model.judges import JudgeHealth
from evaldrop.scorecard.model.pairwise import pairs_of
from evaldrop.scorecard.model.scorecard import (
    NO_GATE,
    CandidateScorecard,
    Decision,
    Gate,
    GateCheck,
    Scorecard,
    coverage_of,
)

ENOUGH: Final = 0.9
"""The share of answers below which nothing is decided by default."""

ANSWERS: Final = "every candidate and judge answers"
COVERAGE: Final = f"coverage >= {ENOUGH:g} for every candidate and judge"
"""What a gate's checks of answers are called, as its rules are by their text."""

_MOST_REASONS = 4
_EMPTY = " Look at its max_tokens, which thinking may use up, and at its prompt."
_BLOCKED = " Look at the guardrail's policies and version; `expected_blocked` says what it should stop."


class Lack(NamedTuple):
    """
    Answers that are not there.

    Attributes:
        candidate: Whose; None for a judge.
        judge: Whose; None for a candidate.
        criterion: Of a judge, where it is about one criterion.
        what: Who lacks what, with the causes.
        said: What the first of the most frequent errors said, and what to do; empty where no call failed.
        share: The share that is there, a fraction in [0, 1].
    """

    candidate: str | None
    what: str
    said: str
    share: float
    judge: str | None = None
    criterion: str | None = None

    @property
    def sentence(self) -> str:
        """All of it."""
        return f"{self.what}.{self.said}"


def held_to_answers(scorecard: Scorecard) -> Scorecard:
    """
    Return a scorecard as it would be judged now, where somebody answered nothing: its gate has failed.

    Scorecards of earlier versions say that such a run passed, or that there is no gate. Nothing else of what
    they decided is judged anew.
    """
    gate = scorecard.gate
    if any(check.expression == ANSWERS for check in gate.checks):
        return scorecard
    checks = tuple(checks_of(ANSWERS, "fail", silences(scorecard)))
    if not checks:
        return scorecard
    # What it says of a run without rules does not hold, and its advice was given by it.
    before = () if gate.decision == NO_GATE else gate.reasons
    failed = Gate(
        decision="fail",
        reasons=(*map(reason_of, checks), *before),
        checks=(*checks, *gate.checks),
    )
    return scorecard.model_copy(update={"gate": failed, "recommendation": None})


def checks_of(expression: str, decision: Decision, lacks: Iterable[Lack]) -> Iterator[GateCheck]:
    """Yield a check of a gate for each lack."""
    for lack in lacks:
        yield GateCheck(
            expression=expression,
            decision=decision,
            sentence=lack.sentence,
            candidate=lack.candidate,
            judge=lack.judge,
            criterion=lack.criterion,
        )


def reason_of(check: GateCheck) -> str:
    """Return a check in one sentence, as a gate gives its reasons."""
    return f"{check.decision}: {check.expression}: {check.sentence}"


def silences(scorecard: Scorecard) -> tuple[Lack, ...]:
    """
    Return who gave nothing at all: candidates without a response or a verdict, judges without a verdict.

    Those are excused that were left out because somebody said to go on without them; but not a candidate of
    which nothing could be judged for it.
    """
    mute = tuple(lack for lack in _of_responses(scorecard) if not lack.share)
    judges = tuple(_silent_judges(scorecard))
    if judges:
        return (*mute, *judges)
    named = {lack.candidate for lack in mute}
    unjudged = (lack for lack in _of_verdicts(scorecard) if not lack.share and lack.candidate not in named)
    return (*mute, *unjudged)


def candidates_shortfalls(scorecard: Scorecard) -> tuple[Lack, ...]:
    """Return which candidates gave, or have verdicts on, less than `ENOUGH`; each once."""
    # Whose call failed has no verdict either: its own words come first.
    lacks = [lack for lack in (*_of_responses(scorecard), *_of_verdicts(scorecard)) if lack.share < ENOUGH]
    first = {lack.candidate: lack for lack in reversed(lacks)}
    return tuple(first[name] for name in scorecard.candidates if name in first)


def judges_shortfalls(scorecard: Scorecard) -> tuple[Lack, ...]:
    """Return which judges gave less than `ENOUGH` of their verdicts, in all or on one criterion."""
    return tuple(_short_judges(scorecard))


def least_share(scorecard: Scorecard) -> tuple[float, str] | None:
    """Return the smallest share of answers that is there, and whose; None where nothing is owed."""
    candidates = [
        (lack.share, str(lack.candidate)) for lack in (*_of_responses(scorecard), *_of_verdicts(scorecard))
    ]
    judges = [
        (judge.coverage, f"judge {name}") for name, judge in _judges(scorecard) if judge.coverage is not None
    ]
    return min([*candidates, *judges], key=lambda found: found[0], default=None)


def verdict_coverage(scorecard: Scorecard, name: str) -> float | None:
    """Return the scored share of a candidate's verdicts, and of the preferences that it is one side of."""
    known = {candidate: card.pairwise for candidate, card in scorecard.candidates.items()}
    return coverage_of(scorecard.candidates[name].criteria.values(), pairs_of(known, name).values())


def _of_responses(scorecard: Scorecard) -> Iterator[Lack]:
    """Yield the share of its records that each candidate answered."""
    for name, card in _candidates(scorecard):
        counts = card.responses
        if not counts.n:
            continue
        failed = counts.errors + counts.missing
        there, of = counts.n - failed, f"of {count(counts.n)} records{_causes(counts.error_names)}"
        what, said = f"{name} answered {count(there)} {of}", _said(counts.error_example, counts.error_advice)
        # An empty text answers nothing either. Some empty ones are bad answers, and are judged as such.
        if there == counts.empty:
            what = f"{name} gave no response to any {of}"
            if there:
                what += f"; {count(there)} {'is' if there == 1 else 'are'} empty"
                said = said or _EMPTY
            there = 0
        yield Lack(name, what, said, there / counts.n)


def _of_verdicts(scorecard: Scorecard) -> Iterator[Lack]:
    """Yield the share of its verdicts and preferences that each candidate has."""
    for name, card in _candidates(scorecard):
        owed = _owed(scorecard, name)
        if not (total := owed.there + owed.lost):
            continue
        kinds = {"verdicts": bool(card.criteria), "preferences": "no_preference" in owed.reasons}
        noun = " and ".join(kind for kind, is_owed in kinds.items() if is_owed) or "preferences"
        what = f"{name} has {count(owed.there)} of {count(total)} {noun}{_causes(owed.reasons)}"
        said = _judges_said(scorecard)
        if (counts := card.responses).blocked:
            what += f"; its guardrail stopped {count(counts.blocked)} of {count(counts.n)} requests"
            said = said or _BLOCKED
        yield Lack(name, what, said, owed.there / total)


def _silent_judges(scorecard: Scorecard) -> Iterator[Lack]:
    for name, judge in _judges(scorecard):
        if judge.calls and judge.errors == judge.calls:
            what = f"judge {name} answered none of {count(judge.calls)} calls{_causes(judge.error_names)}"
            yield Lack(None, what, _judge_said(judge), 0.0, name)
        elif judge.coverage == 0:
            yield _of_judge(name, judge, judge.coverage)


def _short_judges(scorecard: Scorecard) -> Iterator[Lack]:
    for name, judge in _judges(scorecard):
        if judge.coverage is not None and judge.coverage < ENOUGH:
            yield _of_judge(name, judge, judge.coverage)
            continue
        for criterion, known in judge.criteria.items():
            # Of many criteria one may be lost as a whole without being seen in all of them.
            if known.coverage is not None and known.coverage < ENOUGH:
                of = f"{count(known.scored)} of {count(known.scored + known.lost)} responses on {criterion}"
                what = f"judge {name} scored {of}"
                yield Lack(None, what, _judge_said(judge), known.coverage, name, criterion)


def _of_judge(name: str, judge: JudgeHealth, share: float) -> Lack:
    total = count(judge.given + sum(judge.lost.values()))
    noun = "verdicts" if judge.scored or judge.unscored else "preferences"
    what = f"{count(judge.given)} of {total} {noun} of judge {name} can be read{_causes(judge.lost)}"
    return Lack(None, what, _judge_said(judge), share, name)


def _candidates(scorecard: Scorecard) -> Iterator[tuple[str, CandidateScorecard]]:
    """Yield the candidates that were not left out by consent."""
    for name, card in scorecard.candidates.items():
        if LEFT_OUT not in card.responses.error_names:
            yield name, card


def _judges(scorecard: Scorecard) -> Iterator[tuple[str, JudgeHealth]]:
    """Yield the judges that were not left out by consent."""
    for name, judge in scorecard.judges.items():
        if LEFT_OUT not in judge.error_names:
            yield name, judge


class _Owed(NamedTuple):
    """A candidate's verdicts and preferences: how many there are, how many are lost, and why."""

    there: int
    lost: int
    reasons: Mapping[str, int]


def _owed(scorecard: Scorecard, name: str) -> _Owed:
    card, reasons = scorecard.candidates[name], Counter[str]()
    there = lost = 0
    for estimate in card.criteria.values():
        without = Counter(estimate.unscored)
        excused = _rightly_blocked(card, without["no_response"])
        there += estimate.n_scored
        lost += estimate.n_unscored - without.pop("not_applicable", 0) - excused
        reasons += without - Counter(no_response=excused)
    known = {candidate: each.pairwise for candidate, each in scorecard.candidates.items()}
    for sides, pair in pairs_of(known, name).items():
        # A pair is lost with either side: no fewer for it than the side has that lost more.
        excused = max(_blocked_bad(scorecard.candidates[side]) for side in sides)
        there += pair.n + pair.n_unscored - pair.n_lost
        lost += max(0, pair.n_lost - excused)
        reasons += Counter(no_preference=max(0, pair.n_lost - excused))
    return _Owed(there, lost, reasons)


def _rightly_blocked(card: CandidateScorecard, without_response: int) -> int:
    """Return how many of a criterion's verdicts are not owed: a guardrail stopped what it should."""
    failed = card.responses.errors + card.responses.missing
    return min(_blocked_bad(card), max(0, without_response - failed))


def _blocked_bad(card: CandidateScorecard) -> int:
    return card.guardrail.blocked_bad.n if card.guardrail else 0


def _judges_said(scorecard: Scorecard) -> str:
    """Return what the judge said that failed most, or what to do about replies that cannot be read."""
    losing = max(scorecard.judges.values(), key=lambda judge: sum(judge.lost.values()), default=None)
    return _judge_said(losing) if losing and losing.lost else ""


def _judge_said(judge: JudgeHealth) -> str:
    if judge.errors:
        return _said(judge.error_example, judge.error_advice)
    return (
        " Its replies are in verdicts.parquet (raw_reply) and in the report; `verdict: text`, another prompt "
        "or more max_tokens may help."
    )


def _causes(names: Mapping[str, int]) -> str:
    listed = [f"{name}: {count(n)}" for name, n in list(names.items())[:_MOST_REASONS]]
    more = ["…"] if len(names) > _MOST_REASONS else []
    return f" ({', '.join([*listed, *more])})" if listed else ""


def _said(example: str | None, advice: str | None) -> str:
    said = f" It said: {example}" if example else ""
    if said and advice and not said.endswith((".", "!", "?")):
        said += "."
    return f"{said} {advice}" if advice else said
