"""
YAML as people write it: read by the rules of YAML 1.2; a fault is told by its place and the missing quote.

PyYAML reads YAML 1.1, where `yes`, `no`, `on` and `off` are booleans, `1:30` is 90, `010` is 8 and
2026-01-05 is a date. As labels of a scale or answers of an anchor they would silently be something else.
"""

import math
import re
from typing import Any

import yaml

from evaldrop.errors import EvaluationError
from evaldrop.evaluation.yaml_faults import Parser, YamlFault, begins_value, explained, hidden_by_comment

_MERGE = "tag:yaml.org,2002:merge"
_DEEPEST = 100
_MOST_VALUES = 100_000
MAX_BYTES = 1024 * 1024
"""Of a YAML text; evaluations of people have a few thousand bytes."""
# What JSON, Parquet and other programs hold.
_WHOLE_NUMBERS = range(-(2**63), 2**64)


class _Loader(Parser):
    """The core schema of YAML 1.2, with merge keys; a key that is given twice is an error."""

    # Empty, not inherited: else the rules of YAML 1.1 would hold beside these.
    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's own

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        """Return a mapping. PyYAML would keep the last of two equal keys, and drop the other silently."""
        first: dict[Any, yaml.Mark] = {}
        for key_node, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            if key_node.tag == _MERGE:
                continue
            key, place = self.construct_object(key_node, deep=True), key_node.start_mark
            if not isinstance(key, str | int | float | None):
                raise yaml.constructor.ConstructorError(None, None, "found unhashable key", place)
            if key in first:
                twice = f"{key!r} is given twice, first in line {first[key].line + 1}"
                raise yaml.constructor.ConstructorError(None, None, twice, place)
            first[key] = place
        # As run.json will spell it: else a run that goes on would find a label changed.
        return {
            str(key).lower() if isinstance(key, bool) else key: value
            for key, value in super().construct_mapping(node, deep).items()
        }

    def flatten_mapping(self, node: Any) -> None:
        """Take merge keys (<<) up. Merges of merges multiply: a few lines would fill the memory."""
        super().flatten_mapping(node)
        if len(node.value) > _MOST_VALUES:
            much = f"its merge keys (<<) make more than {_MOST_VALUES:,} values"
            raise yaml.constructor.ConstructorError(None, None, much, node.start_mark)

    def whole_number(self, node: Any) -> int:
        text = self.construct_scalar(node)
        try:
            # Of base 0, "010" would be an error.
            number = int(text, 0) if text[:2] in {"0x", "0o"} else int(text)
        except ValueError as error:  # more digits than Python reads
            raise _unread_number("too long a number", node) from error
        if number not in _WHOLE_NUMBERS:
            raise _unread_number("too long a number", node)
        return number

    def finite_number(self, node: Any) -> float:
        """Return a number; `.inf`, `.nan` and 1e400 are none, and a budget of them none at all."""
        number: float = self.construct_yaml_float(node)
        if not math.isfinite(number):
            raise _unread_number("no number: it has no end", node)
        return number


def _unread_number(what: str, node: Any) -> yaml.constructor.ConstructorError:
    return yaml.constructor.ConstructorError(None, None, what, node.start_mark)


for _kind, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", ("~", "n", "N", "")),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("float", r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)", "-+."),
    ("merge", r"<<", "<"),
):
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_kind}", re.compile(rf"(?:{_pattern})\Z"), list(_first)
    )
_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.whole_number)
_Loader.add_constructor("tag:yaml.org,2002:float", _Loader.finite_number)

# What YAML allows in a stream; everything else it can hold only as an escape in double quotes.
_CONTROL = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


_OPENING = (
    yaml.FlowMappingStartToken, yaml.FlowSequenceStartToken,
    yaml.BlockMappingStartToken, yaml.BlockSequenceStartToken,
)  # fmt: skip
_CLOSING = (yaml.FlowMappingEndToken, yaml.FlowSequenceEndToken, yaml.BlockEndToken)
_NUMBER_SIGN = re.compile(r"[ \t]{1,3}#[0-9]")


