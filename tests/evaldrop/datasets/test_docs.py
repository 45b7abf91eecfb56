"""docs/datasets.md is kept honest: its rows are read as it says."""

import json
import re
from pathlib import Path

from evaldrop.datasets import Record
from evaldrop.datasets.records import CANONICAL_FIELDS
from evaldrop.datasets.shapes.known import FOREIGN_SHAPES, PROMPT_SHAPES, recognise
from tests.evaldrop.datasets.reading_of import read_bytes, survey_of

BARE = {"input", "inputs"}
PAGE = (Path(__file__).parents[3] / "docs" / "datasets.md").read_text(encoding="utf-8")


def test_every_row_shown_is_read_as_a_record():
    for block in re.findall(r"```jsonl?\n(.*?)```", PAGE, re.DOTALL):
        assert all(isinstance(outcome, Record) for outcome in read_bytes(block.encode()))


def test_every_recognised_shape_is_shown():
    (block,) = re.findall(r"```jsonl\n(.*?)```", PAGE, re.DOTALL)
    shown = {recognise(json.loads(line)).name for line in block.splitlines()}
    assert shown == {shape.name for shape in (*PROMPT_SHAPES, *FOREIGN_SHAPES)} - BARE


def test_the_table_of_shapes_has_every_shape_and_no_other():
    table = PAGE.split("## Shapes of other tools")[1].split("One row of each:")[0]
    titles = re.findall(r"^\| ([^`|]+) \|", table, re.MULTILINE)
    known = {shape.title for shape in (*PROMPT_SHAPES, *FOREIGN_SHAPES) if shape.name not in BARE}
    assert {"shape", *known} == set(titles)
    assert len(titles) == len(set(titles))


def test_the_sentence_shown_is_what_is_said():
    (sentence,) = re.findall(r"```text\n(recognised .*)\n```", PAGE)
    row = {"question": "q", "answer": "a", "contexts": ["c"], "ground_truth": "g", "evolution_type": "simple"}
    assert survey_of(row).recognised == (sentence,)


def test_every_field_is_explained():
    table = PAGE.split("## Fields")[1].split("## Shapes")[0]
    assert tuple(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == CANONICAL_FIELDS
