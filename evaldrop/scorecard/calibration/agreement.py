"""How far a judge, or a person, agrees with people: pure functions on scores."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from itertools import combinations
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from evaldrop.errors import NotEnoughData
from evaldrop.evaluation.criteria import Criterion
from evaldrop.scorecard.model.calibration import Confusion, JudgeAgreement, RaterAgreement
from evaldrop.statistics.agreement import agreement_rate, cohen_kappa, gwet_ac1, krippendorff_alpha
from evaldrop.statistics.debiasing import JudgeCounts
from evaldrop.statistics.ranks import Correlation, kendall_tau_b, pearson, spearman

Floats = npt.NDArray[np.float64]
_Correlate = Callable[[Floats, Floats], Correlation]
_OF_ORDER: Final[Mapping[str, _Correlate]] = {
    "pearson": pearson,
    "spearman": spearman,
    "kendall_tau_b": kendall_tau_b,
}
_NO_ORDER = "the answers are names without an order; say ordered: true in the scale if they have one"
# A response to a record: the record's id and the candidate.
Response = tuple[str, str]


def judge_agreement(human: Floats, judge: Floats, criterion: Criterion) -> JudgeAgreement:
    """
    Compare a judge's scores with people's on one criterion.

    On a yes/no scale the mean of several people, judges or repeats counts as the answer it is nearer to; a
    half is none, and its row is left out. On a menu of names callers leave draws out (`scores.majority`).
    Elsewhere a mean may be between the points.

    Args:
        human: People's score per response, shape (n,).
        judge: The judge's score of the same responses, shape (n,).
        criterion: Its scale and its pass mark.
    """
    is_binary = criterion.scale.kind == "binary"
    if is_binary:
        # rint rounds a half to even, so a draw would always be a no.
        decided = (human != 0.5) & (judge != 0.5)
        human, judge = human[decided], judge[decided]
    # Before rounding, which would hide a judge that is off by less than a half everywhere.
    bias = float((judge - human).mean()) if human.size else None
    if is_binary:
        human, judge = np.rint(human), np.rint(judge)
    if not human.size:
        return JudgeAgreement(n=0, reasons={"n": "no response has both a label and this judge's score"})
    reasons: dict[str, str] = {}

    def known(key: str, compute: Callable[[], float]) -> float | None:
        try:
            return compute()
        except NotEnoughData as error:
            reasons[key] = str(error)
            return None

    passed = _counts(_passes(human, criterion), _passes(judge, criterion))
    agreement = None
    if criterion.scale.kind == "range":
        reasons["agreement"] = "on a range two scores are hardly ever equal; see pass_agreement"
    else:
        # At most half a step apart: a mean of 3.5 agrees with 3 and with 4.
        # Of uneven steps the smallest: half of a larger one could take in a neighbouring answer.
        step = float(np.diff(criterion.scale.values()).min())
        agreement = float(np.mean(np.abs(human - judge) <= step / 2 + 1e-9))
    weights = kappa_weights(criterion)
    if criterion.scale.is_nominal and not is_binary:
        reasons |= dict.fromkeys(_OF_ORDER, _NO_ORDER)
    return JudgeAgreement(
        n=int(human.size),
        agreement=agreement,
        pass_agreement=(passed.good_judged_good + passed.bad_judged_bad) / int(human.size),
        kappa=known("kappa", lambda: cohen_kappa(human, judge, weights=weights)),
        kappa_weights=weights,
        ac1=known("ac1", lambda: ac1(human, judge, criterion)),
        true_positive_rate=known("true_positive_rate", lambda: passed.sensitivity),
        true_negative_rate=known("true_negative_rate", lambda: passed.specificity),
        **{
            name: known(name, partial(_coefficient, function, human, judge))
            for name, function in _OF_ORDER.items()
            if name not in reasons
        },
        bias=bias,
        confusion=confusion(human, judge, criterion),
        reasons=reasons,
    )


def kappa_weights(criterion: Criterion) -> Literal["none", "quadratic"]:
    """Return how far answers apart count: not at all where they are names, quadratically on other scales."""
    return "none" if criterion.scale.is_nominal else "quadratic"


def alpha_level(criterion: Criterion) -> Literal["nominal", "ordinal", "interval"]:
    """Return how the answers of a criterion may be compared in Krippendorff's alpha."""
    if criterion.scale.is_nominal:
        return "nominal"
    return "interval" if criterion.scale.kind == "range" else "ordinal"


