"""Gathers what judges' biases are measured with: texts judged more than once, labelled responses, panels."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from itertools import combinations
from typing import Literal, NamedTuple

import numpy as np

from evaldrop.evaluation import model_vendor
from evaldrop.run.definition import RunDefinition
from evaldrop.run.records import PreparedRecord
from evaldrop.scorecard.calibration.label import Label
from evaldrop.scorecard.calibration.labels import read_labels, response_digest
from evaldrop.scorecard.calibration.matching import match_labels
from evaldrop.scorecard.results import CandidateResult, RecordResults
from evaldrop.statistics.vectors import Floats, Ordinals
from evaldrop.steps.build_scorecard.tally import ByKey, Columns, Merging

Twins = tuple[str, str, Literal["candidates", "repeats"]]
"""Judge, criterion, and what was judged more than once."""

PeoplesScores = Mapping[str, Mapping[tuple[str, str], float]]
"""By criterion, people's scores of responses, by record and candidate."""

_NOTHING = float("nan")


class Labelled(NamedTuple):
    """A response of which people said something: the judges' scores of it, joined and by judge."""

    ordinal: int
    digest: str
    length: int
    joined: Mapping[str, float]
    by_judge: Mapping[tuple[str, str], float]


class BiasData(NamedTuple):
    """
    What was gathered.

    Attributes:
        twins: Of each record with a text that was judged more than once, the mean difference of two scores.
        panel: By candidate and criterion, records and each judge's scores, NaN without, (judges, records).
        labelled: By record and candidate.
        labels: All labels of the evaluation, the oldest first.
    """

    twins: Mapping[Twins, tuple[Ordinals, Floats]]
    panel: Mapping[tuple[str, str], tuple[Ordinals, Floats]]
    labelled: Mapping[tuple[str, str], Labelled]
    labels: Sequence[Label]


class BiasTally(Merging):
    """Gathers `BiasData`: nothing of most responses of most runs."""

    def __init__(self, run: RunDefinition) -> None:
        self._judges = tuple(judge.name for judge in run.judges)
        self._has_repeats = any(judge.repeats > 1 for judge in run.judges)
        makers = {model_vendor(candidate.model) for candidate in run.candidates}
        # Only where a judge may favour its own, and another one can be held against it.
        self._is_panel = len(run.judges) > 1 and any(
            (maker := model_vendor(judge.model)) and maker in makers for judge in run.judges
        )
        # A tuple: all parts of a run know the same labels, which are not to be added up.
        self._labels = tuple(read_labels(run.folder)) if len(run.candidates) > 1 else ()
        self._wanted = frozenset((label.record_id, label.candidate) for label in self._labels)
        self._twins: ByKey[Twins, Columns] = ByKey(partial(Columns, "f"))
        self._panel: ByKey[tuple[str, str], Columns] = ByKey(partial(Columns, "f" * len(run.judges)))
        self._labelled: dict[tuple[str, str], Labelled] = {}

    def add(self, record: PreparedRecord, results: RecordResults) -> None:
        """Add a record; anchors and perturbed copies are no responses to compare."""
        if results.anchor is not None or record.perturbed is not None:
            return
        self._add_twins(results)
        for result in results.candidates:
            if self._has_repeats:
                for key, repeats in _scores(result).items():
                    self._add_gap((*key, "repeats"), results.ordinal, repeats)
            if self._is_panel:
                self._add_panel(results.ordinal, result)
            key = (record.record_id, result.response.candidate)
            if key in self._wanted and result.response.response is not None:
                self._labelled[key] = _labelled(results.ordinal, result)

    def result(self) -> BiasData:
        """Return what was gathered."""
        panel = {}
        for key, columns in self._panel.in_order().items():
            ordinals, *scores = columns.in_order()
            panel[key] = (ordinals, np.array(scores, np.float64))
        twins = {}
        for twin, columns in self._twins.in_order().items():
            ordinals, gaps = columns.in_order()
            twins[twin] = (ordinals, gaps.astype(np.float64))
        # In the order of records, whatever the order in which parts were merged.
        labelled = dict(sorted(self._labelled.items(), key=lambda item: (item[1].ordinal, item[0])))
        return BiasData(twins, panel, labelled, self._labels)

    def _add_twins(self, results: RecordResults) -> None:
        by_text: dict[str, list[CandidateResult]] = {}
        for result in results.candidates:
            if result.response.response is not None:
                by_text.setdefault(result.response.response.strip(), []).append(result)
        for same in by_text.values():
            if len(same) > 1:
                means: dict[tuple[str, str], list[float]] = {}
                for result in same:
                    for key, given in _scores(result).items():
                        means.setdefault(key, []).append(sum(given) / len(given))
                for key, scores in means.items():
                    self._add_gap((*key, "candidates"), results.ordinal, scores)

    def _add_gap(self, key: Twins, ordinal: int, scores: Sequence[float]) -> None:
        if len(scores) > 1:
            gaps = [abs(one - other) for one, other in combinations(scores, 2)]
            self._twins.at(key, ordinal).append(ordinal, sum(gaps) / len(gaps))

    def _add_panel(self, ordinal: int, result: CandidateResult) -> None:
        by_criterion: dict[str, dict[str, float]] = {}
        for (judge, criterion), given in _scores(result).items():
            by_criterion.setdefault(criterion, {})[judge] = sum(given) / len(given)
        for criterion, means in by_criterion.items():
            row = (means.get(judge, _NOTHING) for judge in self._judges)
            self._panel.at((result.response.candidate, criterion), ordinal).append(ordinal, *row)


