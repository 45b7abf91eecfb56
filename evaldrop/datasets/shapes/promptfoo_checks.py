"""promptfoo's deterministic assertions, each as the checks that mean the same."""

import csv
import re
from collections.abc import Callable, Mapping
from typing import Any

from evaldrop import json_text
from evaldrop.datasets.shapes.foreign_checks import (
    NAMES_FILE,
    NEEDS_MODEL,
    NO_SAME,
    RUNS_CODE,
    NotCarriedOverError,
    number_of,
)
from evaldrop.datasets.texts import scalar_text

Assertion = Mapping[str, Any]
_Configs = list[dict[str, Any]]

_NOT = "not-"
_CODE = ("javascript", "python", "ruby", "webhook")
_MODELS = (
    "similar", "similar:cosine", "similar:dot", "similar:euclidean", "classifier", "moderation", "pi",
    "answer-relevance", "context-faithfulness", "context-recall", "context-relevance", "factuality",
    "model-graded-factuality", "conversation-relevance", "search-rubric", "agent-rubric", "guardrails",
    "select-best", "max-score", "perplexity", "perplexity-score",
)  # fmt: skip
_TOOL_SCHEMAS = ("is-valid-function-call", "is-valid-openai-function-call", "is-valid-openai-tools-call")
# What changes the output before it is looked at, and whom to ask.
_CHANGES = ("transform", "contextTransform", "$ref")

DIFFERS = {
    "bleu": "BLEU",
    "gleu": "GLEU",
    "meteor": "METEOR",
}
"""Metrics of which evaldrop counts its own, whose scores are near promptfoo's, not the same."""


def checks_of(assertion: Assertion, value: Any) -> _Configs:
    """
    Return the checks that mean the same as an assertion; all of them have to hold.

    Args:
        assertion: As the test writes it.
        value: Its value, with the test's variables filled in.

    Raises:
        NotCarriedOverError: There are none, and why.
    """
    kind = str(assertion.get("type"))
    is_negated = kind.startswith(_NOT)
    base = kind.removeprefix(_NOT)
    _refuse_what_is_asked_elsewhere(base, assertion, value)
    if base not in _READERS:
        raise NotCarriedOverError(NO_SAME)
    configs = _READERS[base](value, assertion)
    if not is_negated:
        return configs
    # That not all of several hold is no check.
    if len(configs) > 1:
        raise NotCarriedOverError(NO_SAME)
    ((key, wanted), *options) = configs[0].items()
    return [{f"not_{key}": wanted, **dict(options)}]


def _refuse_what_is_asked_elsewhere(base: str, assertion: Assertion, value: Any) -> None:
    if base in _CODE:
        raise NotCarriedOverError(RUNS_CODE)
    if base in _MODELS:
        raise NotCarriedOverError(NEEDS_MODEL)
    if base in _TOOL_SCHEMAS:
        raise NotCarriedOverError("the tools' schemas are the provider's, not the test's")
    changed = next((key for key in _CHANGES if assertion.get(key)), None)
    if changed is not None:
        raise NotCarriedOverError(f'its "{changed}" is not carried out')
    if isinstance(value, str) and value.startswith(("file://", "package:")):
        raise NotCarriedOverError(NAMES_FILE)


def _text(kind: str) -> Callable[[Any, Assertion], _Configs]:
    return lambda value, _: [{kind: _one_text(value)}]


def _one_text(value: Any) -> str:
    text = scalar_text(value)
    if not text:
        raise NotCarriedOverError("its value is no text")
    return text


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        value = parted(value)
    if not isinstance(value, list) or not value:
        raise NotCarriedOverError("its value is no list of texts")
    return [_one_text(member) for member in value]


def parted(value: str) -> list[str]:
    """
    Part a text of several by commas; one that holds a comma stands in quotes.

    Raises:
        NotCarriedOverError: It cannot be parted so.
    """
    try:
        return [text.strip() for text in next(csv.reader([value], skipinitialspace=True), [])]
    except csv.Error as error:
        raise NotCarriedOverError("its value is no list of texts") from error


def _any_of(value: Any, _: Assertion) -> _Configs:
    return [{"contains_any": _texts(value)}]


def _all_of(value: Any, _: Assertion) -> _Configs:
    return [{"contains_all": _texts(value)}]


def _any_of_any_case(value: Any, _: Assertion) -> _Configs:
    return [{"regex": f"(?i){'|'.join(map(re.escape, _texts(value)))}"}]


def _all_of_any_case(value: Any, _: Assertion) -> _Configs:
    return [{"icontains": text} for text in _texts(value)]


def _equals(value: Any, _: Assertion) -> _Configs:
    if isinstance(value, dict | list):
        return [{"json_path": {"path": "$", "equals": value}}]
    return [{"equals": _one_text(value)}]


