"""Where a turn's files are, and what the workflow is given to go through it."""

from collections.abc import Mapping
from typing import Any

import orjson

from evaldrop import storage
from evaldrop.prompt_search.kept import turn_folder
from evaldrop.run.definition import RunDefinition
from evaldrop.run.records import RECORDS_FILE
from evaldrop.run.results import find_manifests, open_lines, parse_row, read_manifest, row_output

JSON = dict[str, Any]

PROPOSALS_FILE = "proposals.jsonl"


def id_in_turn(turn: int, record_id: str) -> str:
    """Return what a record is called in a turn: of the budget's ledger each name is of one record."""
    return f"prompts/turn-{turn}/{record_id}"


def id_of_record(turn: int, name: str) -> str:
    """Return the record that a name in a turn is of."""
    return name.removeprefix(id_in_turn(turn, ""))


def state_of_turn(run: RunDefinition, turn: int, *, run_state: Mapping[str, Any], is_try: bool) -> JSON:
    """Return what both kinds of turns need: where the Map reads, and where it writes."""
    folder = turn_folder(run.folder, turn)
    reader = storage.place(storage.join(folder, RECORDS_FILE if is_try else PROPOSALS_FILE), root=run.out)
    writer = storage.place(storage.join(folder, "results"), root=run.out)
    return {
        "run": dict(run_state),
        "prompt_search": {"turn": turn, "next": "try" if is_try else "propose"},
        "reader": reader._asdict(),
        "writer": {"bucket": writer.bucket, "prefix": writer.key},
    }


def replies_of_turn(run: RunDefinition, turn: int) -> dict[str, JSON]:
    """
    Return what came of each prompt that a turn asked for, by its name: `reply`, or `error`.

    Raises:
        StorageError: A file cannot be read.
    """
    found: dict[str, JSON] = {}
    for manifest in find_manifests(turn_folder(run.folder, turn)):
        for uri in read_manifest(manifest).succeeded:
            with open_lines(uri) as lines:
                for line in filter(bytes.strip, lines):
                    output = row_output(parse_row(line))
                    # A turn that was broken off asks for the rest; what failed then may have a reply now.
                    if "reply" in output or output["record_id"] not in found:
                        found[output["record_id"]] = output
    return found


def write_lines(uri: str, lines: list[JSON]) -> None:
    """Write JSON Lines."""
    storage.write_bytes(uri, b"".join(orjson.dumps(line) + b"\n" for line in lines))
