"""A wrong number: one of the response's, another wherever it stands."""

import json
import re
import unicodedata
from typing import Any, Final

from evaldrop import json_text
from evaldrop.proving.json_form import JsonForm, json_form, path_shown
from evaldrop.proving.material import Material, Planted

_NUMBER: Final = re.compile(r"(?<![A-Za-z_\d.,/#@])(?<!\w-)\d+(?:[.,٫٬'’\u00a0\u202f]\d+)*(?![xX\d])")
# Numbers that count the response's own parts.
_LABEL: Final = re.compile(r"(?:^|\n)[ \t>*#]*$")
_NAMED_LABEL: Final = re.compile(
    r"(?:step|schritt|étape|paso|passo|figure|table|section|chapter|第)[ \t]*$", re.IGNORECASE
)
_YEARS: Final = range(1000, 2101)


def wrong_number(material: Material) -> Planted | None:
    """Change a number, one of the references' or the context's where there is one."""
    form = json_form(material.response)
    if form is not None:
        return _in_json(material, form)
    found = [match for match in _NUMBER.finditer(material.response) if not _is_label(match)]
    if not found:
        return None
    old = _chosen(material, sorted({match[0] for match in found}))
    new = _another(material, old)
    parts, at = list[str](), 0
    for match in found:
        if match[0] == old:
            parts += [material.response[at : match.start()], new]
            at = match.end()
    return Planted("".join((*parts, material.response[at:])), f"{old} became {new}")


def _in_json(material: Material, form: JsonForm) -> Planted | None:
    held = [(path, value, number) for path, value in form.leaves() for number in _numbers(value)]
    if not held:
        return None
    old = _chosen(material, sorted({number for _, _, number in held}))
    path, value, _ = material.random.choice([each for each in held if each[2] == old])
    new = _another(material, old)
    text = value if isinstance(value, str) else json.dumps(value)
    place = next(match for match in _NUMBER.finditer(text.lstrip("-")) if match[0] == old)
    start = place.start() + len(text) - len(text.lstrip("-"))
    changed = f"{text[:start]}{new}{text[start + len(old) :]}"
    return Planted(
        form.with_value(path, changed if isinstance(value, str) else json_text.loads(changed)),
        f"{path_shown(path)}: {old} became {new}",
    )


def _numbers(value: Any) -> list[str]:
    if isinstance(value, bool) or value is None:
        return []
    return _NUMBER.findall((value if isinstance(value, str) else json.dumps(value)).lstrip("-"))


def _is_label(match: "re.Match[str]") -> bool:
    before = match.string[max(0, match.start() - 20) : match.start()]
    behind = match.string[match.end() : match.end() + 2]
    if _NAMED_LABEL.search(before):
        return True
    is_first = match.start() == 0 or bool(_LABEL.search(before))
    return is_first and behind[:1] in (".", ")", "、") and bool(behind[1:].strip() == "" or behind[0] == "、")


def _chosen(material: Material, numbers: list[str]) -> str:
    texts = material.texts
    for known in ("\n".join(texts.references), texts.context or ""):
        held = {_plain(number) for number in _NUMBER.findall(known)}
        if shared := [number for number in numbers if _plain(number) in held]:
            return material.random.choice(shared)
    asked = {_plain(number) for number in _NUMBER.findall(texts.prompt)}
    return material.random.choice([number for number in numbers if _plain(number) not in asked] or numbers)


def _another(material: Material, old: str) -> str:
    """Return a number that no text of the record has, of the same form and well away."""
    texts = material.texts
    taken = {
        _plain(number)
        for text in (material.response, texts.known, texts.prompt)
        for number in _NUMBER.findall(text)
    }
    options = _others(old)
    material.random.shuffle(options)
    return next((option for option in options if _plain(option) not in taken), options[0])


def _others(old: str) -> list[str]:
    """Return numbers of the same form: another first digit, or a year 3 to 40 years off."""
    if len(old) == 4 and old.isdecimal() and int(old) in _YEARS:
        years = (int(old) + sign * distance for sign in (-1, 1) for distance in range(3, 41))
        return ["".join(chr(_zero(old[0]) + int(digit)) for digit in str(year)) for year in years]
    places = [at for at, mark in enumerate(old) if mark.isdecimal()]
    at = next((place for place in places if unicodedata.digit(old[place]) != 0), places[-1])
    was = unicodedata.digit(old[at])
    return [
        f"{old[:at]}{chr(_zero(old[at]) + digit)}{old[at + 1 :]}" for digit in range(1, 10) if digit != was
    ]


def _zero(digit: str) -> int:
    return ord(digit) - unicodedata.digit(digit)


def _plain(number: str) -> str:
    return "".join(str(unicodedata.digit(mark)) for mark in number if mark.isdecimal())
