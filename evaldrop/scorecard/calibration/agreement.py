"""How far a judge, or a person, agrees with people: pure functions on scores."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import combinations
from types import MappingProxyType
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from evaldrop.errors import NotEnoughData
from evaldrop.evaluation.criteria import Criterion
from evaldrop.scorecard.model.calibration import Confusion, JudgeAgreement, RaterAgreement
from evaldrop.statistics.agreement import agreement_rate, cohen_kappa, gwet_ac1, krippendorff_alpha
from evaldrop.statistics.bounded import bounded_mean_interval
from evaldrop.statistics.clusters import Groups
from evaldrop.statistics.debiasing import JudgeCounts
from evaldrop.statistics.intervals import Interval
from evaldrop.statistics.ranks import Correlation, kendall_tau_b, pearson, spearman
from evaldrop.statistics.resampled import ac1_interval, alpha_interval, kappa_interval, share_interval

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]
_Correlate = Callable[[Floats, Floats], Correlation]
_OF_ORDER: Final[Mapping[str, _Correlate]] = {
    "pearson": pearson,
    "spearman": spearman,
    "kendall_tau_b": kendall_tau_b,
}
_NO_ORDER = "the answers are names without an order; say ordered: true in the scale if they have one"
# A response to a record: the record's id and the candidate.
Response = tuple[str, str]


def judge_agreement(
    human: Floats,
    judge: Floats,
    criterion: Criterion,
    *,
    clusters: Ints | None = None,
    confidence: float = 0.95,
) -> JudgeAgreement:
    """
    Compare a judge's scores with people's on one criterion.

    On a yes/no scale the mean of several people, judges or repeats counts as the answer it is nearer to; a
    half is none, and its row is left out. On a menu of names callers leave draws out (`scores.majority`).
    Elsewhere a mean may be between the points.

    Args:
        human: People's score per response, shape (n,).
        judge: The judge's score of the same responses, shape (n,).
        criterion: Its scale and its pass mark.
        clusters: What is independent: the record or group of each response, shape (n,); None when all are.
        confidence: Two-sided level of the intervals, a fraction in (0, 1).
    """
    groups = np.arange(human.size) if clusters is None else clusters
    is_binary = criterion.scale.kind == "binary"
    if is_binary:
        # rint rounds a half to even, so a draw would always be a no.
        decided = (human != 0.5) & (judge != 0.5)
        human, judge, groups = human[decided], judge[decided], groups[decided]
    # Before rounding, which would hide a judge that is off by less than a half everywhere.
    bias = float((judge - human).mean()) if human.size else None
    span = criterion.scale.high - criterion.scale.low
    bounds = Bounds(groups, confidence)
    bounds.of("bias", partial(bounded_mean_interval, judge - human, low=-span, high=span))
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

    good, judged_good = _passes(human, criterion), _passes(judge, criterion)
    passed = _counts(good, judged_good)
    bounds.share("pass_agreement", good == judged_good)
    bounds.share("true_positive_rate", judged_good, good)
    bounds.share("true_negative_rate", ~judged_good, ~good)
    agreement = None
    if criterion.scale.kind == "range":
        reasons["agreement"] = "on a range two scores are hardly ever equal; see pass_agreement"
    else:
        # At most half a step apart: a mean of 3.5 agrees with 3 and with 4.
        # Of uneven steps the smallest: half of a larger one could take in a neighbouring answer.
        step = float(np.diff(criterion.scale.values()).min())
        is_near = np.abs(human - judge) <= step / 2 + 1e-9
        agreement = float(np.mean(is_near))
        bounds.share("agreement", is_near)
    weights = kappa_weights(criterion)
    if criterion.scale.is_nominal and not is_binary:
        reasons |= dict.fromkeys(_OF_ORDER, _NO_ORDER)
    bounds.of("kappa", partial(kappa_interval, human, judge, weights=weights))
    bounds.of("ac1", partial(_ac1_interval, human, judge, criterion))
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
        intervals=bounds.found,
    )


class Bounds:
    """Grows the intervals of an agreement, by key; what shows no spread has none."""

    def __init__(self, groups: Ints, confidence: float) -> None:
        self._groups, self._confidence = groups, confidence
        self.found: dict[str, tuple[float, float]] = {}

    def of(self, key: str, interval: Callable[..., Interval]) -> None:
        """Add an interval, computed with `groups` and `confidence`."""
        with suppress(NotEnoughData):
            low, high = interval(groups=self._groups, confidence=self._confidence)
            self.found[key] = (low, high)

    def share(self, key: str, successes: Flags, among: Flags | None = None) -> None:
        """Add the interval of a share of responses, or of some of them."""
        trials = np.ones(successes.size) if among is None else among.astype(np.float64)
        self.of(key, partial(share_interval, successes * trials, trials))


def _ac1_interval(
    first: Floats, second: Floats, criterion: Criterion, *, groups: Groups, confidence: float
) -> Interval:
    ac1(first, second, criterion)  # raises where there is none
    return ac1_interval(
        first, second, groups, categories=len(criterion.scale.values()), confidence=confidence
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
    labels: Mapping[str, Mapping[Response, float]],
    criterion: Criterion,
    groups: Mapping[str, int] = MappingProxyType({}),
    confidence: float = 0.95,
) -> tuple[RaterAgreement, ...]:
    """
    Compare every two people on the responses both labelled; pairs without any are left out.

    `groups` are those of records, for the intervals at `confidence`.
    """
    found = []
    for a, b in combinations(labels, 2):
        shared = [response for response in labels[a] if response in labels[b]]
        if shared:
            first = np.array([labels[a][response] for response in shared])
            second = np.array([labels[b][response] for response in shared])
            clusters = _clusters(shared, groups)
            bounds = Bounds(clusters, confidence)
            kappa = reason = None
            try:
                kappa = cohen_kappa(first, second, weights=kappa_weights(criterion))
            except NotEnoughData as error:
                reason = str(error)
            gwet = None
            with suppress(NotEnoughData):  # means of people, or a range
                gwet = ac1(first, second, criterion)
            # On a range two people's scores are hardly ever equal: a share near 0 would look like discord.
            agreement = None
            if criterion.scale.kind != "range":
                agreement = agreement_rate(first, second)
                bounds.share("agreement", first == second)
            bounds.of("kappa", partial(kappa_interval, first, second, weights=kappa_weights(criterion)))
            bounds.of("ac1", partial(_ac1_interval, first, second, criterion))
            found.append(
                RaterAgreement(
                    a=a,
                    b=b,
                    n=len(shared),
                    agreement=agreement,
                    kappa=kappa,
                    ac1=gwet,
                    reason=reason,
                    intervals=bounds.found,
                )
            )
    return tuple(found)


def rater_alpha(labels: Mapping[str, Mapping[Response, float]], criterion: Criterion) -> float | None:
    """Return Krippendorff's alpha over all people, None when no response has two labels or all are equal."""
    table, _ = _rater_table(labels)
    try:
        return krippendorff_alpha(table, level=alpha_level(criterion))
    except NotEnoughData:
        return None


