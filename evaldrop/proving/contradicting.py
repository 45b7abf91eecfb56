"""A contradiction: something the response says, and the reference or the context with it, turned round."""

import re
from typing import Final

from evaldrop.proving.json_form import JsonForm, is_prose, json_form, path_shown
from evaldrop.proving.languages import language_to_write
from evaldrop.proving.material import Material, Planted, shown
from evaldrop.proving.phrases import OPPOSITES, ORDERS, UNTRUE
from evaldrop.proving.pieces import ITEM, content_words, pieces

_OPPOSITE: Final = dict(OPPOSITES) | {other: one for one, other in reversed(OPPOSITES)}
_FIRST_WORD: Final = re.compile(r"\s*[\"'*_]*([^\W\d_]+)")
_NOT: Final = re.compile(
    r"\b(is|are|was|were|can|could|will|would|must|should|may|has|have|does|do|did) not\b|\bcannot\b"
)
_HOLDS: Final = re.compile(r"\b(is|are|was|were|can|could|will|would|must|should|may)\b(?! not\b)")
_CONDITION: Final = re.compile(r"(?:if|when|while|unless|although|because|since|once)\b", re.IGNORECASE)
_CHINESE: Final = (("不是", "是"), ("不能", "能"), ("没有", "有"), ("不会", "会"), ("不可以", "可以"))
_NAME: Final = re.compile(r"(?<![.!?:\n]\s)(?<!^)\b[A-ZÀ-ÖØ-Þ][^\W\d_]{2,}(?: [A-ZÀ-ÖØ-Þ][^\W\d_]{2,})*")
_ANY_NAME: Final = re.compile(r"\b[A-ZÀ-ÖØ-Þ][^\W\d_]{2,}(?: [A-ZÀ-ÖØ-Þ][^\W\d_]{2,})*")
_OPERATOR: Final = re.compile(r"==|!=|<=|>=|(?<= )[<>](?= )|\bTrue\b|\bFalse\b|\btrue\b|\bfalse\b")
_OTHER: Final = {
    "==": "!=", "!=": "==", "<=": ">", ">=": "<", "<": ">=", ">": "<=",
    "True": "False", "False": "True", "true": "false", "false": "true",
}  # fmt: skip


def contradiction(material: Material) -> Planted | None:
    """
    Turn round what a response says: yes for no, one name for another of the record's, a sentence negated.

    Of JSON a truth value, or one of its texts; of code a comparison.
    """
    text = material.response
    if (form := json_form(text)) is not None:
        return _in_json(material, form)
    parts = pieces(text)
    if all(part.is_code for part in parts):
        return _in_code(material)
    if (turned := _opposite(text)) is not None:
        return turned
    if (swapped := _other_name(material)) is not None:
        return swapped
    said = [part for part in parts if not part.is_code]
    # A name or a number alone says nothing that could be untrue; nor does a question.
    said = [part for part in said if _is_statement(part.of(text))]
    if not said:
        return None
    part = material.most_telling_piece(said)
    negated = _negated(part.of(text), material)
    if negated is None:
        return None
    return Planted(
        f"{text[: part.start]}{negated}{text[part.end :]}",
        f"“{shown(part.of(text))}” became “{shown(negated)}”",
    )


def _is_statement(text: str) -> bool:
    """Tell whether a piece says something by itself: no label, question or announcement."""
    return is_prose(text.strip()) and not text.rstrip().endswith((":", "：", "?", "？", "؟"))


def _opposite(text: str) -> Planted | None:
    match = _FIRST_WORD.match(text)
    if match is None:
        return None
    word = match[1]
    other = _OPPOSITE.get(word.casefold())
    behind = text[match.end() :].lstrip("\"'*_")[:1]
    # "No" begins sentences too ("No refunds are given"): it is an answer where a mark or nothing follows.
    if other is None or (behind and behind not in ",.;:!，。、،\n—"):
        return None
    other = (
        other.upper()
        if len(word) > 1 and word.isupper()
        else other.capitalize()
        if word[0].isupper()
        else other
    )
    return Planted(f"{text[: match.start(1)]}{other}{text[match.end(1) :]}", f"{word} became {other}")


def _other_name(material: Material) -> Planted | None:
    """Put another name of the record for one that the reference or the context has as well."""
    text, texts = material.response, material.texts
    known = set(_ANY_NAME.findall("\n".join(texts.references) or texts.context or ""))
    is_short = len(text.split()) <= 4
    names = sorted(set((_ANY_NAME if is_short else _NAME).findall(text)) & known)
    said = content_words(text) | content_words("\n".join(texts.references))
    others = sorted(
        {
            name
            for name in _NAME.findall(f"{texts.prompt}\n{texts.context or ''}")
            if not content_words(name) & said
        }
    )
    if not names or not others:
        return None
    name, other = material.random.choice(names), material.random.choice(others)
    return Planted(re.sub(rf"\b{re.escape(name)}\b", lambda _: other, text), f"{name} became {other}")


def _negated(sentence: str, material: Material) -> str | None:
    marker = ITEM.match(sentence)
    start = sentence[: marker.end()] if marker else ""
    body = sentence[len(start) :]
    language = language_to_write(material.response, material.texts.prompt)
    if language == "en":
        if match := _NOT.search(body):
            positive = match[1] or "can"
            return f"{start}{body[: match.start()]}{positive}{body[match.end() :]}"
        # Of "If you are late, you can still come" not the condition is what is said.
        main = body.find(",") + 1 if _CONDITION.match(body) else 0
        if match := _HOLDS.search(body, main) or _HOLDS.search(body):
            return f"{start}{body[: match.end()]} not{body[match.end() :]}"
    if language == "zh":
        for negative, positive in _CHINESE:
            for old, new in ((negative, positive), (positive, negative)):
                if old in body:
                    return f"{start}{body.replace(old, new, 1)}"
    if language == "en" and (match := _FIRST_WORD.match(body)) and match[1].casefold() in ORDERS:
        return f"{start}Do not {match[1].casefold()}{body[match.end() :]}"
    return None if language is None else f"{start}{UNTRUE[language]}{body}"


def _in_json(material: Material, form: JsonForm) -> Planted | None:
    leaves = form.leaves()
    if truths := [(path, value) for path, value in leaves if isinstance(value, bool)]:
        path, was = material.random.choice(truths)
        return Planted(form.with_value(path, not was), f"{path_shown(path)} became {str(not was).lower()}")
    texts = [(path, value) for path, value in leaves if isinstance(value, str)]
    for path, value in texts:
        if (turned := _opposite(value)) is not None and len(value.split()) == 1:
            return Planted(form.with_value(path, turned.text), f"{path_shown(path)}: {turned.what}")
    prose = [(path, value) for path, value in texts if is_prose(value)]
    if not prose:
        return None
    path, value = material.most_telling(prose, [value for _, value in prose])
    negated = _negated(value, material)
    return (
        None if negated is None else Planted(form.with_value(path, negated), f"{path_shown(path)} is negated")
    )


def _in_code(material: Material) -> Planted | None:
    found = list(_OPERATOR.finditer(material.response))
    if not found:
        return None
    match = material.random.choice(found)
    other = _OTHER[match[0]]
    text = material.response
    return Planted(f"{text[: match.start()]}{other}{text[match.end() :]}", f"{match[0]} became {other}")
