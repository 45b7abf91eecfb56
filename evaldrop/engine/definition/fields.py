"""One object of a definition, read field by field: what is wrong or left over is reported with its path."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from evaldrop.engine.queries import (
    LaterExpression,
    compile_expression,
    is_array,
    is_boolean,
    is_number,
    is_object,
    is_string,
    type_name,
)
from evaldrop.engine.templates import Compile, Template, compile_template, is_expression

# Most published definitions are JSONPath: "unknown field" would not say what is wrong with them.
JSONPATH_FIELDS = frozenset({
    "CausePath", "ErrorPath", "HeartbeatSecondsPath", "InputPath", "ItemsPath", "MaxConcurrencyPath",
    "MaxInputBytesPerBatchPath", "MaxItemsPath", "MaxItemsPerBatchPath", "OutputPath", "Parameters", "Result",
    "ResultPath", "ResultSelector", "SecondsPath", "TimeoutSecondsPath", "TimestampPath",
    "ToleratedFailureCountPath", "ToleratedFailurePercentagePath", "Variable", "Iterator",
})  # fmt: skip
# What AWS has and this engine has not: "unknown field" would be no reason.
UNSUPPORTED_FIELDS = {
    "Credentials": "is not supported: every call is made as the state machine's own role",
}
_PLAIN_NAME = re.compile(r"[A-Za-z_][\w-]*")


class Problems:
    """
    What is wrong with a definition, in the order it was found.

    `was_checked`: nothing is, in its expressions and in what its Tasks call. Expressions are then compiled
    when they are first needed, and no service's model is read.
    """

    def __init__(self, *, was_checked: bool = False) -> None:
        self.lines: list[str] = []
        self.was_checked = was_checked
        self.compiling: Compile = LaterExpression if was_checked else compile_expression

    def add(self, path: str, problem: str) -> None:
        """Note a problem at a path."""
        self.lines.append(f"{path}: {problem}")


def member_path(path: str, name: str) -> str:
    """Return the path to a member, quoted when its name is not a plain word."""
    return f"{path}.{name}" if _PLAIN_NAME.fullmatch(name) else f"{path}['{name}']"


class Fields:
    """An object's fields. Each is taken once, by type; `finish` reports those nobody took."""

    def __init__(self, value: Any, path: str, problems: Problems, *, comment: bool = True) -> None:
        self.path = path
        self.problems = problems
        self.templates: list[Template] = []
        self._left: dict[str, Any] = dict(value) if isinstance(value, dict) else {}
        if not isinstance(value, dict):
            problems.add(path, f"must be an object, not {type_name(value)}")
        if comment:
            self.text("Comment")

    def at(self, name: str) -> str:
        """Return the path to a field."""
        return member_path(self.path, name)

    def complain(self, name: str, problem: str) -> None:
        """Note a problem with a field."""
        self.problems.add(self.at(name), problem)

    def has(self, name: str) -> bool:
        """Tell whether a field is still to be taken."""
        return name in self._left

    def names(self) -> list[str]:
        """Return the names of the fields still to be taken."""
        return list(self._left)

    def take(self, name: str) -> Any:
        """Take a field whatever it is; None when it is absent."""
        return self._left.pop(name, None)

    def refuse(self, names: Iterable[str], problem: str) -> None:
        """Take fields that do not belong here, and note the problem with each that there is."""
        for name in names:
            if name in self._left:
                self.complain(name, problem)
                del self._left[name]

    def _is_there(self, name: str, required: bool) -> bool:
        if required and name not in self._left:
            self.problems.add(self.path, f"{name} is missing")
        return name in self._left

    def _checked(self, name: str, holds: Callable[[Any], bool], what: str, required: bool) -> Any:
        if not self._is_there(name, required):
            return None
        value = self._left.pop(name)
        if not holds(value):
            self.complain(name, f"must be {what}, not {type_name(value)}")
            return None
        return value

    def text(self, name: str, *, required: bool = False) -> str | None:
        """Take a string."""
        value: str | None = self._checked(name, is_string, "a string", required)
        return value

    def flag(self, name: str) -> bool:
        """Take a boolean; absent is False."""
        return bool(self._checked(name, is_boolean, "true or false", False))

    def choice(
        self, name: str, allowed: Collection[str], default: str = "", *, required: bool = False
    ) -> str:
        """Take one of a closed set of strings."""
        value = self.text(name, required=required)
        if value is not None and value not in allowed:
            self.complain(name, f"{value!r} is not one of {', '.join(allowed)}")
            return default
        return default if value is None else value

    def language(self) -> None:
        """Take a state's QueryLanguage, which can only be JSONata."""
        language = self.text("QueryLanguage")
        if language not in (None, "JSONata"):
            self.complain("QueryLanguage", f"this engine runs JSONata only, not {language}")

    def number(
        self, name: str, *, minimum: float, maximum: float = float("inf"), whole: bool = True
    ) -> float | None:
        """Take a number within bounds, both included."""
        value: float | None = self._checked(name, is_number, "a number", False)
        return value if value is not None and self._fits(name, value, minimum, maximum, whole) else None

    def _fits(self, name: str, value: float, minimum: float, maximum: float, whole: bool) -> bool:
        # Not by way of a float, which an integer may be too large for.
        if whole and isinstance(value, float) and not value.is_integer():
            self.complain(name, f"must be a whole number, not {value}")
            return False
        if not minimum <= value <= maximum:
            bounds = (
                f"at least {minimum:,}" if maximum == float("inf") else f"from {minimum:,} to {maximum:,}"
            )
            self.complain(name, f"must be {bounds}, not {value:,}")
            return False
        return True

    def template(self, name: str, *, required: bool = False) -> Template | None:
        """Take any JSON value with expressions in it."""
        if not self._is_there(name, required):
            return None
        problems = self.problems
        template = compile_template(
            self._left.pop(name), name, self.at(name), problems.add, problems.compiling
        )
        self.templates.append(template)
        return template

    def object_template(self, name: str, *, required: bool = False) -> Template | None:
        """Take an object with expressions in it, or one expression for the whole of it."""
        return self.typed_template(name, is_object, "an object", required=required)

    def typed_template(
        self, name: str, holds: Callable[[Any], bool], what: str, *, required: bool = False
    ) -> Template | None:
        """Take a literal of one type, or an expression."""
        value = self._left.get(name)
        if name in self._left and not is_expression(value) and not holds(value):
            self.complain(name, f"must be {what} or an expression, not {type_name(value)}")
            del self._left[name]
            return None
        return self.template(name, required=required)

    def number_template(
        self, name: str, *, minimum: float, maximum: float = float("inf"), whole: bool = True
    ) -> Template | None:
        """Take a number within bounds, or an expression."""
        template = self.typed_template(name, is_number, "a number")
        if template is None or template.expressions or is_expression(template.literal):
            return template
        return template if self._fits(name, template.literal, minimum, maximum, whole) else None

    def inner(self, name: str, *, required: bool = False, comment: bool = True) -> "Fields | None":
        """Take an object, to be read field by field; `comment` when it may have a Comment."""
        if not self._is_there(name, required):
            return None
        return Fields(self._left.pop(name), self.at(name), self.problems, comment=comment)

    def each(self, name: str, *, required: bool = False) -> Iterator["Fields"]:
        """Take an array of objects."""
        value = self._checked(name, is_array, "an array", required)
        if required and value == []:
            self.complain(name, "must not be empty")
        for index, element in enumerate(value or []):
            yield Fields(element, f"{self.at(name)}[{index}]", self.problems)

    def texts(self, name: str, *, required: bool = False) -> tuple[str, ...]:
        """Take an array of strings that is not empty."""
        value = self._checked(name, is_array, "an array", required)
        if value is None:
            return ()
        if not value or not all(map(is_string, value)):
            self.complain(name, "must hold strings, at least one")
            return ()
        return tuple(value)

    def finish(self, what: str) -> None:
        """Report every field that nobody took."""
        for name in self._left:
            if name in JSONPATH_FIELDS:
                self.complain(name, "is a JSONPath field; this engine runs JSONata only")
            elif name in UNSUPPORTED_FIELDS:
                self.complain(name, UNSUPPORTED_FIELDS[name])
            else:
                self.complain(name, f"unknown field of {what}")
