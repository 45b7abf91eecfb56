"""What a rule's names mean in a run; unknown and ambiguous ones are refused with their place."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from evaldrop.errors import EvaluationError
from evaldrop.evaluation import Evaluation
from evaldrop.evaluation.questions import compared_pairs
from evaldrop.nearest import nearest
from evaldrop.scorecard.gate.rules import OF_A_SUBJECT, PowerToSee, Rule, Threshold, misread, parse_gate
from evaldrop.scorecard.model.part import OVERALL

if TYPE_CHECKING:
    from evaldrop.scorecard.model.scorecard import Scorecard


@dataclass(frozen=True, slots=True, kw_only=True)
class RunNames:
    """What there is in a run that a rule may name."""

    candidates: Sequence[str]
    criteria: Sequence[str]
    metrics: Sequence[str] = ()
    opponents: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Whom each candidate has a win rate over; none for a baseline, nobody without pairwise."""

    @classmethod
    def asked(cls, evaluation: Evaluation, criteria: Iterable[str]) -> "RunNames":
        """Return the names in a run of an evaluation, which may have more criteria than the evaluation."""
        opponents: dict[str, list[str]] = {}
        for candidate, baseline in compared_pairs(evaluation):
            opponents.setdefault(candidate, []).append(baseline)
            if evaluation.pairwise and evaluation.pairwise.all_pairs:
                opponents.setdefault(baseline, []).append(candidate)
        return cls(
            candidates=[candidate.name for candidate in evaluation.candidates],
            criteria=list(criteria),
            metrics=evaluation.metrics,
            opponents=opponents,
        )

    @classmethod
    def of(cls, scorecard: "Scorecard") -> "RunNames":
        """Return the names in a scorecard."""
        metrics = dict.fromkeys(name for card in scorecard.candidates.values() for name in card.metrics)
        opponents = {
            name: list(card.pairwise.by_baseline)
            for name, card in scorecard.candidates.items()
            if card.pairwise is not None
        }
        return cls(
            candidates=list(scorecard.candidates),
            criteria=list(scorecard.criteria),
            metrics=list(metrics),
            opponents=opponents,
        )


class GateSubject(NamedTuple):
    """What a threshold is about: a criterion or metric, of one candidate or of every one; "" for neither."""

    measure: str
    candidates: Sequence[str]
    is_the_run: bool = False


def check_names(rule: Rule, names: RunNames) -> None:
    """
    Refuse a rule about something that is not in the run.

    Raises:
        EvaluationError: A name is unknown or may mean two things; the message shows where it is.
    """
    if isinstance(rule, Threshold):
        subject_of(rule, names)
        return
    candidates_of(rule, names)
    # A drop is one of a pass rate, and the weighted mean has none.
    known = list(names.criteria) if isinstance(rule, PowerToSee) else [*names.criteria, OVERALL]
    if rule.criterion is not None and rule.criterion not in known:
        found = f'no criterion "{rule.criterion}"'
        raise _unknown(rule, rule.position, found, rule.criterion, known, names)


def gate_problems(expressions: Iterable[str], names: RunNames) -> Iterator[str]:
    """Yield which rules cannot be read or name what such a run lacks: found before money is spent."""
    for place, expression in enumerate(expressions):
        try:
            check_names(parse_gate(expression), names)
        except EvaluationError as error:
            yield f"gate[{place}]: {error}"


def unreadable_rules(expressions: Iterable[str]) -> Iterator[str]:
    """Yield which rules cannot be read, whatever they name."""
    for place, expression in enumerate(expressions):
        try:
            parse_gate(expression)
        except EvaluationError as error:
            yield f"gate[{place}]: {error}"


def subject_of(rule: Threshold, names: RunNames) -> GateSubject:
    """Return what a threshold is about; raises as `check_names`."""
    candidates = candidates_of(rule, names)
    if rule.quantity == "win_rate":
        return _compared(rule, candidates, names)
    measures = _measures(rule, names)
    if not rule.subject:
        of_the_run = rule.quantity in ("cost_usd", "coverage") and not rule.scope.is_said
        return GateSubject("", candidates, of_the_run)
    # Every reading is tried: names may hold dots, so "a.b" can be one name or two, and a split would guess.
    readings: dict[tuple[str, str | None], GateSubject] = {}
    if rule.subject in measures:
        readings[rule.subject, None] = GateSubject(rule.subject, candidates)
    for name in names.candidates:
        # A pass rate or a mean of a candidate alone would leave open of which criterion.
        if rule.subject == name and rule.quantity not in OF_A_SUBJECT:
            readings["", name] = GateSubject("", [name])
        measure = rule.subject.removeprefix(f"{name}.")
        if measure != rule.subject and measure in measures:
            readings[measure, name] = GateSubject(measure, [name])
    return _only_reading(rule, readings, measures, names)


