"""How long the replies of an earlier run were: a better hint than any guess."""

from collections.abc import Iterable
from itertools import islice
from typing import Final, NamedTuple

from evaldrop.evaluation import Called, Evaluation
from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.model.scorecard import Scorecard
from evaldrop.scorecard.read import read_scorecard

_MOST_LOOKED_AT: Final = 10
"""Runs; the newest come first."""

_ANSWERS_BY: Final = ("model", "api", "prompt", "inference", "extra")
"""What has to be as it was for replies to be as long as they were."""


class EarlierReplies(NamedTuple):
    """A run, and the mean tokens of its replies as `reply_tokens` returns them."""

    folder: str
    tokens: dict[str, float]


def earlier_replies(
    evaluation: Evaluation, runs: Iterable[str], *, simulated: bool = False
) -> EarlierReplies | None:
    """
    Return how long replies were in the first of some finished runs that asks somebody as is asked now.

    Who is asked in another way now is left out. A rehearsal's replies are made up, and tell of rehearsals
    alone.
    """
    for folder in islice(runs, _MOST_LOOKED_AT):
        run = RunDefinition.load(folder)
        if run.simulated != simulated:
            continue
        before, alike = run.evaluation, set()
        for kind, now, then in (
            ("candidate", evaluation.candidates, before.candidates),
            ("judge", evaluation.judges, before.judges),
        ):
            # A judge's verdict has the length of its criteria.
            is_same = (
                evaluation.prompt == before.prompt
                if kind == "candidate"
                else _asked(evaluation) == _asked(before)
            )
            known = {each.name: each for each in then}
            alike |= {
                f"{kind}/{each.name}"
                for each in now
                if is_same and _answers_alike(each, known.get(each.name))
            }
        tokens = {key: n for key, n in reply_tokens(read_scorecard(folder)).items() if key in alike}
        if tokens:
            return EarlierReplies(folder, tokens)
    return None


def _asked(evaluation: Evaluation) -> object:
    return evaluation.criteria, evaluation.pairwise


def _answers_alike(called: Called, before: Called | None) -> bool:
    same = (*_ANSWERS_BY, "mode") if hasattr(called, "mode") else _ANSWERS_BY
    return before is not None and all(getattr(called, name) == getattr(before, name) for name in same)


def reply_tokens(scorecard: Scorecard) -> dict[str, float]:
    """Return the mean tokens of a reply, by "candidate/NAME" and "judge/NAME"; nothing for who gave none."""
    answered = {
        f"candidate/{name}": (card.tokens.output, card.responses.n - card.responses.errors)
        for name, card in scorecard.candidates.items()
    }
    answered |= {
        f"judge/{name}": (health.tokens_output, health.calls - health.errors)
        for name, health in scorecard.judges.items()
    }
    return {key: tokens / calls for key, (tokens, calls) in answered.items() if tokens and calls > 0}
