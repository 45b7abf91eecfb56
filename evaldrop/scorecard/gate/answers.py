"""Holds a run to having answers: where a candidate or a judge gave none, nothing has passed."""

from collections.abc import Iterator

from evaldrop.run.results import LEFT_OUT
from evaldrop.scorecard.figures import count
from evaldrop.scorecard.model.scorecard import GateCheck, Scorecard

_EXPRESSION = "every candidate and judge answers"


def silence_checks(scorecard: Scorecard) -> tuple[GateCheck, ...]:
    """
    Return a failed check for each candidate without a response, and each judge without a reply.

    Not for those that were left out because somebody said to go on without them.
    """
    return (*_silent_candidates(scorecard), *_silent_judges(scorecard))


def _silent_candidates(scorecard: Scorecard) -> Iterator[GateCheck]:
    for name, card in scorecard.candidates.items():
        counts = card.responses
        if counts.n and counts.errors + counts.missing == counts.n and LEFT_OUT not in counts.error_names:
            lost = f"{name} gave no response to any of {count(counts.n)} records"
            yield _failed(f"{lost}{_causes(counts.error_names)}.{_said(counts.error_example)}", name)


def _silent_judges(scorecard: Scorecard) -> Iterator[GateCheck]:
    for name, judge in scorecard.judges.items():
        if judge.calls and judge.errors == judge.calls and LEFT_OUT not in judge.error_names:
            asked = f"judge {name} answered none of {count(judge.calls)} calls"
            yield _failed(f"{asked}{_causes(judge.error_names)}.{_said(judge.error_example)}")


def _failed(sentence: str, candidate: str | None = None) -> GateCheck:
    return GateCheck(expression=_EXPRESSION, decision="fail", sentence=sentence, candidate=candidate)


def _causes(names: dict[str, int]) -> str:
    return f" ({', '.join(f'{name}: {count(n)}' for name, n in names.items())})" if names else ""


def _said(example: str | None) -> str:
    return f" It said: {example}" if example else ""