def ac1(first: Floats, second: Floats, criterion: Criterion) -> float:
    """
    Return Gwet's AC1 over the scale's answers.

    Raises:
        NotEnoughData: There are no scores, a range has no answers to count, or scores are between its points.
    """
    values = criterion.scale.values()
    if not values:
        raise NotEnoughData("a range has no answers to count")
    if not np.isin(np.concatenate([first, second]), values).all():
        raise NotEnoughData("scores of several together are between the scale's points")
    return gwet_ac1(first, second, categories=len(values))


def yes_counts(human: Floats, judge: Floats) -> JudgeCounts:
    """Return how a yes/no judge did where people said yes and where they said no; halves are left out."""
    decided = (human != 0.5) & (judge != 0.5)
    return _counts(human[decided] > 0.5, judge[decided] > 0.5)


def confusion(human: Floats, judge: Floats, criterion: Criterion) -> Confusion:
    """
    Count pairs of answers: rows are people's, columns the judge's, in the scale's ascending order.

    Means of several people or judges may be between points, and a range has none: then by passing.
    """
    values = np.array(criterion.scale.values())
    # searchsorted gives a mean between two points the upper one without a word.
    if not values.size or not np.isin(np.concatenate([human, judge]), values).all():
        rows, columns = _passes(human, criterion).astype(int), _passes(judge, criterion).astype(int)
        return Confusion(answers=("fails", "passes"), counts=_table(rows, columns, 2))
    names = tuple(_answer_name(criterion, float(value)) for value in values)
    places = (np.searchsorted(values, human), np.searchsorted(values, judge))
    return Confusion(answers=names, counts=_table(*places, len(names)))


def between_raters(
    labels: Mapping[str, Mapping[Response, float]], criterion: Criterion
) -> tuple[RaterAgreement, ...]:
    """Compare every two people on the responses both labelled; pairs without any are left out."""
    found = []
    for a, b in combinations(labels, 2):
        shared = [response for response in labels[a] if response in labels[b]]
        if shared:
            first = np.array([labels[a][response] for response in shared])
            second = np.array([labels[b][response] for response in shared])
            kappa = reason = None
            try:
                kappa = cohen_kappa(first, second, weights=kappa_weights(criterion))
            except NotEnoughData as error:
                reason = str(error)
            gwet = None
            with suppress(NotEnoughData):  # means of people, or a range
                gwet = ac1(first, second, criterion)
            # On a range two people's scores are hardly ever equal: a share near 0 would look like discord.
            agreement = None if criterion.scale.kind == "range" else agreement_rate(first, second)
            found.append(
                RaterAgreement(
                    a=a, b=b, n=len(shared), agreement=agreement, kappa=kappa, ac1=gwet, reason=reason
                )
            )
    return tuple(found)


def rater_alpha(labels: Mapping[str, Mapping[Response, float]], criterion: Criterion) -> float | None:
    """Return Krippendorff's alpha over all people, None when no response has two labels or all are equal."""
    # Sorted, since a set's order differs from process to process.
    responses = {response: place for place, response in enumerate(sorted(set().union(*labels.values())))}
    table = np.full((len(labels), len(responses)), np.nan)
    for row, scores in enumerate(labels.values()):
        for response, score in scores.items():
            table[row, responses[response]] = score
    try:
        return krippendorff_alpha(table, level=alpha_level(criterion))
    except NotEnoughData:
        return None


def _coefficient(function: _Correlate, human: Floats, judge: Floats) -> float:
    return function(human, judge).coefficient


def _passes(scores: Floats, criterion: Criterion) -> npt.NDArray[np.bool_]:
    passed: npt.NDArray[np.bool_] = (
        scores >= criterion.pass_at if criterion.higher_is_better else scores <= criterion.pass_at
    )
    return passed


def _counts(good: npt.NDArray[np.bool_], judged_good: npt.NDArray[np.bool_]) -> JudgeCounts:
    return JudgeCounts(
        int((good & judged_good).sum()),
        int((good & ~judged_good).sum()),
        int((~good & judged_good).sum()),
        int((~good & ~judged_good).sum()),
    )


def _table(
    rows: npt.NDArray[np.int_], columns: npt.NDArray[np.int_], size: int
) -> tuple[tuple[int, ...], ...]:
    counts = np.bincount(rows * size + columns, minlength=size**2).reshape(size, size)
    return tuple(tuple(row) for row in counts.tolist())


def _answer_name(criterion: Criterion, value: float) -> str:
    if criterion.scale.kind == "points":
        return f"{value:g}"
    return "/".join(point.label for point in criterion.scale.points if point.value == value)