def read_yaml(content: str | bytes) -> Any:
    """
    Return what a YAML (or JSON) text says.

    Raises:
        EvaluationError: It is not YAML; the message, on one line, tells the place and what to do.
    """
    if len(content) > MAX_BYTES:
        much = f"it has {len(content):,} bytes, more than the {MAX_BYTES:,} that are read"
        raise EvaluationError(f"not usable: {much}. Is it another file, such as the dataset?")
    text = content if isinstance(content, str) else _decoded(content)
    if found := _CONTROL.search(text):
        advice = f"the character U+{ord(found[0]):04X}, which YAML does not allow. Remove it"
        raise _not_yaml(text, found.start(), advice)
    try:
        _refuse_traps(text)
        value = yaml.load(text, _Loader)  # noqa: S506 - a safe loader
    except yaml.MarkedYAMLError as error:
        index, advice = explained(text, error)
        raise _not_yaml(text, index, advice) from error
    except RecursionError as error:
        raise EvaluationError(
            "not usable. A merge key (<<) takes itself up. Write out what is meant."
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        advice = "A value does not fit the tag that !! gives it. Leave the tag out."
        raise EvaluationError(f"not YAML. {advice}") from error
    _refuse_endless(value)
    return value


def _refuse_endless(value: Any) -> None:
    """Refuse aliases of aliases, of which a few lines fill the memory, and an alias within itself."""
    waiting, seen = [value], 0
    while waiting:
        seen += 1
        if seen > _MOST_VALUES:
            advice = (
                f"With its aliases (*) it holds more than {_MOST_VALUES:,} values. Write out what is meant."
            )
            raise EvaluationError(f"not usable. {advice}")
        one = waiting.pop()
        waiting.extend(one.values() if isinstance(one, dict) else one if isinstance(one, list) else ())


def _refuse_traps(text: str) -> None:
    """Refuse what is YAML and not meant: levels that overflow the stack; "Is it #1?" cut to "Is it"."""
    depth, before = 0, None
    anchors: dict[str, int] = {}
    for token in yaml.scan(text, Parser):
        if isinstance(token, _OPENING):
            depth += 1
            if depth > _DEEPEST:
                advice = f"more than {_DEEPEST} levels within each other. Close what has been opened"
                raise _not_yaml(text, token.start_mark.index, advice)
        elif isinstance(token, _CLOSING):
            depth -= 1
        elif isinstance(token, yaml.AliasToken):
            anchors.pop(token.value, None)
        elif isinstance(token, yaml.TagToken) and token.value[1] == "!":
            raise _not_yaml(text, *begins_value(YamlFault(text, "", *[token.start_mark.index] * 2)))
        elif isinstance(token, yaml.ScalarToken) and token.plain:
            if isinstance(before, yaml.AnchorToken):  # "&c and more", which reads as "and more"
                anchors[before.value] = before.start_mark.index
            cut = _NUMBER_SIGN.match(text, token.end_mark.index)
            if cut:
                index, advice = hidden_by_comment(YamlFault(text, "", cut.end() - 2, cut.end() - 2))
                raise _not_yaml(text, index, f"{advice}, or a space after the #")
        before = token
    for unused in anchors.values():
        raise _not_yaml(text, *begins_value(YamlFault(text, "", unused, unused)))


def _decoded(content: bytes) -> str:
    try:
        # Windows' editors write UTF-16 with a byte order mark, which YAML allows.
        two_bytes = content.startswith((b"\xff\xfe", b"\xfe\xff"))
        return content.decode("utf-16" if two_bytes else "utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8", "replace")
        advice = f"not UTF-8: byte 0x{content[error.start]:02X}. Save the file as UTF-8"
        raise _not_yaml(before, len(before), advice) from error


def _not_yaml(text: str, index: int, advice: str) -> EvaluationError:
    lines = text[:index].splitlines(keepends=True) or [""]
    if lines[-1].endswith(("\n", "\r", "\x85", "\u2028", "\u2029")):
        lines.append("")
    return EvaluationError(f"not YAML. Line {len(lines)}, column {len(lines[-1]) + 1}: {advice}.")
