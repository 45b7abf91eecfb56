"""
What says how far judges can be trusted, as tables: agreement, calibration, anchors.

Read from the scorecard's JSON by the names of its keys, so that what a later version adds is shown without a
change here.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from evaldrop.report.behind_trust import confused, counts, rests_on
from evaldrop.report.columns import Column, Table, words
from evaldrop.report.links import Link
from evaldrop.scorecard import figures

# Keys that other parts of the report show.
_SHOWN = {
    "run_id", "evaluation", "simulated", "started_at", "duration_s", "dataset", "records", "confidence",
    "coverage", "criteria", "candidates", "comparisons", "judges", "cost_usd", "gate", "alarms", "summary",
    "baseline", "slices", "frontier", "hints", "guardrail_comparisons", "strengths",
    "recommendation", "failure_groups",
}  # fmt: skip
_TITLES = {
    "agreement": "Agreement between judges",
    "calibration": "Judges against people",
    "preferences_by_people": "Preferences: judges against people",
    "anchors": "Anchors: frozen responses, judged again",
    "position": "Bias: what is shown first",
    "verbosity": "Bias: what is longer",
    "self_preference": "Bias: the judge's own maker",
    "identical_texts": "Bias: one text, several scores",
    "anchor_drift": "Bias: anchors since the baseline",
    "criteria_use": "Criteria: what they tell apart",
    "criterion_pairs": "Criteria that say the same",
    "checks_against_judges": "Checks and judges: what they say of one response",
}
_NAMES = ("judge", "criterion", "of")
_RATES = ("rate", "agreement", "coverage", "share", "tolerance")
_P_VALUES = ("p_value", "p_adjusted")
# The hints say these sentences.
_SAID_ELSEWHERE = {"finding"}
# A sentence that begins with a count is none.
_NUMBER = re.compile(r"[−<>$]*[0-9][^A-Za-z]*(to [^A-Za-z]+)?")
_MOST_ROWS = 200
# Of more facts than these a row per fact is read more easily, as long as few are compared.
_MOST_BESIDE = 9
_FEW_ENTRIES = 6
_MOST_COLUMNS = 14


def trust_tables(scorecard: Mapping[str, Any]) -> list[Table]:
    """Return a table for every part of a scorecard's JSON that no other section shows and that has facts."""
    return [
        table
        for key, value, opens in _parts(scorecard)
        if key not in _SHOWN and isinstance(value, (Mapping, list, tuple)) and value
        for table in _tables(_TITLES.get(key, key.replace("_", " ").capitalize()), value, opens)
    ]


_Opens = Callable[[str, Any, str], Link | None]
"""What a number of an entry opens, given the entry's name and the number's key."""


def _parts(scorecard: Mapping[str, Any]) -> Iterator[tuple[str, Any, _Opens]]:
    """Yield the parts of a scorecard; of biases each kind, its rows named by judge and criterion."""
    for key, value in scorecard.items():
        if key != "biases":
            yield key, value, partial(_rests_on, key)
            continue
        for kind, found in value.items():
            if isinstance(found, (list, tuple)):
                whole = {", ".join(str(each[k]) for k in _NAMES if each.get(k)): each for each in found}
                shown = {
                    name: {k: v for k, v in each.items() if k not in _NAMES} for name, each in whole.items()
                }
                yield kind, shown, partial(_of_bias, kind, whole)


def _rests_on(part: str, name: str, entry: Any, fact: str) -> Link | None:
    return counts(part, name, entry, fact) if isinstance(entry, Mapping) else None


def _of_bias(kind: str, whole: Mapping[str, Any], name: str, _shown: Any, _fact: str) -> Link | None:
    """Return what a bias rests on, which its names tell: they are its row's name in the table."""
    return rests_on(kind, name, whole[name])


def _tables(title: str, value: Any, opens: _Opens) -> Iterator[Table]:
    entries = list(_entries(value))
    whole = list(value) if isinstance(value, (list, tuple)) else [entry for _, entry in entries]
    facts = [(name, dict(_facts(entry))) for name, entry in entries]
    columns = list(dict.fromkeys(column for _, entry in facts for column in entry))
    shown = facts[:_MOST_ROWS]
    rests = [
        [opens(name, entry, column.replace(" ", "_")) for column in columns]
        for (name, _), entry in zip(shown, whole, strict=False)
    ]
    if len(columns) > _MOST_BESIDE and len(facts) <= _FEW_ENTRIES:
        turned = {
            name or "value": [entry.get(column, figures.ABSENT) for column in columns]
            for name, entry in shown
        }
        yield _fact_table(title, columns, turned, rests)
    elif columns:
        columns = columns[:_MOST_COLUMNS]
        cells = {column: [entry.get(column, figures.ABSENT) for _, entry in shown] for column in columns}
        by_column = [[row[place] for row in rests] for place in range(len(columns))]
        yield _fact_table(title, [name for name, _ in shown], cells, by_column)
    for name, entry in entries:
        if isinstance(entry, Mapping):
            yield from _confusions(f"{title}: {name}", entry, name)


