"""Rows that hold many: SQuAD's articles, whose paragraphs each have questions."""

from collections.abc import Iterator, Mapping
from typing import Any


def nested_rows(row: Mapping[str, Any], *, line: int) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the rows that a row is made of, with their place in it; most are one row, with no place."""
    questions = list(_questions(row))
    if not questions:
        yield "", row
        return
    for number, (place, question) in enumerate(questions, start=1):
        # Without ids of their own all of them would have the line's.
        yield place, {"id": f"row-{line:06d}-{number}", **question}


def _questions(row: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for above, paragraph in _objects(row.get("paragraphs")):
        for place, question in _objects(paragraph.get("qas")):
            # A null is no id, and would hide the one made for it.
            given = {key: value for key, value in question.items() if value is not None}
            around = {"title": row.get("title"), "context": paragraph.get("context")}
            yield f"paragraphs[{above}].qas[{place}]", {**around, **given}


def _objects(value: Any) -> Iterator[tuple[int, Mapping[str, Any]]]:
    if isinstance(value, list):
        yield from ((place, member) for place, member in enumerate(value) if isinstance(member, dict))
