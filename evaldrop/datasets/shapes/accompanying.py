"""Checks that stand beside a row of whatever shape, or around all rows of a file: OpenAI's and Inspect's."""

from collections.abc import Mapping
from typing import Any

from evaldrop.datasets.drafts import Draft
from evaldrop.datasets.shapes import inspect_scorers, openai_graders

CHECK_KEYS = (*openai_graders.KEYS, *inspect_scorers.KEYS)


def around_rows(wrapper: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an object around all rows says of the checks of each."""
    evaluation = wrapper.get("eval")
    # An Inspect log names its scorers beside its task.
    within = evaluation if isinstance(evaluation, dict) else {}
    return {key: source[key] for source in (within, wrapper) for key in CHECK_KEYS if _are_known(source, key)}


def _are_known(row: Mapping[str, Any], key: str) -> bool:
    value = row.get(key)
    if key in openai_graders.KEYS:
        return openai_graders.are_graders(value)
    return inspect_scorers.are_scorers(value)


def add_accompanying(draft: Draft, row: Mapping[str, Any]) -> None:
    """Add the checks of a row's graders and scorers; those that mean nothing here stay in its metadata."""
    for key in CHECK_KEYS:
        if not _are_known(row, key):
            continue
        draft.metadata.pop(key, None)
        draft.aside = [each for each in draft.aside if each != key]
        add = openai_graders.add_graders if key in openai_graders.KEYS else inspect_scorers.add_scorers
        left = add(draft, row[key], key, row)
        if left:
            draft.keep(key, left)
