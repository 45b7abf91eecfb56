"""How long the replies of an earlier run were: a better hint than any guess."""

from evaldrop.scorecard.model.scorecard import Scorecard


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
