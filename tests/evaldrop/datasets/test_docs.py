"""docs/datasets.md is kept honest: its rows are read as it says."""

import json
import re
from pathlib import Path

from evaldrop.datasets import Record
from evaldrop.datasets.records import CANONICAL_FIELDS
from evaldrop.datasets.known_shapes import BEDROCK_EVALUATION, FOREIGN_SHAPES, recognise
from tests.evaldrop.datasets.reading_of import read_bytes

PAGE = (Path(__file__).parents[3] / "docs" / "datasets.md").read_text(encoding="utf-8")


def test_every_row_shown_is_read_as_a_record():
    for block in re.findall(r"```jsonl?\n(.*?)```", PAGE, re.DOTALL):
        assert all(isinstance(outcome, Record) for outcome in read_bytes(block.encode()))


def test_every_recognised_shape_is_shown():
    (block,) = re.findall(r"```jsonl\n(.*?)```", PAGE, re.DOTALL)
    shown = {recognise(json.loads(line)).name for line in block.splitlines()}
    bare = {"input", "inputs"}
    assert shown == {shape.name for shape in (BEDROCK_EVALUATION, *FOREIGN_SHAPES)} - bare


def test_every_field_is_explained():
    table = PAGE.split("## Fields")[1].split("## Shapes")[0]
    assert tuple(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == CANONICAL_FIELDS
