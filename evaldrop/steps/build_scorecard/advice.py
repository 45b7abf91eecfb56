"""What to do about calls that failed: said beside the decision, wherever it is shown."""

from typing import Final

from evaldrop.bedrock.passing import BUSY, NO_MODEL, SERVER, TIMEOUT, passing_cause
from evaldrop.steps.build_scorecard.tally import Occurrences
from evaldrop.steps.check_first_calls.refusals import way_out

_BY_CAUSE: Final = {
    BUSY: "Lower max_concurrency (here --max-in-flight), or ask for a higher quota.",
    NO_MODEL: "Look whether the model is there and ready.",
    SERVER: "Look whether the service is up and can be reached: network, proxy, TLS certificates, Region.",
    TIMEOUT: "Give the model more time (timeout_s), or fewer tokens to write (max_tokens).",
}
_ELSE: Final = "The report's records have the error of each call."


def what_to_do(errors: Occurrences, *, model: str, bedrock: str) -> str | None:
    """
    Return what to do about the most frequent error; None where no call failed.

    Args:
        errors: The errors of a candidate or judge.
        model: Whose calls they were.
        bedrock: The runtime, as --bedrock says it.
    """
    name = next(iter(errors.counts), None)
    if name is None:
        return None
    said = errors.example or ""
    hint = way_out({"Error": name, "Cause": said}, model=model, bedrock=bedrock)
    return hint or _BY_CAUSE.get(passing_cause(name, said) or "", _ELSE)
