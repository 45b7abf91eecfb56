"""What answers with a known truth say of candidates: fields of JSON and labels, with intervals."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.model.answers import (
    FieldScores,
    FieldsEstimate,
    LabelCounts,
    LabelsEstimate,
    LabelTotals,
)
from evaldrop.scorecard.scores import largest_categories
from evaldrop.statistics.totals import TotalEstimate, confusion, label_scores, ratio_of_totals
from evaldrop.statistics.vectors import Floats, Ordinals
from evaldrop.steps.build_scorecard.answers import FieldAnswers, FieldRows, KnownAnswers, LabelRows
from evaldrop.steps.build_scorecard.counts import RunCounts
from evaldrop.steps.build_scorecard.estimates import rate_interval

MOST_FIELDS: Final = 40

_Counts = npt.NDArray[np.int64]


def field_estimates(
    run: RunDefinition, counts: RunCounts, answers: KnownAnswers
) -> dict[str, dict[str, FieldsEstimate]]:
    """Return, for each check of fields, what each candidate's responses say."""
    found: dict[str, dict[str, FieldsEstimate]] = {}
    for check, names in answers.paths.items():
        given = _of_check(answers.fields, check, run)
        shown = _most_wanted(given, names)
        for candidate, one in given.items():
            found.setdefault(check, {})[candidate] = _Fields(run, counts, one).estimate(shown)
    return found


def _of_check(answers: Mapping[tuple[str, str], Any], check: str, run: RunDefinition) -> dict[str, Any]:
    """Return what was gathered for a check, in the order of candidates."""
    names = [candidate.name for candidate in run.candidates]
    return {name: answers[check, name] for name in names if (check, name) in answers}


def _most_wanted(given: Mapping[str, FieldAnswers], names: Mapping[int, str]) -> dict[int, str]:
    """Return the paths that references have most, in their own order."""
    wanted = dict.fromkeys(names, 0)
    for one in given.values():
        paths, places = np.unique(one.rows.paths, return_inverse=True)
        matched, missing, _, wrong = (np.bincount(places, part) for part in one.rows.counts.T)
        for path, number in zip(paths.tolist(), (matched + missing + wrong).tolist(), strict=True):
            if path in wanted:
                wanted[path] += int(number)
    most = sorted(wanted, key=lambda path: (-wanted[path], names[path]))[:MOST_FIELDS]
    return {path: names[path] for path in sorted(most, key=lambda path: names[path])}


class _Fields:
    def __init__(self, run: RunDefinition, counts: RunCounts, answers: FieldAnswers) -> None:
        self._confidence, self._groups, self._answers = run.evaluation.confidence, counts.groups, answers

    def estimate(self, shown: Mapping[int, str]) -> FieldsEstimate:
        rows = self._answers.rows
        others = ~np.isin(rows.paths, np.array(list(shown), np.int64))
        fields = {name: self._scores(rows, rows.paths == path) for path, name in shown.items()}
        return FieldsEstimate(
            n=self._answers.n,
            no_json=self._answers.no_json,
            overall=self._scores(rows, np.ones(others.size, bool)),
            fields=fields,
            rest=self._scores(rows, others) if others.any() else None,
        )

    def _scores(self, rows: FieldRows, chosen: npt.NDArray[np.bool_]) -> FieldScores:
        ordinals, places = np.unique(rows.ordinals[chosen], return_inverse=True)
        columns = [
            np.bincount(places, part, ordinals.size).astype(np.float64) for part in rows.counts[chosen].T
        ]
        matched, missing, extra, wrong = columns
        groups = None if self._groups is None else np.asarray(self._groups)[ordinals]

        def ratio(wholes: Floats, times: int = 1) -> TotalEstimate:
            return ratio_of_totals(times * matched, wholes, groups, confidence=self._confidence)

        precision, recall = ratio(matched + extra + wrong), ratio(matched + missing + wrong)
        f1 = ratio(2 * matched + missing + extra + 2 * wrong, 2)
        return FieldScores(
            matched=int(matched.sum()),
            missing=int(missing.sum()),
            extra=int(extra.sum()),
            wrong=int(wrong.sum()),
            precision=precision.value,
            precision_interval=precision.interval,
            recall=recall.value,
            recall_interval=recall.interval,
            f1=f1.value,
            f1_interval=f1.interval,
        )


