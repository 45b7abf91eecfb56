"""Inspect's scorers, by their names and options, as checks of the same meaning; the samples of its logs."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from evaldrop.datasets.drafts import Draft
from evaldrop.datasets.shapes.foreign_checks import (
    NEEDS_MODEL,
    NO_SAME,
    NotCarriedOverError,
    add_checks,
)
from evaldrop.datasets.texts import scalar_text, text_of

KEYS = ("scorers", "scorer")
_MODEL_GRADED = ("model_graded_qa", "model_graded_fact")
_KNOWN = (
    "includes", "match", "exact", "f1", "answer", "choice", "pattern", "math", "perplexity",
    *_MODEL_GRADED,
)  # fmt: skip
_Config = dict[str, Any]


def are_scorers(value: Any) -> bool:
    """Tell whether a value names a scorer of Inspect, or several."""
    members = value if isinstance(value, list) else [value]
    return bool(members) and any(_name(member) in _KNOWN for member in members)


def add_scorers(draft: Draft, value: Any, key: str, _row: Mapping[str, Any]) -> list[Any]:
    """Add the checks of a row's scorers; return those that are not carried over, each of which is noted."""
    left = []
    for scorer in value if isinstance(value, list) else [value]:
        name = _name(scorer)
        options = scorer.get("options") or scorer.get("params") if isinstance(scorer, dict) else None
        try:
            configs = checks_of(name, options or {}, _targets(draft))
            add_checks(draft, configs, key, name=name)
        except NotCarriedOverError as error:
            left.append(scorer)
            draft.notes.append(
                f'Inspect\'s scorer "{name[:100]}" is not carried over ({error}); it is kept in metadata'
            )
    return left


def _name(scorer: Any) -> str:
    name = scorer.get("name") if isinstance(scorer, dict) else scorer
    # As logs have it, with the package before it: inspect_ai/match.
    return name.rpartition("/")[2] if isinstance(name, str) else ""


def _targets(draft: Draft) -> list[str]:
    value = draft.values.get("reference")
    texts = [scalar_text(each) for each in (value if isinstance(value, list) else [value])]
    return [text for text in texts if text]


def checks_of(name: str, options: Mapping[str, Any], targets: list[str]) -> list[_Config]:
    """
    Return the checks that mean the same as a scorer of a sample with such targets, any of which is right.

    Raises:
        NotCarriedOverError: There are none, and why.
    """
    if name in _MODEL_GRADED:
        raise NotCarriedOverError(NEEDS_MODEL)
    if not targets:
        raise NotCarriedOverError("the sample has no target")
    match name:
        case "includes":
            return [{"contains" if options.get("ignore_case") is False else "icontains": None}]
        case "match" if not options.get("numeric"):
            return [_match(options, targets)]
        case "exact":
            return [{"exact_match": None}]
        case "answer":
            return [_answer(options, targets)]
        case _:
            raise NotCarriedOverError(NO_SAME)


def _match(options: Mapping[str, Any], targets: list[str]) -> _Config:
    """Read a match at the begin, the end or anywhere; space and punctuation around it do not count."""
    case = "" if options.get("ignore_case") is False else "(?i)"
    wanted = "|".join(re.escape(target.strip()) for target in targets)
    match options.get("location", "end"):
        case "begin":
            return {"regex": rf"{case}\A\W*(?:{wanted})"}
        case "end":
            return {"regex": rf"{case}(?:{wanted})\W*\Z"}
        case "any":
            return {"icontains" if case else "contains": None}
        case "exact":
            return {"regex": rf"{case}\A\W*(?:{wanted})\W*\Z"}
        case _:
            raise NotCarriedOverError(NO_SAME)


def _answer(options: Mapping[str, Any], targets: list[str]) -> _Config:
    """Read what stands behind ANSWER: in a response: a letter, a word, or the rest of the line."""
    wanted = "|".join(re.escape(target.strip()) for target in targets)
    match options.get("pattern"):
        case "letter" | "word":
            return {"regex": rf"(?i)ANSWER\s*:\s*(?:{wanted})(?:\W|\Z)"}
        case "line":
            return {"regex": rf"(?i)ANSWER\s*:\s*(?:{wanted})\s*(?:\n|\Z)"}
        case _:
            raise NotCarriedOverError(NO_SAME)


def read_sample(draft: Draft, row: Mapping[str, Any]) -> Iterable[str]:
    """Read what a log's sample got as an answer; a repetition is a record of its own, in one group."""
    output, epoch = row.get("output"), row.get("epoch")
    if isinstance(output, dict):
        model = scalar_text(output.get("model")) or "output"
        text = output.get("completion") or text_of(output)
        draft.add_response(model, text if isinstance(text, str) else None, "output")
    if isinstance(epoch, int) and epoch > 1 and scalar_text(row.get("id")) is not None:
        draft.put("id", f"{row['id']}-epoch-{epoch}", "id", told="id and epoch")
        draft.put("group", row["id"], "id")
    return ("output", "epoch")
