"""Answers with a known truth: fields of JSON, and labels."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from evaldrop.report import links
from evaldrop.report.columns import MARKDOWN, PAGE, TERMINAL, Cell, Column, Table, Words, words
from evaldrop.report.links import Link
from evaldrop.scorecard import figures
from evaldrop.scorecard.figures import count
from evaldrop.scorecard.model.answers import FieldScores, LabelCounts, LabelsEstimate
from evaldrop.scorecard.model.part import Interval
from evaldrop.scorecard.model.scorecard import Scorecard

# A matrix of more is no table that anybody reads.
MOST_LABELS: Final = 12
_LONGEST_PATH: Final = 60

_TEXTS = TERMINAL | MARKDOWN


class Estimated(NamedTuple):
    """A number with its interval."""

    value: float | None
    interval: Interval | None


_NO_ESTIMATE: Final = Estimated(None, None)


def _share_text(found: Estimated) -> str:
    return _text(figures.percent(found.value), figures.percent_interval(found.interval))


def _text(value: str, bounds: str) -> str:
    return value if bounds == figures.ABSENT else f"{value} ({bounds})"


def _share_cell(found: Estimated) -> Cell:
    return _cell(figures.percent(found.value), figures.percent_interval(found.interval))


def _cell(value: str, bounds: str) -> Cell:
    if bounds == figures.ABSENT:
        return value
    return (Words(value, "strong"), Words(bounds, "muted"))


def _shares(heading: str, found: Sequence[Estimated], *, rank: int = 0) -> Iterator[Column]:
    yield Column(heading, list(map(_share_text, found)), _TEXTS, rank=rank)
    yield Column(heading, list(map(_share_cell, found)), PAGE)


def _linked(columns: Iterable[Column], behind: Sequence[Link | None]) -> Iterator[Column]:
    """Yield columns whose numbers open, row by row, the responses behind them."""
    for column in columns:
        yield replace(column, links=behind)


def _path(path: str) -> str:
    """Return a field's path, of a long one its end, which tells most."""
    return path if len(path) <= _LONGEST_PATH else f"…{path[1 - _LONGEST_PATH :]}"


def _f1(scores: FieldScores) -> Estimated:
    return Estimated(scores.f1, scores.f1_interval)


def _field_columns(found: Sequence[FieldScores]) -> Iterator[Column]:
    yield from _shares("F1", list(map(_f1, found)))
    yield from _shares(
        "precision", [Estimated(one.precision, one.precision_interval) for one in found], rank=1
    )
    yield from _shares("recall", [Estimated(one.recall, one.recall_interval) for one in found], rank=1)
    for kind in ("matched", "wrong", "missing", "extra"):
        yield Column(kind, [count(getattr(one, kind)) for one in found], PAGE)


def field_scores(scorecard: Scorecard) -> Table:
    """Return how right the fields of JSON are, a row per check and candidate; none without such a check."""
    found = [(check, name, one) for check, by in scorecard.fields.items() for name, one in by.items()]
    behind = [links.verdicts(name, check, one.n) for check, name, one in found]
    no_json = [f"{count(one.no_json)} of {count(one.n)}" for _, _, one in found]
    return Table(
        title="Fields",
        columns=[
            words("candidate", [name for _, name, _ in found]),
            words("check", [check for check, _, _ in found]),
            *_linked(_field_columns([one.overall for _, _, one in found]), behind),
            Column("no JSON", no_json, rank=2, links=behind),
        ],
    )


def by_field(scorecard: Scorecard, check: str) -> Table:
    """Return F1 by field, a column per candidate."""
    by_candidate = scorecard.fields[check]
    names = list(dict.fromkeys(name for one in by_candidate.values() for name in one.fields))
    has_rest = any(one.rest for one in by_candidate.values())
    columns: list[Column] = []
    for candidate, one in by_candidate.items():
        scores = [one.fields.get(name) for name in names] + ([one.rest] if has_rest else [])
        shares = [_NO_ESTIMATE if each is None else _f1(each) for each in scores]
        columns += _linked(
            _shares(candidate, shares), [links.verdicts(candidate, check, one.n)] * len(shares)
        )
    return Table(
        title=f"{check}: F1 by field",
        columns=[words("field", [*map(_path, names), *(["all others"] if has_rest else [])]), *columns],
    )