def _fact_table(
    title: str,
    names: Sequence[str],
    cells: Mapping[str, Sequence[str]],
    opens: Sequence[Sequence[Link | None]],
) -> Table:
    """
    Return a table whose columns are of words where any of their cells is; numbers are at the right.

    `opens` is what the numbers of each column open, row by row.
    """
    columns = [words("", names)]
    for (heading, texts), rests in zip(cells.items(), opens, strict=True):
        # Naught has nothing behind it, nor words without a number.
        to = [
            link if text != "0" and any(map(str.isdigit, text)) else None
            for text, link in zip(texts, rests, strict=True)
        ]
        if all(_NUMBER.fullmatch(text) for text in texts if text != figures.ABSENT):
            columns.append(Column(heading, texts, links=to))
        else:
            classes = ["words long" if len(text) > 40 else "words" for text in texts]
            columns.append(replace(words(heading, texts), classes=classes, links=to))
    return Table(title=title, caption=title, classes="numbers facttable", columns=columns)


def _entries(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the rows of a part: of an object of objects, of a list, or the part itself as one row."""
    if isinstance(value, Mapping):
        parts = {key: part for key, part in value.items() if isinstance(part, Mapping)}
        if len(parts) == len(value):
            yield from parts.items()
            return
        inner = {
            name: entry
            for part in parts.values()
            if all(isinstance(entry, Mapping) for entry in part.values())
            for name, entry in part.items()
        }
        yield from inner.items() if inner else (("", value),)
    else:
        for number, entry in enumerate(value, start=1):
            if not isinstance(entry, Mapping):
                yield str(number), {"value": entry}
            elif isinstance(entry.get("a"), str) and isinstance(entry.get("b"), str):
                yield f"{entry['a']}, {entry['b']}", {k: v for k, v in entry.items() if k not in ("a", "b")}
            else:
                yield str(number), entry


def _facts(entry: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    before = ""
    for key, value in entry.items() if isinstance(entry, Mapping) else ():
        if key in _SAID_ELSEWHERE:
            continue
        # An interval does not say of what it is: the key before it does.
        about = key.removesuffix("interval").removesuffix("_") or before
        of_rate, before = key.endswith("interval") and about.endswith(_RATES), key
        name = f"{prefix}{key}".replace("_", " ")
        if isinstance(value, Mapping):
            if not prefix and key != "confusion":
                yield from _facts(value, f"{key} · ")
        elif value is not None and (text := _fact(key, value, of_rate=of_rate)) is not None:
            yield name, text


def _fact(key: str, value: Any, *, of_rate: bool = False) -> str | None:
    # Before whole numbers: in Python true is 1.
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return figures.count(value)
    if isinstance(value, float) and key.endswith(_P_VALUES):
        return figures.p_value(value)
    if isinstance(value, float):
        return figures.percent(value) if key.endswith(_RATES) and 0 <= value <= 1 else _number(value)
    match value:
        case [int() | float() as low, int() | float() as high]:
            return figures.percent_interval((low, high)) if of_rate else f"{_number(low)} to {_number(high)}"
        case [*several] if all(isinstance(word, str) for word in several):
            return ", ".join(several) or None
    return None


def _number(value: float) -> str:
    return figures.number(value, 0 if abs(value) >= 100 else 2)


def _confusions(title: str, entry: Mapping[str, Any], criterion: str, judge: str = "") -> Iterator[Table]:
    """Yield people's answers (rows) against a judge's (columns), wherever an entry has them."""
    for key, value in entry.items():
        if not isinstance(value, Mapping):
            continue
        if key == "confusion" and value.get("answers"):
            answers = [str(answer) for answer in value["answers"]]
            counts = [list(column) for column in zip(*value["counts"], strict=True)]
            opens = [
                [
                    confused(criterion, judge, people, said, n)
                    for people, n in zip(answers, column, strict=True)
                ]
                for said, column in zip(answers, counts, strict=True)
            ]
            yield _fact_table(
                f"{title}: people said (row), the judge said (column)",
                answers,
                {
                    said: list(map(figures.count, column))
                    for said, column in zip(answers, counts, strict=True)
                },
                opens,
            )
        elif key != "judges" or len(value) > 1:
            # Of a single judge it would be the joined one once more.
            of = key if title.endswith(" · judges") else judge
            yield from _confusions(f"{title} · {key}", value, criterion, of)
