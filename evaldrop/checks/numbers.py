"""
Numbers in a response: which there are, with their units, and whether one is near enough.

"1.234" is a thousand or one and a bit: the check declares how numbers are written, and "1,234.5" holds where
it declares nothing. What is not written so is no number, and the note says it.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, NamedTuple

from evaldrop.checks.subject import Outcome, Subject
from evaldrop.checks.texts import NO_REFERENCE
from evaldrop.checks.values import WrongValueError, read_options, shortened

_MOST_DIGITS: Final = 100
# A response of digits and marks alone has very many.
_MOST_NUMBERS: Final = 10_000
_SPACES: Final = " \u00a0\u202f\u2009"
_MARKS: Final = "'’.,\u00a0\u202f\u2009"
_WORD: Final = re.compile(r"[^\W\d_]+")
_UNIT_SIGNS: Final = tuple("%‰°℃℉")

DEFAULT_FORM: Final = "1,234.5"
_FORMS: Final = {
    "1,234.5": (",", "."),
    "1.234,5": (".", ","),
    "1 234,5": (_SPACES, ","),
    "1 234.5": (_SPACES, "."),
    "1'234.5": ("'’", "."),
}


class Number(NamedTuple):
    """A number in a text, as it stands there, and where, with the unit beside it ("" for none)."""

    value: Decimal
    shown: str
    unit: str
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Margin:
    """How far a number may be off: an amount, or a share of what is wanted."""

    amount: float = 0.0
    is_share: bool = False

    def holds(self, wanted: Decimal | float, given: Decimal | float) -> bool:
        """Tell whether a number is near enough."""
        one, other, amount = (Decimal(str(number)) for number in (wanted, given, self.amount))
        if not (one.is_finite() and other.is_finite()):
            return False
        return abs(one - other) <= (abs(one) * amount if self.is_share else amount)


EXACT: Final = Margin()


def read_tolerance(value: Any) -> Margin:
    """
    Read how far a number may be off: 0.5, or "2%".

    Raises:
        ValueError: It is neither.
    """
    if value is None:
        return EXACT
    text = str(value).strip()
    try:
        amount = float(text.removesuffix("%"))
    except ValueError:
        amount = -1.0
    if isinstance(value, bool) or not 0 <= amount < 1e300:
        raise WrongValueError(f'within is {value!r}, and has to be a number from 0, or a share such as "2%"')
    return Margin(amount / 100, is_share=True) if text.endswith("%") else Margin(amount)


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberForm:
    """How numbers are written."""

    name: str

    def pattern(self) -> "re.Pattern[str]":
        """Return what a whole number of this form looks like."""
        groups, point = (re.escape(marks) for marks in _FORMS[self.name])
        return re.compile(rf"(?:\d{{1,3}}(?:[{groups}]\d{{3}})+|\d+)?(?:{point}\d+)?")

    def run(self) -> "re.Pattern[str]":
        """Return what begins like a number of some form, whole: so that of 1,23 not the 1 is read."""
        # A blank parts numbers, but for forms that have it within them.
        blank = r"| (?=\d{3}(?!\d))" if " " in _FORMS[self.name][0] else ""
        # A minus between figures is a dash, as in 2024-05-01.
        return re.compile(
            rf"(?<!\w)(?:(?<![\d\w.,])[-+−](?=[\d.,]))?(?:[.,](?=\d))?\d+(?:(?:[{_MARKS}]{blank})\d+)*"
            r"(?:[eE][-+]?\d{1,2}(?!\d))?"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedNumber:
    """A number that a response has to hold; None means the references'."""

    equals: Decimal | None
    equals_unit: str
    within: Margin
    form: NumberForm
    unit: str | None
    which: str


_WHICH: Final = ("last", "first", "any", "only")


def read_wanted(value: Any) -> WantedNumber:
    """
    Read a number: itself, a text of it, or a mapping of options; nothing for the references'.

    Raises:
        ValueError: An option is wrong.
    """
    value = {} if value is None else {"equals": value} if isinstance(value, int | float | str) else value
    options = read_options(
        value,
        {
            "equals": "the number; the reference's where it is left out",
            "within": 'how far it may be off: 0.5 or "2%"',
            "separators": f"one of {', '.join(_FORMS)}",
            "unit": "what has to stand beside it",
            "which": "last, first, any, only",
        },
    )
    form = NumberForm(name=_choice(options.get("separators", DEFAULT_FORM), tuple(_FORMS), "separators"))
    unit = options.get("unit")
    if unit is not None and (not isinstance(unit, str) or not unit.strip() or len(unit) > 30):
        raise WrongValueError(f"unit is {unit!r}, and has to be a text such as EUR")
    equals = _wanted_number(options.get("equals"), form)
    return WantedNumber(
        equals=None if equals is None else equals.value,
        equals_unit="" if equals is None else equals.unit,
        within=read_tolerance(options.get("within")),
        form=form,
        unit=None if unit is None else unit.strip().casefold(),
        which=_choice(options.get("which", "last"), _WHICH, "which"),
    )