def candidates_of(rule: Rule, names: RunNames) -> Sequence[str]:
    """Return the candidates that a rule's `for …` is about; raises as `check_names`."""
    name = rule.scope.name
    if name is None:
        return names.candidates
    if name not in names.candidates:
        found = f'no candidate "{name}"'
        raise _unknown(rule, rule.scope.position, found, name, names.candidates, names)
    return [name]


def _compared(rule: Threshold, candidates: Sequence[str], names: RunNames) -> GateSubject:
    """Return whose win rate is meant: those that have one, over the opponent that is named."""
    if not names.opponents:
        what = "the run compares no pairs; win_rate needs pairwise in the evaluation"
        raise misread(rule.expression, rule.position, what)
    if rule.over is not None and rule.over not in names.candidates:
        found = f'no candidate "{rule.over}"'
        raise _unknown(rule, rule.over_position, found, rule.over, names.candidates, names)
    named, position = rule.scope.name, rule.scope.position
    if rule.subject:
        readings: dict[tuple[str, str | None], GateSubject] = {
            ("", name): GateSubject("", [name]) for name in names.candidates if name == rule.subject
        }
        candidates = _only_reading(rule, readings, [], names).candidates
        named, position = rule.subject, rule.position
    able = [
        name for name in candidates if name in names.opponents and rule.over in (None, *names.opponents[name])
    ]
    if able:
        return GateSubject("", able)
    first, opponents = next(iter(names.opponents.items()))
    who = f"{named} has no win rate" if named else "nobody has a win rate"
    over = f" over {rule.over}" if rule.over else ""
    example = f"{first}.win_rate over {opponents[0]}"
    what = f'{who}{over} in this run; there is "{example}", and a rule on a baseline can be turned round'
    raise misread(rule.expression, position, what)


def _measures(rule: Threshold, names: RunNames) -> list[str]:
    if rule.quantity == "mean":
        return [*names.criteria, OVERALL, *names.metrics]
    return list(names.criteria) if rule.quantity in ("pass_rate", "coverage") else []


def _only_reading(
    rule: Threshold,
    readings: dict[tuple[str, str | None], GateSubject],
    measures: Iterable[str],
    names: RunNames,
) -> GateSubject:
    if not readings:
        known = [*measures, *names.candidates]
        found = f'nothing called "{rule.subject}" with {rule.quantity}'
        raise _unknown(rule, rule.position, found, rule.subject, known, names)
    if len(readings) > 1:
        meanings = " or ".join(_described(*reading) for reading in readings)
        do = 'Write the criterion alone and "for" with the candidate behind the rule'
        raise misread(rule.expression, rule.position, f'"{rule.subject}" may mean {meanings}. {do}')
    ((_, candidate), subject) = next(iter(readings.items()))
    # "haiku.cost_usd … for every candidate" would pass for a rule about all and judge one.
    if candidate is not None and rule.scope.is_said and rule.scope.name != candidate:
        what = f"the rule is about {candidate} alone and says otherwise at its end"
        raise misread(rule.expression, rule.position, what)
    return subject


def _described(measure: str, candidate: str | None) -> str:
    if candidate is None:
        return measure
    return f"{measure} of {candidate}" if measure else f"all of {candidate}"


def _unknown(
    rule: Rule, position: int, what: str, name: str, known: Iterable[str], names: RunNames
) -> EvaluationError:
    # A candidate has no mean of its own: its name is known, and is not what was meant.
    close = nearest(name, [one for one in known if one != name])
    meant = f'; did you mean "{close[0]}"?' if close else "."
    return misread(
        rule.expression,
        position,
        f"the run has {what}{meant} Candidates: {', '.join(names.candidates)}. "
        f"Criteria: {', '.join(names.criteria) or 'none'}",
    )