def _labelled(ordinal: int, result: CandidateResult) -> Labelled:
    text = result.response.response or ""
    return Labelled(
        ordinal,
        response_digest(text),
        len(text),
        {
            name: score.score
            for name, score in result.scores.items()
            if score.score is not None and score.reason is None
        },
        {key: sum(given) / len(given) for key, given in _scores(result).items()},
    )


def _scores(result: CandidateResult) -> dict[tuple[str, str], list[float]]:
    """Return a response's scores by judge and criterion, its repeats in their order."""
    scores: dict[tuple[str, str], list[float]] = {}
    for verdict in result.verdicts:
        if verdict.score is not None:
            scores.setdefault((verdict.judge, verdict.criterion), []).append(verdict.score)
    return scores


def people_of(data: BiasData, run: RunDefinition) -> PeoplesScores:
    """Return people's scores of the responses of a random sample, by criterion."""
    digests = {key: each.digest for key, each in data.labelled.items()}
    scores: dict[str, dict[tuple[str, str], float]] = {}
    for name, labels in match_labels(data.labels, run.criteria, digests, run.run_id).items():
        said = labels.of_people(run.criteria[name])
        # Those that people chose to label may be the very ones on which they disagree with the judge.
        random = (key for key in data.labelled if key in said and key in labels.random)
        scores[name] = {key: said[key].worth for key in random}
    return scores


def labels_of(data: BiasData, run: RunDefinition) -> dict[str, list[float]]:
    """
    Return by criterion which responses people labelled, as a page carries it.

    It is one list: a record's place in `records.jsonl`, that of a candidate, people's score, the next one's …
    """
    digests = {key: each.digest for key, each in data.labelled.items()}
    places = {candidate.name: place for place, candidate in enumerate(run.candidates)}
    found = {}
    for name, labels in match_labels(data.labels, run.criteria, digests, run.run_id).items():
        said = labels.of_people(run.criteria[name])
        responses = [(each.ordinal, key) for key, each in data.labelled.items() if key in said]
        found[name] = [
            number for ordinal, key in responses for number in (ordinal, places[key[1]], said[key].worth)
        ]
    return found


def kin_of(run: RunDefinition, judge: str) -> tuple[str | None, tuple[str, ...]]:
    """Return a judge's maker, None where its model's ID does not tell, and the candidates of that maker."""
    maker = next((model_vendor(each.model) for each in run.judges if each.name == judge), None)
    return maker, tuple(_made_by(maker, run)) if maker else ()


def _made_by(maker: str, run: RunDefinition) -> Iterable[str]:
    return (each.name for each in run.candidates if model_vendor(each.model) == maker)
