"""
The workflow as it is written (workflow.asl.yaml) to the workflow as it is deployed (workflow.asl.json).

`python -m infra.workflow_source` writes the one from the other. It needs no CDK, and so no infra extra.
"""

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from textwrap import indent
from typing import Any

import yaml

SOURCE = Path(__file__).parent / "workflow.asl.yaml"
WRITTEN = SOURCE.with_suffix(".json")

PARTS = SOURCE.with_name("workflow")
"""Files of states that a source takes in, by `States: !include NAME.asl.yaml`."""

PIECES_SOURCE = SOURCE.with_name("workflow.pieces.yaml")
"""Named pieces of expressions: YAML's anchors repeat a value, never a part of a string."""
PIECES = "x-pieces"
"""Top-level key of a source's own pieces."""

_INCLUDE = re.compile(r"^(?P<indent> *)(?P<key>[^#\n]*:) !include (?P<name>[a-z_.]+)$", re.MULTILINE)
_BREAK = re.compile(r"\s*\n\s*")
_TOKENS = re.compile(
    r"(?P<string>'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|`[^`]*`)"
    # A slash with a space behind it divides. A quote inside a regular expression begins no string.
    r"|(?P<regex>/(?! )(?:\\.|[^/\\])+/)"
    r"|(?P<within>(?<=[(\[{])\s*\n\s*|\s*\n\s*(?=[)\]}]))"
    r"|(?P<between>\s*\n\s*)"
)


class SourceError(ValueError):
    """The source cannot be read as it was meant."""


def workflow_json(source: str) -> str:
    """
    Return the deployed text of a workflow's source.

    Top-level keys that begin with `x-` hold what is used elsewhere, and are left out.

    Raises:
        SourceError: It or the pieces are no YAML, repeat a key, break a string, or name an alias, a piece or
            a file that is not there.
    """
    document = _load(joined(source))
    shared = _load(PIECES_SOURCE.read_text(encoding="utf-8"))
    pieces = _whole_pieces(shared | document.get(PIECES, {}))
    definition = {key: value for key, value in document.items() if not key.startswith("x-")}
    # ASCII: CloudFormation gives other letters back as question marks, and `cdk diff` would never be quiet.
    return json.dumps(_written(definition, pieces), indent=2) + "\n"


def joined(source: str) -> str:
    """
    Return a source with the files that it takes in, and those that these take in, each where it is named.

    They are joined as text, so that an alias may name an anchor of a file that comes before.

    Raises:
        SourceError: A file is not there.
    """

    def part(found: re.Match[str]) -> str:
        path = PARTS / found["name"]
        if not path.is_file():
            raise SourceError(f"no file {found['name']} in {PARTS.name}/")
        text = joined(path.read_text(encoding="utf-8"))
        return f"{found['indent']}{found['key']}\n" + indent(text, found["indent"] + "  ").rstrip("\n")

    return _INCLUDE.sub(part, source)


def one_line(expression: str) -> str:
    """
    Return a JSONata expression without its layout.

    A line break, with the spaces around it, is nothing at a bracket's inner edge and one space elsewhere.
    In a regular expression, where a space is a character to match, it is nothing anywhere. Spaces within a
    line stay.
    """
    return _TOKENS.sub(_without_layout, expression)


def _without_layout(token: re.Match[str]) -> str:
    if token["string"]:
        if "\n" in token["string"]:
            raise SourceError(f"a string goes over lines: {token['string']}. Join two with &.")
        return token["string"]
    if token["regex"]:
        return _BREAK.sub("", token["regex"])
    return " " if token["between"] else ""


def _load(source: str) -> dict[str, Any]:
    try:
        node = yaml.compose(source, Loader=yaml.SafeLoader)
        _refuse_repeated_keys(node)
        document = yaml.safe_load(source)
    except yaml.YAMLError as error:
        raise SourceError(str(error)) from error
    if not isinstance(document, dict):
        raise SourceError("the source is not a mapping")
    return document


def _refuse_repeated_keys(node: yaml.Node | None) -> None:
    # YAML forbids them, and PyYAML takes the last: a second state of a name would silently replace the first.
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                raise SourceError(f"line {key.start_mark.line + 1}: the key {key.value} is there already")
            seen.add(key.value)
            _refuse_repeated_keys(value)
    elif isinstance(node, yaml.SequenceNode):
        for each in node.value:
            _refuse_repeated_keys(each)


def _whole_pieces(pieces: Mapping[str, str]) -> dict[str, str]:
    whole: dict[str, str] = {}
    for name, piece in pieces.items():  # in order: a piece is made of earlier ones, so that none holds itself
        whole[name] = _with_pieces(piece, whole)
    return whole


def _with_pieces(text: str, pieces: Mapping[str, str]) -> str:
    def piece(found: re.Match[str]) -> str:
        if found[1] not in pieces:
            own = f"in {PIECES}, or it comes later than what uses it"
            raise SourceError(f"no piece {found[0]} {own}, nor in {PIECES_SOURCE.name}")
        return pieces[found[1]]

    return re.sub(r"<([A-Z][A-Z_]*)>", piece, text)


def _written(value: Any, pieces: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _written(each, pieces) for key, each in value.items()}
    if isinstance(value, list):
        return [_written(each, pieces) for each in value]
    if isinstance(value, str) and value.startswith("{%"):
        return one_line(_with_pieces(value, pieces))
    return value


def main() -> int:
    """Write workflow.asl.json."""
    try:
        text = workflow_json(SOURCE.read_text(encoding="utf-8"))
    except SourceError as error:
        sys.stderr.write(f"{SOURCE.name}: {error}\n")
        return 1
    WRITTEN.write_text(text, encoding="utf-8")
    sys.stdout.write(f"wrote {WRITTEN.name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
