"""A dataset read in parts is the dataset read in one piece, to the letter."""

import hashlib
import io
import json
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaldrop.datasets import Joined, Survey, read_rows, survey_dataset
from evaldrop.datasets.files.opening import HEAD_BYTES, is_of_lines
from evaldrop.datasets.files.ranges import LinesOfRange, OpenFrom, count_lines, parts_of
from evaldrop.datasets.parts import (
    FilePart,
    Repeated,
    merged_survey,
    repeated_ids,
    rows_of_part,
    survey_part,
    tally_from_json,
    tally_to_json,
)

ROOT = Path(__file__).parents[3]
SAMPLES = sorted((ROOT / "datasets").rglob("*.jsonl"))
SOURCE = "records.jsonl"


def _opener(data: bytes) -> OpenFrom:
    def open_from(start: int) -> BinaryIO:
        return io.BytesIO(data[start:])

    return open_from


def _parts(data: bytes, part_bytes: int) -> list[FilePart]:
    first_line, parts = 1, []
    for number, wanted in enumerate(parts_of(len(data), part_bytes)):
        parts.append(FilePart(number, wanted, first_line))
        first_line += count_lines(_opener(data), wanted)
    return parts


def _in_parts(data: bytes, part_bytes: int) -> tuple[Survey, dict[int, Repeated]]:
    open_from, parts = _opener(data), _parts(data, part_bytes)
    surveys = [survey_part(open_from, part, source=SOURCE, fields=None) for part in parts]
    repeated = repeated_ids([each.ids for each in surveys])
    tallies = []
    for part, survey in zip(parts, surveys, strict=True):
        if part.number in repeated:
            known = repeated[part.number]
            survey = survey_part(open_from, part, source=SOURCE, fields=None, repeated=known)
        assert survey.tally is not None
        tallies.append(
            tally_from_json(
                tally_to_json(survey.tally, source=SOURCE, fields=None), source=SOURCE, fields=None
            )
        )
    sha256 = hashlib.sha256(data).hexdigest()
    return merged_survey(tallies, source=SOURCE, fields=None, sha256=sha256), repeated


def _same(mine: Survey, whole: Survey) -> None:
    assert mine == whole
    for name in ("categories", "candidates", "criteria", "variables", "checks", "shapes", "with_field"):
        assert [*getattr(mine, name)] == [*getattr(whole, name)], f"{name} in another order"


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: str(path.relative_to(ROOT)))
@pytest.mark.parametrize("part_bytes", [97, 4096, 65536])
def test_a_sample_surveyed_in_parts_is_the_sample_surveyed_in_one_pass(path: Path, part_bytes: int) -> None:
    data = path.read_bytes()
    assert is_of_lines(data[:HEAD_BYTES])
    survey, _ = _in_parts(data, part_bytes)
    _same(survey, survey_dataset(lambda: io.BytesIO(data), source=SOURCE))


_LINES = st.one_of(
    st.builds(
        lambda number, prompt, reference, more: json.dumps(
            {"id": f"r{number}", "prompt": prompt, "reference": reference} | more, ensure_ascii=False
        ),
        st.integers(0, 9),
        st.sampled_from(["What is 2 + 2?", "what  is 2 + 2?", "Say é\u2028", "n/a", "x" * 300]),
        st.sampled_from(["4", "four, which is the answer", "", "-"]),
        st.sampled_from([
            {}, {"category": "a"}, {"group": "g"}, {"metadata": {"k": 1}}, {"criteria": {"kind": None}},
            {"referense": "4"}, {"responses": {"nova": "4"}},
            {"checks": [{"contains": "4", "name": "four", "weight": 2}]}, {"checks": [{"contains": "4"}]},
        ]),
    ),
    st.sampled_from(["", "  ", "{", "[1]", '{"prompt": ""}', '{"question": "Q?", "answer": "A"}', "\u00e9"]),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    st.lists(_LINES, min_size=1, max_size=14),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
    st.booleans(),
    st.integers(1, 700),
)
def test_any_file_of_lines_comes_out_the_same_wherever_it_is_cut(
    lines: list[str], ending: str, has_bom: bool, ends: bool, part_bytes: int
) -> None:
    text = ending.join(['{"id": "r0", "prompt": "Name it."}', *lines]) + (ending if ends else "")
    data = (b"\xef\xbb\xbf" if has_bom else b"") + text.encode()
    if not is_of_lines(data[:HEAD_BYTES]):
        return
    whole = survey_dataset(lambda: io.BytesIO(data), source=SOURCE)
    survey, repeated = _in_parts(data, part_bytes)
    _same(survey, whole)
    readings = [
        reading
        for part in _parts(data, part_bytes)
        for reading in rows_of_part(
            _opener(data),
            part,
            source=SOURCE,
            fields=None,
            repeated=repeated.get(part.number, Repeated()),
        )
    ]
    assert readings == [*read_rows(io.BytesIO(data), source=SOURCE).rows]


def test_an_id_of_an_earlier_part_is_refused_where_it_comes_again_with_the_line_it_was_on_first() -> None:
    rows = [{"id": name, "prompt": "Name it."} for name in ("a", "b", "c", "a", "a")]
    data = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    survey, repeated = _in_parts(data, len(data) // 5)
    assert survey.n_accepted == 3
    assert [str(problem) for problem in survey.problems] == [
        'records.jsonl line 4: the id "a" was already used on line 1. Make ids unique.',
        'records.jsonl line 5: the id "a" was already used on line 1. Make ids unique.',
    ]
    assert {number: [*each.lines] for number, each in repeated.items()} == {3: [1], 4: [1]}


@pytest.mark.parametrize(
    "row",
    [
        {"question": "Which?", "choices": ["one", "two", "three"], "answer": 1},
        {"prompt": "Q", "response": "A", "model_id": "nova", "modelResponses": [], "answer": 1,
         "choices": ["x", "y"]},
    ],
)  # fmt: skip
def test_a_file_whose_rows_say_what_others_mean_is_not_read_in_parts(row: dict[str, Any]) -> None:
    data = json.dumps(row).encode() + b"\n"
    (part,) = _parts(data, 1000)
    assert any(not isinstance(each.outcome, Joined) for each in read_rows(io.BytesIO(data), source="x").rows)
    assert survey_part(_opener(data), part, source=SOURCE, fields=None).tally is None


@pytest.mark.parametrize(
    "head",
    [b"[", b'{"records": [{', b'{\n"prompt": "x"\n}', b"PAR1", b"\x1f\x8b", b"prompt,reference\n", b""],
)
def test_what_is_no_file_of_lines_is_not_cut(head: bytes) -> None:
    assert not is_of_lines(head)


def test_a_line_longer_than_parts_is_in_the_one_it_begins_in() -> None:
    data = b"a" * 25 + b"\n" + b"b\n"
    found = []
    for wanted in parts_of(len(data), 10):
        with LinesOfRange(_opener(data), wanted) as lines:
            pieces = b""
            while piece := lines.read(4):
                pieces += piece
            found.append(pieces)
    assert found == [b"a" * 25 + b"\n", b"", b"b\n"]
