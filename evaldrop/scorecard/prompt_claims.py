"""What a run shows of a prompt that it made, on records that nobody tuned it on."""

from typing import NamedTuple

from evaldrop.scorecard.answers import silences
from evaldrop.scorecard.improved_prompts import improvement_in_words
from evaldrop.scorecard.read import read_scorecard


class PromptClaim(NamedTuple):
    """What may be said of a prompt, in a sentence without its end, and whether it is shown to be better."""

    words: str
    is_better: bool


def claim_of(folder: str, candidate: str) -> PromptClaim | None:
    """
    Return what a run's scorecard claims of a candidate's prompt; None where it claims nothing.

    Raises:
        StorageError: There is no scorecard, or it is of another version.
    """
    scorecard = read_scorecard(folder)
    improvement = scorecard.prompts.get(candidate)
    if improvement is None or silences(scorecard):
        return None
    words = improvement_in_words(candidate, improvement).removesuffix(".")
    return PromptClaim(words, improvement.test.decision == "better")
