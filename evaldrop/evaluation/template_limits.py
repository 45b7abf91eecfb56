"""
What filling in a prompt may cost. A prompt may come with an upload, and is filled in where others' runs are.

Jinja's sandbox keeps a template away from Python; it does not keep it from `{{ "x" * 10 ** 10 }}`. Here every
value that a template makes is measured, what multiplies is reckoned before it is done, and every round of a
loop looks at the clock.
"""

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, Final, cast

from jinja2 import StrictUndefined, TemplateRuntimeError, nodes, pass_context
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

MAX_TEMPLATE = 256 * 1024
"""Characters of a prompt's file; those of people have a few thousand."""
MAX_CHARACTERS = 32 * 1024 * 1024
"""Of a value and of a message: as many as a record may have bytes, and more than any model takes."""
MAX_MEMBERS = 1_000_000
"""Of a list or mapping, those within its members included."""
MAX_SECONDS = 5.0
"""Of processor time, for all messages of one prompt and record."""
# All that is made on the way to a message, which keeps memory within a few hundred megabytes.
_MAX_MADE = 4 * MAX_CHARACTERS
_MAX_BITS = 10_000
_MAX_INDENT = 100
# Tags are taken out one by one, each by a copy of the whole text.
_MAX_COPIED = 4_000_000_000


class TooCostlyError(TemplateRuntimeError):
    """A template would take more time or memory than a prompt may."""


class TooSlowError(TooCostlyError):
    """A template would take more time than a prompt may, with one record as with another."""


_LOOKS_EVERY: Final = 16
_SHORT: Final = 4_096
"""Characters. What is shorter takes no time that is worth a look at the clock, which takes a microsecond."""


class _Budget:
    """What is left of the time and of the characters of one rendering."""

    def __init__(self) -> None:
        self._left, self._steps = _MAX_MADE, 0
        # The processor's time and not a clock's: a machine that is busy with others is no fault of a prompt.
        self._until = time.thread_time() + MAX_SECONDS

    def spend(self, characters: int = 0) -> None:
        self._left -= characters + 1
        self._steps += 1
        if characters > _SHORT or self._left < 0 or not self._steps % _LOOKS_EVERY:
            self._look()

    def _look(self) -> None:
        if self._left < 0:
            raise TooCostlyError(f"it makes more than {_MAX_MADE:,} characters on the way")
        if time.thread_time() > self._until:
            raise TooSlowError(f"it takes more than {MAX_SECONDS:g} seconds")


_budget: ContextVar[_Budget] = ContextVar("budget")


@contextmanager
def limited() -> Iterator[None]:
    """Give what is rendered in the block one budget of time and characters."""
    token = _budget.set(_Budget())
    try:
        yield
    finally:
        _budget.reset(token)


def _size(value: Any) -> int:
    """Return a value's characters and members, all the way down; refuse more than a value may have."""
    if isinstance(value, str | bytes):
        return _within(len(value))
    if isinstance(value, int) and value.bit_length() > _MAX_BITS:
        raise TooCostlyError("it makes a number of thousands of digits")
    if not isinstance(value, list | tuple | dict | set | frozenset):
        return 1
    waiting, members, characters = [value], 0, 0
    while waiting:
        one = waiting.pop()
        members += 1
        if isinstance(one, str | bytes):
            characters += len(one)
        elif isinstance(one, dict):
            waiting += [*one, *one.values()]
        elif isinstance(one, list | tuple | set | frozenset):
            waiting += one
        if members + len(waiting) > MAX_MEMBERS:
            raise TooCostlyError(f"it makes a list of more than {MAX_MEMBERS:,} members")
    return _within(members + characters)


def _within(characters: float) -> int:
    if characters > MAX_CHARACTERS:
        raise TooCostlyError(f"it makes a text of more than {MAX_CHARACTERS:,} characters")
    return int(characters)


def _checked(value: Any) -> Any:
    # Nearly all that a prompt writes is a short text: to measure it must not take longer than to write it.
    is_short = type(value) is str and len(value) <= _SHORT
    _budget.get().spend(len(value) if is_short else _size(value))
    return value


def _counted(iterable: Iterable[Any]) -> Iterator[Any]:
    """Yield what a loop goes through, with an eye on the clock."""
    budget = _budget.get()
    for each in iterable:
        budget.spend()
        yield each


def _joined(parts: list[Any]) -> str:
    """Join the operands of ~."""
    texts = []
    left = MAX_CHARACTERS
    for part in parts:
        texts.append(str(part))
        left -= len(texts[-1])
        _within(MAX_CHARACTERS - left)
    return "".join(texts)


@pass_context
def _written(_context: Context, value: Any) -> Any:
    """Measure what is about to be written."""
    # With a context, so that Jinja computes nothing of it when it compiles. As `_checked`, and not by it: a
    # prompt writes a dozen pieces a record.
    is_short = type(value) is str and len(value) <= _SHORT
    _budget.get().spend(len(value) if is_short else _size(value))
    return value


