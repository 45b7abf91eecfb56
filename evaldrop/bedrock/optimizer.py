"""
Bedrock's own prompt optimiser, in one call of OptimizePrompt: a prompt's text in, a better one out, it says.

It is shown no record. Functions call it, for Step Functions cannot; boto3 is imported when it is used.
"""

import re
import time
from collections.abc import Callable, Iterable, Mapping
from random import Random
from typing import Any, Final, Protocol

from evaldrop.aws_errors import code_of, explain, is_aws_fault
from evaldrop.bedrock.simulated.optimizer import SimulatedOptimizer
from evaldrop.errors import AwsError, PromptError
from evaldrop.evaluation.model_ids import model_name
from evaldrop.json_text import loads

MAX_TEXT: Final = 200_000
"""Characters that a prompt may have."""
ATTEMPTS: Final = 5
READ_TIMEOUT_S: Final = 120.0
"""How long it may be silent: it writes a whole prompt."""

# As botocore's model spells them in answers, and in events with a small letter first.
_PASSING = frozenset(
    {
        "ThrottlingException", "InternalServerException", "BadGatewayException",
        "DependencyFailedException", "ServiceUnavailableException",
        # botocore's own: nobody answered, or left off.
        "ConnectionClosedError", "ConnectTimeoutError", "EndpointConnectionError",
        "EventStreamError", "ReadTimeoutError", "ResponseStreamingError",
    }
)  # fmt: skip
_SEED = re.compile(r"\bseed=(-?[0-9]+)")
_FOUNDATION = re.compile(r"[a-z0-9-]{1,63}\.[a-z0-9-]{1,63}([.:]?[a-z0-9-]{1,63})")
_MODEL_ARN = re.compile(r"arn:aws(-[^:]+)?:bedrock:[^:]*:[0-9]*:(foundation|custom|provisioned)-model/.+")


class PromptOptimizer(Protocol):
    """What makes a better prompt of a text."""

    def optimize(self, text: str, target_model: str) -> str:
        """
        Return a better prompt's text for a model, with the `{{variables}}` of the one that is given.

        Raises:
            AwsError: None was made; the message says why.
            PromptError: The text or the model is none that the optimiser takes.
        """
        ...


def open_optimizer(bedrock: str) -> PromptOptimizer:
    """
    Return the optimiser of the Bedrock that a specification names.

    Args:
        bedrock: As `--bedrock` says it.

    Raises:
        AwsError: It is a server that has none.
    """
    kind = re.split("[:=]", bedrock.strip(), maxsplit=1)[0]
    if kind == "simulated":
        seed = _SEED.search(bedrock)
        return SimulatedOptimizer(int(seed[1]) if seed else 0)
    if kind != "aws":
        raise AwsError(f"--bedrock {kind}: only Amazon Bedrock has a prompt optimiser. Give by: a model.")
    return AwsOptimizer()


def optimized_model(model: str) -> str:
    """
    Return what OptimizePrompt calls a model: without its inference profile, which it does not know.

    Raises:
        PromptError: Which model it is cannot be told.
    """
    if _MODEL_ARN.fullmatch(model):
        return model
    name = model_name(model)[1]
    if ":application-inference-profile/" in model or not _FOUNDATION.fullmatch(name):
        raise PromptError(
            f"{model}: OptimizePrompt takes a foundation model's ID, and this does not tell which one it is. "
            "Give the candidate the model's ID, or by: a model."
        )
    return name


class AwsOptimizer:
    """
    OptimizePrompt, as boto3 is configured.

    Args:
        client: boto3's of bedrock-agent-runtime; one is made when absent.
        sleep: Waits between attempts.
    """

    def __init__(self, client: Any = None, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._sleep = sleep

    def optimize(self, text: str, target_model: str) -> str:
        """Return a better prompt's text, as `PromptOptimizer` says; what passes is waited for."""
        if not 0 < len(text) <= MAX_TEXT:
            raise PromptError(
                f"OptimizePrompt takes 1 to {MAX_TEXT:,} characters; this prompt has {len(text):,}."
            )
        asked = {"input": {"textPrompt": {"text": text}}, "targetModelId": optimized_model(target_model)}
        for attempt in range(1, ATTEMPTS):
            try:
                return self._ask(asked)
            except Exception as error:
                if not is_aws_fault(error) or _name_of(error) not in _PASSING:
                    raise _in_words(error) from error
            self._sleep(_wait_s(text, attempt))
        try:
            return self._ask(asked)
        except Exception as error:
            raise _in_words(error) from error

    def _ask(self, asked: Mapping[str, Any]) -> str:
        if self._client is None:
            self._client = _client()
        return text_of_events(self._client.optimize_prompt(**asked)["optimizedPrompt"])


def text_of_events(events: Iterable[Mapping[str, Any]]) -> str:
    """
    Return the prompt that an answer's events hold.

    Raises:
        AwsError: They hold none.
    """
    parts = [
        event["optimizedPromptEvent"]["optimizedPrompt"]["textPrompt"]["text"]
        for event in events
        if event.get("optimizedPromptEvent", {}).get("optimizedPrompt")
    ]
    text = _unquoted("".join(parts)).strip()
    if not text:
        raise AwsError("Bedrock's optimiser answered without a prompt. Try again, or give by: a model.")
    return text


def _unquoted(text: str) -> str:
    # It comes as JSON writes a text, with quotes around it and \n in it: so public samples show it.
    if len(text) > 1 and text[0] == text[-1] == '"':
        try:
            read = loads(text)
        except ValueError:
            return text[1:-1]
        return read if isinstance(read, str) else text
    return text


def _client() -> Any:
    import boto3
    from botocore.config import Config

    # Retries are here: an event within an answer that was begun is none of botocore's.
    settings = Config(read_timeout=READ_TIMEOUT_S, retries={"total_max_attempts": 1})
    return boto3.client("bedrock-agent-runtime", config=settings)


def _name_of(error: Exception) -> str:
    code = code_of(error) or type(error).__name__
    return code[:1].upper() + code[1:]


def _in_words(error: Exception) -> Exception:
    if not is_aws_fault(error):
        return error
    return AwsError(f"Bedrock's optimiser made no prompt: {explain(error)}")


def _wait_s(text: str, attempt: int) -> float:
    # Spread out, since several searches of a run may ask at once; the same whenever a run is resumed.
    return float(2**attempt * Random(f"{attempt} {text}").uniform(0.5, 1.0))  # noqa: S311 - no secret
