"""What may be meant by a key that is not known, and where in a row the prompt may be."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple

from evaldrop.datasets.drafts import MAX_NAME_CHARACTERS, Fault
from evaldrop.datasets.records import CANONICAL_FIELDS
from evaldrop.datasets.shapes.conversations import is_conversation
from evaldrop.datasets.texts import is_invisible, visible, without_invisible

# Keys that name something about a prompt, and hold none: prompt_id, promptHash, prompt-version.
_ABOUT = re.compile(
    r"(.*[a-z0-9]([_\-. ]|(?=[A-Z])))?"
    r"([iI][dD][sSxX]?|[uU]u?id|[hH]ash|[kK]ey|[iI]ndex|[nN]ames?|[vV]ersion|[tT]ype|[lL]ang(uage)?|[nN]um(ber)?|"
    r"[tT]okens?|[lL]en(gth)?|[cC]ount|[tT]ime|[dD]ate|[uU]rl|[sS]core|[sS]tatus)"
)
_LIKELY = (
    "prompt", "question", "query", "instruction", "user_input", "input", "user_message", "user", "problem",
    "utterance", "text", "content", "message", "body",
)  # fmt: skip
# Keys of what was said to a prompt, or about it.
_SAID_BY_MODELS = re.compile(
    r"(model_?)?(answers?|responses?|outputs?|completions?|choices|generations?|repl(y|ies)|chosen|rejected|"
    r"preferred_output|non_preferred_output|predictions?|judge?ments?|explanations?|rationales?|summar(y|ies)|"
    r"highlights|references?|ground_truths?|labels?|targets?|expected(_output)?|ideal|gold|winner|"
    r"error)|answer_id",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[\[\]{},:#&*!|>'\"%@`\s]")
_MAX_DEPTH = 5
_MAX_PLACES = 500


def did_you_mean(key: str, names: tuple[str, ...] = CANONICAL_FIELDS) -> str | None:
    """Find the field a key was probably meant to be; None when there is none."""
    clean = without_invisible(key)[: 2 * MAX_NAME_CHARACTERS]
    # An identifier is close to what it identifies, and never meant to be it.
    # Nor is a preference misspelt.
    if (_ABOUT.fullmatch(clean) or clean == "preference") and clean.lower() not in names:
        return None
    # "ind" and "pid" are as close to "id" as two letters can be.
    names = tuple(name for name in names if len(name) > 2 or name == clean.lower())
    close = get_close_matches(clean.lower().replace("-", "_").replace(" ", "_"), names, n=1, cutoff=0.8)
    return close[0] if close else None


def shown_key(key: str) -> str:
    """Show a key short, with what cannot be seen in it by code point."""
    return visible(key[:MAX_NAME_CHARACTERS])


def unseen(text: str) -> str | None:
    """Name the invisible characters of a text, "U+FEFF (zero width no-break space)"; None without any."""
    found = dict.fromkeys(each for each in text if is_invisible(each))
    return " and ".join(_named(each) for each in found) or None


def _named(character: str) -> str:
    name = unicodedata.name(character, "a control character").lower()
    return f"U+{ord(character):04X} ({name})"


def no_prompt(row: Mapping[str, Any]) -> Fault:
    """Say that a row has no prompt, and where it may be."""
    for key in row:
        clean = without_invisible(key)
        if clean != key and clean in (*_LIKELY, "messages"):
            what = f'no prompt: the key "{shown_key(key)}" holds {unseen(key) or "blanks around it"}'
            return Fault(what, f'Remove it, so that the key is "{clean}".')
    for key, value in row.items():
        meant = did_you_mean(key, ("prompt", "messages"))
        if meant and (_is_prompt(value) if meant == "prompt" else is_conversation(value)):
            return Fault("no prompt", f'Rename "{shown_key(key)}" to "{meant}".')
    if len(row) > 1 and _are_rows(list(row.values())):
        return Fault("no prompt: the object holds rows by their names", "Write each of them on a line.")
    if inside := _rows_inside(row):
        do = f'Write what is in "{shown_key(inside)}" as JSON Lines, an object a line.'
        return Fault(f'no prompt: the rows seem to be inside "{shown_key(inside)}"', do)
    path = likely_path(row)
    if path in row and any(key.isdecimal() for key in row):
        keys = ", ".join(shown_key(key) for key in list(row)[:10])
        do = "If these are no names, write a header above them, such as prompt,reference."
        return Fault(f"no prompt among the names {keys}", do)
    if path is not None:
        return Fault("no prompt", f"If it is {path}, write {field_line(path)} in the evaluation.")
    if any(_SAID_BY_MODELS.fullmatch(key) for key in row):
        do = "Put every answer on the row of its question, as responses: {candidate: text}."
        return Fault("no prompt: the row holds an answer, and no question", do)
    keys = ", ".join(shown_key(key) for key in list(row)[:10])
    has = f"; the row has {keys}" if keys else ""
    return Fault(f"no prompt{has}", 'Give every record a "prompt" or "messages".')


def _rows_inside(row: Mapping[str, Any]) -> str | None:
    """Find the key whose list or object holds rows, where a whole file was taken for one row."""
    for key, value in row.items():
        if _SAID_BY_MODELS.fullmatch(key) or is_conversation(value):
            continue
        if _are_rows(value) or (isinstance(value, dict) and _are_rows(list(value.values()))):
            return key
        inside = (
            next((name for name, v in value.items() if _are_rows(v)), None)
            if isinstance(value, dict)
            else None
        )
        if inside:
            return f"{key}.{inside}"
    return None


def _are_rows(values: Any) -> bool:
    if not isinstance(values, list) or not values or not all(isinstance(v, dict) for v in values):
        return False
    inner = [each["row"] if isinstance(each.get("row"), dict) else each for each in values[:10]]
    # A text may be a turn's or a part's; a question is a row's.
    return all(not {*_LIKELY[:6], "problem", "messages"}.isdisjoint(each) for each in inner)


def field_line(path: str) -> str:
    """Write the line of an evaluation that maps the prompt."""
    written = f'"{path}"' if _QUOTED.search(path) else path
    return f"fields: {{prompt: {written}}}"


class _KeyPlace(NamedTuple):
    path: str
    key: str
    value: Any
    depth: int


def likely_path(row: Mapping[str, Any]) -> str | None:
    """Find where in a row the prompt probably is, as a path of `fields`; None when there is no text in it."""
    places = [place for place in _places(row) if _is_prompt(place.value) and not _is_none(place.key, row)]
    return min(places, key=_unlikeliness).path if places else None


def _is_none(key: str, row: Mapping[str, Any]) -> bool:
    """Tell a key that holds no prompt by its name: an identifier, or what a model said."""
    # Vicuna's and OASST's texts may be answers.
    is_answer = key == "text" and ("answer_id" in row or row.get("role") == "assistant")
    return is_answer or bool(_ABOUT.fullmatch(key) or _SAID_BY_MODELS.fullmatch(key))


def _unlikeliness(place: _KeyPlace) -> tuple[int, int, int]:
    """Rank a place: keys that say what they hold, then conversations, questions, and the longest text."""
    name = place.key.lower()
    known = _LIKELY.index(name) if name in _LIKELY else len(_LIKELY)
    # user_prompt, question_text: as good as a name, behind those that are one.
    if known == len(_LIKELY) and (isinstance(place.value, list) or any(word in name for word in _LIKELY[:4])):
        known = 4
    is_question = isinstance(place.value, str) and place.value.rstrip().endswith(("?", "？", "؟"))
    length = len(place.value) if isinstance(place.value, str) else 0
    return known, 0 if is_question else 1, place.depth * 1000 - length


def _places(row: Mapping[str, Any]) -> Iterator[_KeyPlace]:
    """Yield what is in a row with its path, the outermost first; bounded, since a row may be anything."""
    waiting = [_KeyPlace(key, key, value, 0) for key, value in row.items()]
    for place in waiting[:_MAX_PLACES]:
        yield place
    seen = 0
    while waiting and seen < _MAX_PLACES:
        place = waiting.pop(0)
        seen += 1
        if place.depth:
            yield place
        if place.depth < _MAX_DEPTH:
            waiting += _members(place)


def _members(place: _KeyPlace) -> list[_KeyPlace]:
    # A key with a dot or bracket is found at the top only.
    if _SAID_BY_MODELS.fullmatch(place.key) or (place.depth == 0 and re.search(r"[.\[\]]", place.key)):
        return []
    if isinstance(place.value, dict):
        return [
            _KeyPlace(f"{place.path}.{key}", key, value, place.depth + 1)
            for key, value in place.value.items()
            if not re.search(r"[.\[\]]", key) and key
        ]
    if isinstance(place.value, list) and place.value and not is_conversation(place.value):
        return [
            _KeyPlace(f"{place.path}[{n}]", place.key, value, place.depth + 1)
            # Of several texts the first: the longest is no better guess.
            for n, value in enumerate(place.value[: 1 if isinstance(place.value[0], str) else 3])
        ]
    return []


def _is_prompt(value: Any) -> bool:
    return is_conversation(value) or (isinstance(value, str) and bool(value.strip()))