# How many characters an operation would make, by its name: those that can make many out of few.


def _of_replace(text: Any, old: Any = "", new: Any = "", *_: Any, **__: Any) -> float:
    text, old, new = str(text), str(old), str(new)
    return float(len(text) + text.count(old) * len(new))


def _of_join(separator: Any, members: Any) -> float:
    return _size(members) + len(str(separator)) * (len(members) if hasattr(members, "__len__") else 1)


def _of_indent(text: Any, width: Any = 4, *_: Any, **__: Any) -> float:
    text = str(text)
    return float(len(text) + (text.count("\n") + 1) * (width if isinstance(width, int) else len(str(width))))


def _of_tabs(text: Any, width: Any = 8, *_: Any, **__: Any) -> float:
    return float(len(text) + text.count("\t" if isinstance(text, str) else b"\t") * _whole(width))


def _of_width(_text: Any, width: Any = 80, *_: Any, **__: Any) -> float:
    return _whole(width)


def _of_wrap(
    text: Any, _width: Any = 79, _long: Any = True, wrapstring: Any = None, *_: Any, **__: Any
) -> float:
    return len(str(text)) * max(1, len(str(wrapstring or "\n")))


def _of_links(text: Any, *given: Any, **named: Any) -> float:
    more = sum(len(each) for each in (*given, *named.values()) if isinstance(each, str))
    return len(str(text)) * (1 + more)


def _of_json(_value: Any, indent: Any = None) -> float:
    return 0 if _whole(indent) <= _MAX_INDENT else float("inf")


def _of_sum(_values: Any, _attribute: Any = None, start: Any = 0) -> float:
    # Lists would be copied once for each of them.
    return 0 if isinstance(start, int | float) else float("inf")


def _of_tags(text: Any) -> float:
    text = str(text)
    return float("inf") if text.count("<") * len(text) > _MAX_COPIED else 0


_PERCENT = re.compile(r"%(?:\([^)]*\))?[-#0 +]*(\*|\d+)?(?:\.(\*|\d+))?")
_FIELD = re.compile(r"\{[^{}]*?:([^{}]*)(\{?)")


def _of_percent(text: Any, *given: Any, **named: Any) -> float:
    text = text if isinstance(text, str) else str(text)
    specs = _PERCENT.findall(text)
    widths = [width for spec in specs for width in spec if width]
    if "*" in widths:
        raise TooCostlyError("a width of * in % is not for prompts")
    return _of_format(text, len(specs), widths, (*given, *named.values()))


def _of_braces(text: str, *given: Any, **named: Any) -> float:
    fields = _FIELD.findall(text)
    if any(brace for _, brace in fields):
        raise TooCostlyError("a width that is a value itself is not for prompts")
    widths = [width for spec, _ in fields for width in re.findall(r"\d+", spec)]
    return _of_format(text, text.count("{"), widths, (*given, *named.values()))


def _of_format(text: str, n: int, widths: list[str], given: tuple[Any, ...]) -> float:
    # A number of so many digits alone is too wide.
    wide = sum(int(width) if len(width) < 10 else MAX_CHARACTERS + 1 for width in widths)
    # Numbers are never longer than a few hundred digits but where a width says so.
    return len(text) + wide + n * max((_size(each) + 400 for each in given), default=0)


def _whole(value: Any) -> int:
    return abs(value) if isinstance(value, int) else 0


_FILTERS: Mapping[str, Callable[..., float]] = {
    "batch": _of_width, "center": _of_width, "format": _of_percent, "indent": _of_indent,
    "join": lambda members, separator="", *_, **__: _of_join(separator, members),
    "replace": _of_replace, "slice": _of_width, "striptags": _of_tags, "sum": _of_sum, "tojson": _of_json,
    "urlize": _of_links, "wordwrap": _of_wrap,
}  # fmt: skip
# Of texts, bytes and numbers.
_METHODS: Mapping[str, Callable[..., float]] = {
    "center": _of_width, "expandtabs": _of_tabs, "join": _of_join, "ljust": _of_width, "replace": _of_replace,
    "rjust": _of_width, "to_bytes": _of_width, "translate": lambda *_: float("inf"), "zfill": _of_width,
}  # fmt: skip


def _multiplied(left: Any, right: Any) -> float:
    match left, right:
        case (int(), int()):
            return 0 if left.bit_length() + right.bit_length() <= _MAX_BITS else float("inf")
        case (str() | bytes() | list() | tuple(), int()):
            return _size(left) * max(0, right)
        case (int(), str() | bytes() | list() | tuple()):
            return _size(right) * max(0, left)
    return 0


def _raised(left: Any, right: Any) -> float:
    both = isinstance(left, int) and isinstance(right, int)
    return float("inf") if both and left.bit_length() * abs(right) > _MAX_BITS else 0