def label_estimates(
    run: RunDefinition, counts: RunCounts, answers: KnownAnswers
) -> dict[str, dict[str, LabelsEstimate]]:
    """Return, for each check of labels, what each candidate's responses say."""
    found: dict[str, dict[str, LabelsEstimate]] = {}
    for name, criterion in run.criteria.items():
        for candidate, rows in _of_check(answers.labels, name, run).items():
            labels = criterion.check.parameters.labels if criterion.check else ()
            found.setdefault(name, {})[candidate] = _Labels(run, counts, labels).estimate(rows)
    return found


class _Labels:
    def __init__(self, run: RunDefinition, counts: RunCounts, labels: tuple[str, ...]) -> None:
        self._confidence, self._counts, self._labels = run.evaluation.confidence, counts, labels

    def estimate(self, rows: LabelRows) -> LabelsEstimate:
        codes = self._counts.categories
        by_category = {
            self._counts.category_names[code]: self._totals(LabelRows(*(part[chosen] for part in rows)))
            for code in largest_categories(codes)
            if (chosen := codes[rows.ordinals] == code).any()
        }
        return LabelsEstimate(
            **self._totals(rows).model_dump(), labels=self._matrix(rows), categories=by_category
        )

    def _totals(self, rows: LabelRows) -> LabelTotals:
        said = self._said(rows)
        right = (said == rows.wanted).astype(np.float64)
        scores = label_scores(
            rows.wanted, said, len(self._labels), self._groups(rows.ordinals), confidence=self._confidence
        )
        return LabelTotals(
            n=right.size,
            unread=int((rows.said < 0).sum()),
            accuracy=float(right.mean()),
            accuracy_interval=rate_interval(rows.ordinals, right, self._counts.groups, self._confidence),
            macro_f1=scores.macro_f1.value,
            macro_f1_interval=scores.macro_f1.interval,
            matthews=scores.matthews.value,
            matthews_interval=scores.matthews.interval,
        )

    def _matrix(self, rows: LabelRows) -> dict[str, LabelCounts]:
        """Return a row for each label that a reference or an answer has."""
        table = confusion(rows.wanted, self._said(rows), len(self._labels))
        return {
            label: self._row(place, table, rows)
            for place, label in enumerate(self._labels)
            if table[place].any() or table[:, place].any()
        }

    def _row(self, place: int, table: _Counts, rows: LabelRows) -> LabelCounts:
        hits, wanted, said = (
            int(part) for part in (table[place, place], table[place].sum(), table[:, place].sum())
        )
        is_wanted, is_said = rows.wanted == place, rows.said == place
        f1 = ratio_of_totals(
            2.0 * (is_wanted & is_said),
            is_wanted.astype(np.float64) + is_said,
            self._groups(rows.ordinals),
            confidence=self._confidence,
        )
        answered = zip(self._labels, table[place].tolist(), strict=False)
        return LabelCounts(
            n=wanted,
            said={label: number for label, number in answered if number},
            unread=int(table[place, -1]),
            precision=hits / said if said else None,
            recall=hits / wanted if wanted else None,
            f1=f1.value,
            f1_interval=f1.interval,
        )

    def _said(self, rows: LabelRows) -> Ordinals:
        """Return what was said, with no label as one more."""
        return np.where(rows.said < 0, len(self._labels), rows.said)

    def _groups(self, ordinals: Ordinals) -> Ordinals | None:
        return None if self._counts.groups is None else np.asarray(self._counts.groups)[ordinals]
