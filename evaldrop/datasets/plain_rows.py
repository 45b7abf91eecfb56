"""
Rows as most files have them, evaldrop's own keys with texts alone, read by a short way.

What is read here is read the same by the general way, which tries a row as every tool's; it takes three times
as long. Whatever is not plainly right goes there.
"""

from collections.abc import Mapping
from typing import Any, Final

from evaldrop.datasets.drafts import Draft
from evaldrop.datasets.records import MAX_ID_CHARACTERS, Record
from evaldrop.datasets.shapes.values import OR

KEYS: Final = ("id", "prompt", "system", "context", "reference", "category", "group")
"""In the order in which evaldrop's own rows are read."""
_KEYS: Final = frozenset(KEYS)


def plain_draft(row: Mapping[str, Any]) -> Draft | None:
    """Return the draft of a row that has a prompt and only texts, none of them blank; None of any other."""
    if "prompt" not in row or not _KEYS.issuperset(row):
        return None
    for value in row.values():
        if type(value) is not str or not value or value.isspace():
            return None
    if OR in row.get("reference", ""):
        return None
    homes = {name: name for name in KEYS if name in row}
    return Draft(values={name: row[name] for name in homes}, names=homes, told=dict(homes), is_plain=True)


def plain_record(draft: Draft, *, line: int) -> Record | None:
    """Return the record of such a draft; None where something is wrong with it."""
    values = draft.values
    given = values.get("id")
    if given is not None and len(given) > MAX_ID_CHARACTERS:
        return None
    reference = values.get("reference")
    return Record(
        id=f"row-{line:06d}" if given is None else given,
        prompt=values["prompt"],
        messages=(),
        system=values.get("system"),
        context=values.get("context"),
        reference=() if reference is None else (reference,),
        category=values.get("category"),
        criteria={},
        checks=(),
        responses={},
        group=values.get("group"),
        expected_blocked=None,
        metadata=draft.metadata,
        line=line,
    )
