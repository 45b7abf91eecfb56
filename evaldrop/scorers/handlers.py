"""A scorer as a Lambda function."""

from collections.abc import Callable
from typing import Any

from evaldrop.scorers.agentcore import read_event
from evaldrop.scorers.batches import RESPONSES, read_response
from evaldrop.scorers.scoring import NO_SCORE, failure, result_of
from evaldrop.scorers.views import Scorer


def as_lambda(scorer: Scorer) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    """
    Return a Lambda handler that answers by a scorer.

    It serves evaldrop, which sends responses in batches, and AgentCore, whose code-based evaluators get one
    trace. What the scorer raises is an answer, too, for it must not lose the other responses of its batch.
    """

    def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
        if RESPONSES in event:
            limit_s = event.get("timeoutSeconds")
            return {
                "results": [
                    result_of(scorer, *read_response(each), limit_s=limit_s) for each in event[RESPONSES]
                ]
            }
        try:
            asked = read_event(event)
        except ValueError as error:
            return failure(NO_SCORE, str(error))
        return result_of(scorer, *asked)

    return handler
