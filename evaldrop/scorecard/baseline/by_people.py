"""What people's labels make of the comparison of two runs."""

from collections.abc import Mapping
from typing import NamedTuple

from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.baseline.measures import Measure, PairedRuns
from evaldrop.scorecard.baseline.scores_table import Flags
from evaldrop.scorecard.calibration.deciding import DecidedBy, decided_by
from evaldrop.scorecard.calibration.runs import NowAndThen, PeopleOfRuns, people_of_runs
from evaldrop.statistics.paired_test import PairedScores, Pairing


class LabelledRuns(NamedTuple):
    """People's labels of two runs, beside the judge's scores of them: by candidate, then criterion."""

    people: PeopleOfRuns
    scores: Mapping[str, Mapping[str, NowAndThen]]
    clusters: PairedRuns


def labelled_runs(run: RunDefinition, then: RunDefinition, paired: PairedRuns) -> LabelledRuns | None:
    """
    Return people's labels of both runs; None where there are none.

    Raises:
        StorageError: A table or a label cannot be read.
    """
    people = people_of_runs(run, then, lambda: paired.ids.take(paired.rows).to_pylist())
    if people is None:
        return None
    scores: dict[str, dict[str, NowAndThen]] = {}
    for measure in paired.measures:
        if measure.criterion is not None:
            scores.setdefault(measure.candidate, {})[measure.name] = (measure.now, measure.then)
    return LabelledRuns(people, scores, paired)


def moved_by_people(
    labelled: LabelledRuns | None, measure: Measure, judge: Pairing, scores: PairedScores, inside: Flags
) -> DecidedBy:
    """
    Return people's test of how a candidate moved where there is one, else the judge's.

    People's is against the baseline itself, whatever is pooled with it: its responses are those they saw.

    Args:
        labelled: People's labels of both runs.
        measure: The candidate on a criterion, or over all.
        judge: The judge's own test.
        scores: What it was made of.
        inside: The rows it is about.
    """
    if labelled is None:
        return DecidedBy(judge, {})
    found = labelled.people.of(
        measure.candidate,
        None if measure.criterion is None else measure.name,
        labelled.scores[measure.candidate],
        clusters=labelled.clusters.groups,
        inside=inside,
    )
    return decided_by(found, judge, scores)