def rater_alpha_interval(
    labels: Mapping[str, Mapping[Response, float]],
    criterion: Criterion,
    groups: Mapping[str, int],
    confidence: float,
) -> tuple[float, float] | None:
    """Return the interval of `rater_alpha`; `groups` are those of records."""
    table, responses = _rater_table(labels)
    bounds = Bounds(_clusters(responses, groups), confidence)
    bounds.of("alpha", partial(alpha_interval, table, level=alpha_level(criterion)))
    return bounds.found.get("alpha")


def _rater_table(labels: Mapping[str, Mapping[Response, float]]) -> tuple[Floats, Sequence[Response]]:
    # Sorted, since a set's order differs from process to process.
    responses = {response: place for place, response in enumerate(sorted(set().union(*labels.values())))}
    table = np.full((len(labels), len(responses)), np.nan)
    for row, scores in enumerate(labels.values()):
        for response, score in scores.items():
            table[row, responses[response]] = score
    return table, list(responses)


def _clusters(responses: Sequence[Response], groups: Mapping[str, int]) -> Ints:
    """Return the group of each response's record; a record without one is a cluster of its own, below 0."""
    records: dict[str, int] = {}
    return np.array(
        [groups.get(record, -1 - records.setdefault(record, len(records))) for record, _ in responses],
        np.intp,
    )


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
