"""Scores against the length of the responses: what one must know before trusting a judge's taste."""

from collections.abc import Mapping

import numpy as np

from evaldrop.errors import NotEnoughData
from evaldrop.scorecard.model.scorecard import OVERALL
from evaldrop.scorecard.model.usefulness import LengthQuartile, LengthRelation
from evaldrop.statistics.paired_test import Scores, shared_scores
from evaldrop.statistics.ranks import spearman
from evaldrop.statistics.vectors import Floats
from evaldrop.steps.build_scorecard.tally import CandidateTally, ScoreColumn

# Fewer responses than this make no quarters.
_FEWEST = 8


def score_by_length(
    counts: CandidateTally, columns: Mapping[str, ScoreColumn], overall: Scores
) -> dict[str, LengthRelation]:
    """
    Return how a candidate's scores go with its responses' lengths, by criterion.

    Length-controlled win rates are not computed: the small regression over-corrects for short models badly
    (docs/method.md).
    """
    ordinals, characters = (np.frombuffer(part, np.int32) for part in counts.lengths)
    lengths = (ordinals, characters.astype(np.float64))
    scores = {name: (column.ordinals, column.scores) for name, column in columns.items()}
    if len(columns) > 1 and OVERALL not in columns:
        scores[OVERALL] = overall
    return {name: _relation(lengths, column) for name, column in scores.items()}


def _relation(lengths: Scores, scores: Scores) -> LengthRelation:
    _, length, score = shared_scores(lengths, scores)
    if length.size < _FEWEST:
        return LengthRelation(n=length.size, reason=f"fewer than {_FEWEST} responses with a score")
    quartiles = tuple(_quartiles(length, score))
    try:
        correlation = spearman(length, score)
    except NotEnoughData:
        return LengthRelation(
            n=length.size, quartiles=quartiles, reason="all lengths or all scores are equal"
        )
    return LengthRelation(
        n=length.size,
        spearman=correlation.coefficient,
        p_value=correlation.p_value,
        quartiles=quartiles,
    )


def _quartiles(length: Floats, score: Floats) -> list[LengthQuartile]:
    # Responses of one length stay in one quarter, so quarters differ in size where lengths are tied.
    quarter = np.searchsorted(np.quantile(length, [0.25, 0.5, 0.75]), length, side="left")
    found = []
    for place in np.unique(quarter):
        inside = quarter == place
        found.append(
            LengthQuartile(
                low=int(length[inside].min()),
                high=int(length[inside].max()),
                n=int(inside.sum()),
                mean=float(score[inside].mean()),
            )
        )
    return found
