"""
DynamoDB's expressions, as far as counters need them.

An update has SET (with +, - and if_not_exists) and ADD; a condition has comparisons, attribute_exists,
attribute_not_exists, NOT, AND, OR and brackets. Paths are names of top-level attributes. Anything else is
refused, never passed over: a condition that is not understood may be the one that does not hold.
"""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

Value = Mapping[str, Any]
"""An attribute as DynamoDB's JSON has it: {"N": "1.5"}, {"S": "text"}."""

Item = dict[str, Value]

_TOKEN = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*|[:#][A-Za-z0-9_]+|<>|<=|>=|[=<>+\-(),]|\S)")
_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "<>": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt,
    ">=": operator.ge,
}  # fmt: skip
_WORD = re.compile(r"[A-Za-z_#][A-Za-z0-9_]*")


class ItemExpressionError(Exception):
    """An expression cannot be read, or not be evaluated for an item."""


class Names(NamedTuple):
    """What an expression's #names and :values stand for."""

    attributes: Mapping[str, str]
    values: Mapping[str, Value]


Operand = Callable[[Item, Names], Value | None]
Condition = Callable[[Item, Names], bool]
Change = Callable[[Item, Names], tuple[str, Value]]
Read = TypeVar("Read")


@lru_cache(maxsize=64)
def condition_of(text: str) -> Condition:
    """
    Read a condition; an empty one always holds.

    Raises:
        ItemExpressionError: It is none, or has more than this module knows.
    """
    if not text.strip():
        return lambda _item, _names: True
    parser = _ExpressionParser(text)
    return parser.whole(parser.either())


@lru_cache(maxsize=64)
def update_of(text: str) -> tuple[Change, ...]:
    """
    Read an update; an empty one changes nothing.

    Raises:
        ItemExpressionError: It is none, or has more than this module knows.
    """
    if not text.strip():
        return ()
    parser = _ExpressionParser(text)
    return parser.whole(parser.clauses())


def holds(condition: Condition, item: Item, names: Names) -> bool:
    """
    Tell whether a condition holds for an item.

    Raises:
        ItemExpressionError: A name or value of it is not given.
    """
    return condition(item, names)


def updated(changes: tuple[Change, ...], item: Item, names: Names) -> Item:
    """
    Return the attributes that an update sets, each from the item as it was.

    Raises:
        ItemExpressionError: A name or value is not given, an attribute is missing or is no number.
    """
    return dict(change(item, names) for change in changes)


@dataclass(slots=True)
class _ExpressionParser:
    text: str
    tokens: list[str]
    place: int = 0

    def __init__(self, text: str) -> None:
        self.text, self.tokens, self.place = text, _TOKEN.findall(text), 0

    def whole(self, read: Read) -> Read:
        """Return what was read, if it was read to its end."""
        if self.next is not None:
            raise self.wrong()
        return read

    @property
    def next(self) -> str | None:
        return self.tokens[self.place] if self.place < len(self.tokens) else None

    def wrong(self) -> ItemExpressionError:
        return ItemExpressionError(f"Syntax error in {self.text!r} near {self.next or 'its end'!r}")

    def take(self, *wanted: str) -> str | None:
        """Take the next token if it is one of these; keywords in either case."""
        if self.next is None or self.next.upper() not in wanted:
            return None
        self.place += 1
        return self.tokens[self.place - 1].upper()

    def expect(self, wanted: str) -> None:
        if self.take(wanted) is None:
            raise self.wrong()

    def either(self) -> Condition:
        parts = [self.all_of()]
        while self.take("OR"):
            parts.append(self.all_of())
        return lambda item, names: any(part(item, names) for part in parts)

    def all_of(self) -> Condition:
        parts = [self.one()]
        while self.take("AND"):
            parts.append(self.one())
        return lambda item, names: all(part(item, names) for part in parts)

    def one(self) -> Condition:
        if self.take("NOT"):
            negated = self.one()
            return lambda item, names: not negated(item, names)
        if self.take("("):
            inner = self.either()
            self.expect(")")
            return inner
        if asked := self.take("ATTRIBUTE_EXISTS", "ATTRIBUTE_NOT_EXISTS"):
            self.expect("(")
            path = self.path()
            self.expect(")")
            return lambda item, names: (path(names) in item) == (asked == "ATTRIBUTE_EXISTS")
        return self.comparison()

    def comparison(self) -> Condition:
        left = self.operand()
        sign = self.take(*_COMPARISONS)
        if sign is None:
            raise self.wrong()
        right = self.operand()
        return lambda item, names: _compare(_COMPARISONS[sign], left(item, names), right(item, names))

    def clauses(self) -> tuple[Change, ...]:
        changes: list[Change] = []
        while clause := self.take("SET", "ADD"):
            parse = self.setting if clause == "SET" else self.adding
            changes.append(parse())
            while self.take(","):
                changes.append(parse())
        if not changes:
            raise self.wrong()
        return tuple(changes)

    def setting(self) -> Change:
        path = self.path()
        self.expect("=")
        left = self.operand()
        sign = self.take("+", "-")
        right = self.operand() if sign else None

        def change(item: Item, names: Names) -> tuple[str, Value]:
            value = _there(left(item, names))
            if right is None:
                return path(names), value
            other = _number(_there(right(item, names)))
            return path(names), _of_number(_number(value) + (other if sign == "+" else -other))

        return change

    def adding(self) -> Change:
        path, operand = self.path(), self.operand()

        def change(item: Item, names: Names) -> tuple[str, Value]:
            before = _number(item.get(path(names), {"N": "0"}))
            return path(names), _of_number(before + _number(_there(operand(item, names))))

        return change

    def operand(self) -> Operand:
        if self.take("IF_NOT_EXISTS"):
            self.expect("(")
            path = self.path()
            self.expect(",")
            default = self.operand()
            self.expect(")")
            return lambda item, names: item.get(path(names)) or default(item, names)
        if self.next is not None and self.next.startswith(":"):
            name = self.next
            self.place += 1
            return lambda _item, names: _given(names.values, name)
        path = self.path()
        return lambda item, names: item.get(path(names))

    def path(self) -> Callable[[Names], str]:
        name = self.next
        if name is None or not _WORD.fullmatch(name):
            raise self.wrong()
        self.place += 1
        if name.startswith("#"):
            return lambda names: str(_given(names.attributes, name))
        return lambda _names: name


def _given(values: Mapping[str, Any], name: str) -> Any:
    if name not in values:
        raise ItemExpressionError(f"An expression uses {name}, and it is not defined")
    return values[name]


def _there(value: Value | None) -> Value:
    if value is None:
        raise ItemExpressionError("An expression refers to an attribute that does not exist in the item")
    return value


def _compare(compare: Callable[[Any, Any], bool], left: Value | None, right: Value | None) -> bool:
    # What is not there, or of another type, is another value and neither more nor less: DynamoDB's rule.
    if left is None or right is None or left.keys() != right.keys():
        return compare is operator.ne
    return compare(_plain(left), _plain(right))


def _plain(value: Value) -> Any:
    return _number(value) if "N" in value else next(iter(value.values()))


def _number(value: Value) -> Decimal:
    if "N" not in value:
        raise ItemExpressionError(f"An operand of {next(iter(value), 'nothing')} where a number is needed")
    return Decimal(value["N"])


def _of_number(number: Decimal) -> Value:
    return {"N": format(number, "f")}