def _json(kind: str) -> Callable[[Any, Assertion], _Configs]:
    def read(value: Any, _: Assertion) -> _Configs:
        if isinstance(value, str) and value.strip():
            try:
                value = json_text.loads(value)
            except ValueError as error:
                raise NotCarriedOverError("its schema is no JSON") from error
        if value in (None, "", True):
            return [{kind: True}]
        if not isinstance(value, dict):
            raise NotCarriedOverError("its value is no schema")
        return [{kind: value}]

    return read


def _limit(kind: str) -> Callable[[Any, Assertion], _Configs]:
    return lambda _, assertion: [{kind: number_of(assertion.get("threshold"))}]


def _scored(kind: str, default: float) -> Callable[[Any, Assertion], _Configs]:
    def read(value: Any, assertion: Assertion) -> _Configs:
        threshold = assertion.get("threshold")
        mark = number_of(default if threshold is None else threshold)
        # Of several references the best counts.
        wanted = [*map(_one_text, value)] if isinstance(value, list) and value else _one_text(value)
        return [{kind: wanted, "pass_at": mark}]

    return read


def _counted(least: str | None, most: str) -> Callable[[Any, Assertion], _Configs]:
    """Read an exact number, or an object with a smallest and a largest one."""

    def read(value: Any, _: Assertion) -> _Configs:
        low, high = (value.get("min"), value.get("max")) if isinstance(value, dict) else (value, value)
        bounds = [(kind, bound) for kind, bound in ((least, low), (most, high)) if bound is not None]
        if not bounds or any(kind is None for kind, _ in bounds):
            raise NotCarriedOverError(NO_SAME)
        return [{str(kind): number_of(bound)} for kind, bound in bounds]

    return read


def _levenshtein(value: Any, assertion: Assertion) -> _Configs:
    # promptfoo takes 0 for absent.
    most = number_of(assertion.get("threshold") or 5)
    return [{"levenshtein": {"value": _one_text(value), "max_distance": int(most)}}]


def _refusal(_: Any, __: Assertion) -> _Configs:
    return [{"refusal": None}]


def _tools_used(value: Any, _: Assertion) -> _Configs:
    names = value if isinstance(value, list) else [value]
    if not names or not all(isinstance(name, str) and name for name in names):
        raise NotCarriedOverError(NO_SAME)
    return [{"tool_called": name} for name in names]


def _tool_arguments(value: Any, _: Assertion) -> _Configs:
    known = {"name", "args", "arguments", "mode"}
    if not isinstance(value, dict) or value.keys() - known or value.get("mode", "partial") != "partial":
        raise NotCarriedOverError(NO_SAME)
    arguments = value.get("args", value.get("arguments"))
    if not isinstance(value.get("name"), str) or not isinstance(arguments, dict):
        raise NotCarriedOverError(NO_SAME)
    return [{"tool_called": {"name": value["name"], "arguments": arguments}}]


_READERS: Mapping[str, Callable[[Any, Assertion], _Configs]] = {
    "equals": _equals,
    "contains": _text("contains"),
    "icontains": _text("icontains"),
    "contains-any": _any_of,
    "contains-all": _all_of,
    "icontains-any": _any_of_any_case,
    "icontains-all": _all_of_any_case,
    "starts-with": _text("starts_with"),
    "ends-with": _text("ends_with"),
    "regex": _text("regex"),
    "is-json": _json("json"),
    "contains-json": _json("contains_json"),
    "levenshtein": _levenshtein,
    "bleu": _scored("bleu", 0.5),
    "gleu": _scored("gleu", 0.5),
    "meteor": _scored("meteor", 0.5),
    "latency": _limit("max_latency_ms"),
    "cost": _limit("max_cost_usd"),
    "is-refusal": _refusal,
    "word-count": _counted("min_words", "max_words"),
    "character-count": _counted(None, "max_chars"),
    "trajectory:tool-used": _tools_used,
    "trajectory:tool-args-match": _tool_arguments,
}

KNOWN_TYPES = frozenset(_READERS) | frozenset((*_CODE, *_MODELS, *_TOOL_SCHEMAS)) | frozenset({
    "llm-rubric", "model-graded-closedqa", "g-eval", "rouge-n", "rouge-l", "rouge-s", "is-sql",
    "contains-sql", "is-xml", "contains-xml", "is-html", "contains-html", "finish-reason", "tool-call-f1",
    "skill-used", "trace-span-count", "trace-span-duration", "trace-error-spans",
    "trajectory:tool-sequence", "trajectory:step-count", "trajectory:goal-success", "assert-set",
})  # fmt: skip
"""Types of assertions that a table's cell may begin with; what begins otherwise is a text to equal."""
