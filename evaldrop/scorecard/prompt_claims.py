"""What a run shows of a prompt that it made, on records that nobody tuned it on."""

from typing import NamedTuple

from evaldrop.scorecard.answers import silences
from evaldrop.scorecard.improved_prompts import improvement_in_words
from evaldrop.scorecard.read import read_scorecard


class PromptClaim(NamedTuple):
    """Whether a prompt is shown to be better than the one that it was made from, and the same in words."""

    is_better: bool
    words: str


def claim_of(folder: str, candidate: str) -> PromptClaim:
    """
    Return what a run's scorecard claims of a candidate's prompt; of a prompt that it does not name, no gain.

    Raises:
        StorageError: There is no scorecard, or it is of another version.
    """
    scorecard = read_scorecard(folder)
    found = scorecard.prompts.get(candidate)
    if found is None:
        return PromptClaim(
            is_better=False, words=f"no gain of {candidate} is shown: the scorecard compares it with nothing"
        )
    if silences(scorecard):
        return PromptClaim(
            is_better=False, words=f"no gain of {candidate} is shown: somebody in this run answered nothing"
        )
    return PromptClaim(
        found.test.decision == "better", improvement_in_words(candidate, found).removesuffix(".")
    )