def _choice(value: Any, choices: tuple[str, ...], option: str) -> str:
    if value not in choices:
        raise WrongValueError(f"{option} is {value!r}, and has to be one of {', '.join(choices)}")
    return str(value)


def _wanted_number(value: Any, form: NumberForm) -> Number | None:
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300:
        return Number(Decimal(str(value)), str(value), "")
    numbers, _ = find_numbers(value, form) if isinstance(value, str) else ([], [])
    if len(numbers) != 1:
        raise WrongValueError(f"equals is {value!r}, and has to be one number, written as {form.name}")
    return numbers[0]


def find_numbers(text: str, form: NumberForm) -> tuple[list[Number], list[str]]:
    """Return the numbers of a text, and what looks like one and is not written so; the first of very many."""
    whole, numbers, unreadable = form.pattern(), list[Number](), list[str]()
    for match in _runs(text, form):
        shown = match[0]
        sign, digits = ("-", shown[1:]) if shown[0] in "-−" else ("", shown.removeprefix("+"))
        mantissa, _, exponent = digits.replace("E", "e").partition("e")
        if len(mantissa) > _MOST_DIGITS or not whole.fullmatch(mantissa):
            unreadable.append(shown)
            continue
        groups, point = _FORMS[form.name]
        plain = "".join("." if mark == point else mark for mark in mantissa if mark not in groups)
        value = Decimal(f"{sign}{plain}e{exponent or 0}")
        start, end = match.span()
        numbers.append(Number(value, shown, _unit_beside(text, start, end), start, end))
    return numbers, unreadable


def _runs(text: str, form: NumberForm) -> Iterator["re.Match[str]"]:
    for count, match in enumerate(form.run().finditer(text)):
        if count == _MOST_NUMBERS:
            return
        yield match


def _unit_beside(text: str, start: int, end: int) -> str:
    """Return the word or sign behind a number, or the currency's sign right before it."""
    behind = end + 1 if text[end : end + 1] in tuple(_SPACES) else end
    if match := _WORD.match(text, behind, behind + 30):
        return match[0]
    if _is_unit_sign(sign := text[behind : behind + 1]):
        return sign
    before = text[max(0, start - 2) : start].strip()[-1:]
    return before if before and unicodedata.category(before) == "Sc" else ""


def _is_unit_sign(sign: str) -> bool:
    return sign in _UNIT_SIGNS or (sign != "" and unicodedata.category(sign) == "Sc")


def number(wanted: WantedNumber, subject: Subject) -> Outcome:
    """Tell whether a response says a number, near enough."""
    targets = _targets(wanted, subject)
    if not targets:
        reason = "no_number_in_reference" if subject.references else "no_reference"
        return NO_REFERENCE._replace(unscored_reason=reason)
    numbers, unreadable = find_numbers(subject.response, wanted.form)
    if wanted.unit is not None:
        numbers = [found for found in numbers if _has_unit(found, wanted.unit, subject.response)]
    note = (
        f" Not written as {wanted.form.name}: {shortened(', '.join(unreadable[:3]))}." if unreadable else ""
    )
    if not numbers:
        beside = f" with the unit {wanted.unit}" if wanted.unit is not None else ""
        return Outcome(0.0, f"Says no number{beside}.{note}")
    if wanted.which == "only" and len(numbers) > 1:
        return Outcome(0.0, f"Says {len(numbers):,} numbers, and should say one.{note}")
    looked_at = {"last": numbers[-1:], "first": numbers[:1]}.get(wanted.which, numbers)
    for found in looked_at:
        if any(_agrees(found, target, wanted) for target in targets):
            return Outcome(1.0, f"Says {_shown(found)}.{note}")
    return Outcome(0.0, f"Says {', '.join(map(_shown, looked_at[:3]))}.{note}")


def _targets(wanted: WantedNumber, subject: Subject) -> list[Number]:
    if wanted.equals is not None:
        return [Number(wanted.equals, str(wanted.equals), wanted.equals_unit)]
    # Of a reference that reasons and then answers, the answer.
    return [found for text in subject.references for found in find_numbers(text, wanted.form)[0][-1:]]


def _agrees(found: Number, target: Number, wanted: WantedNumber) -> bool:
    # 60 % is 60 or 0.6: it is the same only as a number that is a percentage too.
    if wanted.unit is None and (found.unit == "%") != (target.unit == "%"):
        return False
    return wanted.within.holds(target.value, found.value)


def _has_unit(found: Number, unit: str, text: str) -> bool:
    if found.unit.casefold() == unit:
        return True
    # A unit of more than a word or a sign, such as km/h, or a word before it; but not m of miles.
    behind = text[found.end : found.end + len(unit) + 2].lstrip().casefold()
    before = text[max(0, found.start - len(unit) - 2) : found.start].rstrip().casefold()
    is_behind = behind.startswith(unit) and not (unit[-1] + behind[len(unit) :][:1]).isalpha()
    return is_behind or (before.endswith(unit) and not (before[: -len(unit)][-1:] + unit[0]).isalpha())


def _shown(found: Number) -> str:
    return f"{shortened(found.shown, 40)} {found.unit}".strip()
