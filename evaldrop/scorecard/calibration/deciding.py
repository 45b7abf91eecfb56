"""Whose test decides a difference: people's where their labels correct it, else the judge's."""

from collections.abc import Mapping
from typing import NamedTuple

from evaldrop.scorecard.calibration.differences import PeoplesDifference
from evaldrop.scorecard.model.paired import JudgeOnly
from evaldrop.statistics.corrected_pairs import with_missing
from evaldrop.statistics.paired_test import PairedScores, Pairing
from evaldrop.statistics.vectors import are_among


class DecidedBy(NamedTuple):
    """The test that decides, and what a scorecard says of whose verdicts it rests on."""

    pairing: Pairing
    parts: Mapping[str, object]


def decided_by(people: PeoplesDifference | None, judge: Pairing, scores: PairedScores) -> DecidedBy:
    """
    Return people's test of a difference where there is one, else the judge's.

    Args:
        people: What labels make of the difference; None where there are none.
        judge: The judge's own test.
        scores: What it was made of.
    """
    if people is None:
        return DecidedBy(judge, {})
    if people.pairing is None:
        return DecidedBy(judge, {"n_labelled": people.n_labelled, "left_out": people.reason})
    whole = int((~are_among(scores.ordinals, scores.missing)).sum())
    alone = JudgeOnly(n=judge.n, difference=judge.difference, interval=judge.interval, p_value=judge.p_value)
    return DecidedBy(
        with_missing(people.pairing, judge, whole=whole),
        {"n_labelled": people.n_labelled, "rests_on": people.rests_on, "judge_only": alone},
    )