def fields_of(scorecard: Scorecard, check: str, candidate: str) -> Table:
    """Return all that is counted of a candidate's fields."""
    one = scorecard.fields[check][candidate]
    rows = {**one.fields, **({"all others": one.rest} if one.rest else {})}
    return Table(
        title=f"{check}: {candidate}, field by field",
        columns=[
            words("field", list(map(_path, rows))),
            *_linked(
                _field_columns(list(rows.values())), [links.verdicts(candidate, check, one.n)] * len(rows)
            ),
        ],
    )


def label_scores(scorecard: Scorecard) -> Table:
    """Return how right labels are, a row per check and candidate; none without such a check."""
    found = [(check, name, one) for check, by in scorecard.labels.items() for name, one in by.items()]
    behind = [links.verdicts(name, check, one.n) for check, name, one in found]
    totals = [one for _, _, one in found]
    return Table(
        title="Labels",
        columns=[
            words("candidate", [name for _, name, _ in found]),
            words("check", [check for check, _, _ in found]),
            *_linked(_totals(totals), behind),
        ],
    )


def _totals(totals: Sequence[LabelsEstimate]) -> list[Column]:
    correlations = [(figures.number(one.matthews), figures.interval(one.matthews_interval)) for one in totals]
    return [
        *_shares("accuracy", [Estimated(one.accuracy, one.accuracy_interval) for one in totals]),
        *_shares("macro-F1", [Estimated(one.macro_f1, one.macro_f1_interval) for one in totals], rank=1),
        Column("Matthews", [_text(*each) for each in correlations], _TEXTS, rank=1),
        Column("Matthews", [_cell(*each) for each in correlations], PAGE),
        Column("no label", [f"{count(one.unread)} of {count(one.n)}" for one in totals], rank=2),
    ]


def confusion_matrix(scorecard: Scorecard, check: str, candidate: str) -> Table:
    """Return a candidate's confusion matrix: the largest labels, and all others as one column."""
    one = scorecard.labels[check][candidate]
    shown = _largest(one)
    rows = [one.labels[label] for label in shown]
    behind = [links.verdicts(candidate, check, one.n)] * len(rows)
    others = [row.n - row.unread - sum(row.said.get(label, 0) for label in shown) for row in rows]
    return Table(
        title=f"{check}: {candidate}, what it says of each label",
        columns=[
            words("label", shown),
            *_linked(_matrix(shown, rows, others if len(one.labels) > len(shown) else None), behind),
        ],
    )


def _matrix(shown: Sequence[str], rows: Sequence[LabelCounts], others: Sequence[int] | None) -> list[Column]:
    return [
        Column("n", [count(row.n) for row in rows]),
        *(
            Column(label, [_hits(row.said, label, wanted) for wanted, row in zip(shown, rows, strict=True)])
            for label in shown
        ),
        *([Column("other", list(map(count, others)))] if others is not None else []),
        Column("no label", [count(row.unread) for row in rows]),
        Column("precision", [figures.percent(row.precision) for row in rows]),
        Column("recall", [figures.percent(row.recall) for row in rows]),
        *_shares("F1", [Estimated(row.f1, row.f1_interval) for row in rows]),
    ]


def _largest(one: LabelsEstimate) -> list[str]:
    most = sorted(one.labels, key=lambda label: -one.labels[label].n)[:MOST_LABELS]
    return [label for label in one.labels if label in most]


def _hits(said: Mapping[str, int], label: str, wanted: str) -> Cell:
    text = count(said.get(label, 0))
    return (Words(text, "strong"),) if label == wanted else text


def labels_by_category(scorecard: Scorecard, check: str) -> Table:
    """Return accuracy by category, a column per candidate; none without categories."""
    by_candidate = scorecard.labels[check]
    names = list(dict.fromkeys(name for one in by_candidate.values() for name in one.categories))
    columns: list[Column] = []
    for candidate, one in by_candidate.items():
        found = [one.categories.get(name) for name in names]
        shares = [
            _NO_ESTIMATE if each is None else Estimated(each.accuracy, each.accuracy_interval)
            for each in found
        ]
        behind = [
            None if each is None else links.verdicts(candidate, check, each.n, category=name)
            for name, each in zip(names, found, strict=True)
        ]
        columns += _linked(_shares(candidate, shares), behind)
    return Table(
        title=f"{check}: accuracy by category",
        columns=[words("category", names), *columns],
    )
