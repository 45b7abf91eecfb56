"""
What evaluation jobs take: their quotas, which AWS does not raise, and the models that may judge.

Read 2026-11-29: Bedrock's endpoints and quotas (https://docs.aws.amazon.com/general/latest/gr/bedrock.html),
"Supported models for evaluator models" (https://docs.aws.amazon.com/bedrock/latest/userguide/evaluation-judge.html).
"""

import re
from collections.abc import Sequence
from typing import Final, Literal, TypeVar

from evaldrop.evaluation.model_ids import model_name

Kind = Literal["automatic", "judge", "human"]

MAX_PROMPTS: Final = 1_000
"""Prompts of a dataset."""
MAX_PROMPT_BYTES: Final = 4_096
"""Bytes of a prompt, in UTF-8."""
MAX_DATASETS: Final = 5
"""Datasets of a job."""
MAX_CUSTOM_METRICS: Final = 10
"""Custom metrics of a job, of a judge's and of people's alike."""
MAX_MODELS: Final = {"automatic": 1, "judge": 1, "human": 2}
"""Models, or sources of responses, that one job evaluates."""
MAX_RUNNING: Final = {"automatic": 20, "judge": 20, "human": 10}
"""Jobs under way at a time; further ones are refused until one has ended."""
MAX_INFERENCE_PARAMS: Final = 1_023
"""Characters of a model's inference parameters as JSON."""

MOST_PROMPT_TOKENS: Final = 1_000
"""Of AWS's own prompt of one metric, without what it is filled with: the most of an estimate."""
MOST_VERDICT_TOKENS: Final = 250
"""Of what a judge writes on one metric: likewise."""

JUDGES_READ: Final = "2026-11-29"
_JUDGES = re.compile(
    r"amazon\.nova-(pro|premier|micro|2-lite)|"
    r"anthropic\.claude-(3-haiku|3-5-(haiku|sonnet)|3-7-sonnet|sonnet-4(?!\d)|haiku-4-5|opus-4-[5-8])|"
    r"openai\.gpt-5\.[45]|meta\.llama3-1-70b|mistral\.mistral-large"
)


def may_judge(model: str) -> bool:
    """Tell whether AWS's list of evaluator models has a model; an ARN that hides its model may be one."""
    return ":application-inference-profile/" in model or bool(_JUDGES.match(model_name(model)[1]))


T = TypeVar("T")


def in_parts(items: Sequence[T], most: int) -> list[tuple[T, ...]]:
    """Return items in parts of at most so many, in their order."""
    return [tuple(items[start : start + most]) for start in range(0, len(items), most)]
