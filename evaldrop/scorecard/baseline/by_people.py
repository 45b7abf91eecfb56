"""What people's labels make of the comparison of two runs."""

from collections.abc import Mapping
from typing import NamedTuple

from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.baseline.measures import Measure, PairedRuns
from evaldrop.scorecard.baseline.scores_table import Flags
from evaldrop.scorecard.calibration.runs import NowAndThen, PeopleOfRuns, people_of_runs
from evaldrop.scorecard.model.paired import JudgeOnly
from evaldrop.statistics.corrected_pairs import with_missing
from evaldrop.statistics.paired_test import PairedScores, Pairing
from evaldrop.statistics.vectors import are_among


class LabelledRuns(NamedTuple):
    """People's labels of two runs, beside the judge's scores of them: by candidate, then criterion."""

    people: PeopleOfRuns
    scores: Mapping[str, Mapping[str, NowAndThen]]
    clusters: PairedRuns


class DecidedMove(NamedTuple):
    """The test of now minus then that decides, and what a scorecard says of whose verdicts it rests on."""

    pairing: Pairing
    parts: Mapping[str, object]


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
) -> DecidedMove:
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
        return DecidedMove(judge, {})
    found = labelled.people.of(
        measure.candidate,
        None if measure.criterion is None else measure.name,
        labelled.scores[measure.candidate],
        clusters=labelled.clusters.groups,
        inside=inside,
    )
    if found is None:
        return DecidedMove(judge, {})
    if found.pairing is None:
        return DecidedMove(judge, {"n_labelled": found.n_labelled, "left_out": found.reason})
    whole = int((~are_among(scores.ordinals, scores.missing)).sum())
    alone = JudgeOnly(n=judge.n, difference=judge.difference, interval=judge.interval, p_value=judge.p_value)
    return DecidedMove(
        with_missing(found.pairing, judge, whole=whole),
        {"n_labelled": found.n_labelled, "rests_on": found.rests_on, "judge_only": alone},
    )