def _remainder(left: Any, right: Any) -> float:
    if not isinstance(left, str):
        return 0
    return _of_percent(left, *(right if isinstance(right, tuple) else (right,)))


_OPERATORS: Mapping[str, Callable[[Any, Any], float]] = {
    "*": _multiplied, "**": _raised, "%": _remainder,
}  # fmt: skip


def _guarded(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a filter that reckons before it works, and whose result is measured."""
    reckon = _FILTERS.get(name)
    # Jinja marks those that want its context, environment or evaluation's.
    first = 0 if getattr(function, "jinja_pass_arg", None) is None else 1

    @wraps(function)
    def guarded(*given: Any, **named: Any) -> Any:
        if len(given) > first and isinstance(given[first], Iterator):
            given = (*given[:first], _checked(list(_counted(given[first]))), *given[first + 1 :])
        if reckon is not None:
            _within(reckon(*given[first:], **named))
        return _checked(function(*given, **named))

    return guarded


_COUNTED, _JOINED, _SIZED = "counted loop", "joined texts", "sized list"  # no filter can be called so


class _MeasuredNodes(NodeTransformer):
    """Has all that a template writes, joins, lists and goes through pass by what measures it."""

    def __init__(self) -> None:
        self._loops = 0

    def visit_Output(self, node: nodes.Output) -> nodes.Node:  # noqa: N802 - Jinja picks methods by node
        self.generic_visit(node)
        # Jinja writes a template's own text without a word: in a loop it would be counted nowhere. Elsewhere
        # it is written once, or within what a macro or a block makes, which is measured whole.
        if not self._loops:
            return node
        node.nodes = [
            nodes.Const(each.data, lineno=each.lineno) if isinstance(each, nodes.TemplateData) else each
            for each in node.nodes
        ]
        return node

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802
        self._loops += 1
        self.generic_visit(node)
        self._loops -= 1
        node.iter = _filtered(node.iter, _COUNTED)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return _filtered(nodes.List(node.nodes, lineno=node.lineno), _JOINED)

    def visit_List(self, node: nodes.List) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return _filtered(node, _SIZED)

    def visit_Dict(self, node: nodes.Dict) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return _filtered(node, _SIZED)

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return node if node.ctx == "store" else _filtered(node, _SIZED)


def _filtered(node: nodes.Node, name: str) -> nodes.Filter:
    # Jinja's stubs call what a loop goes through a node, and it is an expression.
    return nodes.Filter(cast("nodes.Expr", node), name, [], [], None, None, lineno=node.lineno)


class LimitedEnvironment(ImmutableSandboxedEnvironment):
    """Jinja's sandbox with limits of time and size; what it compiles is rendered within `limited`."""

    intercepted_binops = frozenset(("+", "-", "*", "/", "//", "**", "%"))

    def __init__(self, undefined: type[StrictUndefined]) -> None:
        # Plain text, not HTML: escaping would change what the model reads.
        # Not optimised: what is constant would be computed while compiling, however large.
        super().__init__(
            undefined=undefined, autoescape=False, trim_blocks=True, lstrip_blocks=True,
            optimized=False, finalize=_written,
        )  # fmt: skip
        self.filters = {name: _guarded(name, function) for name, function in self.filters.items()}
        self.filters |= {_COUNTED: _counted, _JOINED: _joined, _SIZED: _checked}
        # It writes as much Latin as it is told to.
        del self.globals["lipsum"]

    def _generate(self, source: nodes.Template, *given: Any, **named: Any) -> str:
        measured = _MeasuredNodes().visit(source)
        measured.set_environment(self)
        return super()._generate(measured, *given, **named)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Compute left and right, unless that would be too large."""
        if reckon := _OPERATORS.get(operator):
            _within(reckon(left, right))
        return _checked(super().call_binop(context, operator, left, right))

    def call(__self, __context: Context, __obj: Any, *given: Any, **named: Any) -> Any:  # noqa: N805
        """Call what a template calls: a macro, or a method of a value."""
        if isinstance(__obj, LoopContext) and given:
            given = (_counted(given[0]), *given[1:])
        owner = getattr(__obj, "__self__", None)
        if isinstance(owner, str | bytes | int) and (reckon := _METHODS.get(__obj.__name__)):
            _within(reckon(owner, *given, **named))
        return _checked(super().call(__context, __obj, *given, **named))

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        """Return a text's `format` as the sandbox has it, unless what it makes is too large."""
        formats = super().wrap_str_format(value)
        if formats is None:
            return None
        text, is_map = str(value.__self__), value.__name__ == "format_map"

        @wraps(formats)
        def limited_format(*given: Any, **named: Any) -> str:
            values = given[0].values() if is_map and given and isinstance(given[0], dict) else given
            _within(_of_braces(text, *values, **named))
            return formats(*given, **named)

        return limited_format
