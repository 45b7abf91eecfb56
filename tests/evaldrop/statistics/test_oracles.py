"""
Every worked example of the shared oracle file, each at the tolerance it states.

The numbers are other libraries' (scipy, statsmodels, scikit-learn, krippendorff, ppi-python, choix, evalica,
river) or worked by hand; the file is no part of this repository. What a module's own tests carry over from it
stands there with its source, so that they hold without it.
"""

import json
import os
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from evaldrop.evaluation.criteria import criterion_from_config
from evaldrop.run.tables import VerdictRow
from evaldrop.scorecard.calibration.agreement import judge_agreement
from evaldrop.scorecard.scores import majority, record_scores
from evaldrop.statistics.agreement import agreement_rate, cohen_kappa, krippendorff_alpha
from evaldrop.statistics.bradley_terry import bradley_terry, elo_scale
from evaldrop.statistics.clusters import clustered_mean_estimate, corrected_clustered_standard_error
from evaldrop.statistics.debiasing import JudgeCounts, clustered_ppi_mean, rogan_gladen, self_preference
from evaldrop.statistics.drift import cusum, ewma
from evaldrop.statistics.intervals import (
    clopper_pearson_interval,
    mean_estimate,
    normal_quantile,
    wilson_interval,
)
from evaldrop.statistics.mcnemar import mcnemar_p_value
from evaldrop.statistics.multiplicity import holm
from evaldrop.statistics.paired import paired_difference, sign_flip_exact, sign_flip_permutation
from evaldrop.statistics.power import (
    detectable_effect_paired_t,
    minimum_detectable_difference,
    paired_t_power,
    required_records,
)
from evaldrop.statistics.ranks import kendall_tau_b, pearson, spearman
from evaldrop.statistics.resampled import percentile_interval
from evaldrop.steps.build_scorecard.panels import agreements

SHARED = os.environ.get("EVALDROP_SHARED_DATA")
pytestmark = pytest.mark.skipif(SHARED is None, reason="EVALDROP_SHARED_DATA is not set")

# Held somewhere else, because the data is large: in test_order_bias_and_kappa_match_llmbar of test_agreement.
ELSEWHERE = {
    "position_bias_llmbar_cot.*.n", "position_bias_llmbar_cot.*.n_unparsed_records",
    "position_bias_llmbar_cot.*.positional_agreement", "position_bias_llmbar_cot.*.first_shown_rate",
    "position_bias_llmbar_cot.*.conflict_as_tie_score",
    "position_bias_llmbar_cot.*.kappa_with_human_plain_order",
}  # fmt: skip
# Why a value is not computed by any code of evaldrop; docs/method.md tells readers what is used instead. A
# name is the path to the value, "*" for any key of a table, any row of a list, or all that is below.
_WALD = "Wald's interval covers pass rates near 1 in as little as 18 %: nothing uses it"
_POSTERIOR = "a posterior: every interval here has coverage, and a second kind would confuse"
_AGRESTI = "an approximation of Wilson's interval, which is computed itself"
_ROW = "names the row"
_ONE_TEST = "one exact test per table: mid-p and chi-squared call differences decided that it leaves open"
_ONE_FAMILY = "Holm's is used: Bonferroni and Hommel hold the same error with less power or more assumptions"
_DISCOVERIES = "controls the share of false claims, where one false claim must be rare: Holm's is used"
_UNPAIRED = "for two samples of different records: candidates answer the same ones and are compared in pairs"
_NOT_HELD = {
    "paired_difference.se_unpaired": _UNPAIRED,
    "paired_difference.p_unpaired_t": _UNPAIRED,
    "paired_difference.se_from_corr": "the same error by way of the correlation",
    "paired_difference.wilcoxon_W": "most ranks of a five-point scale are ties; sign flips are exact",
    "paired_difference.wilcoxon_p_normal_no_cc": "as wilcoxon_W, and approximate",
    "proportion_intervals_95.table.*.k": _ROW,
    "proportion_intervals_95.table.*.n": _ROW,
    "proportion_intervals_95.table.*.wald": _WALD,
    "proportion_intervals_95.table.*.jeffreys": _POSTERIOR,
    "proportion_intervals_95.table.*.agresti_coull": _AGRESTI,
    "proportion_intervals_95.table.*.beta_uniform_prior": _POSTERIOR,
    "coverage_of_95_intervals_for_pass_rate.*.normal": _WALD,
    "coverage_of_95_intervals_for_pass_rate.*.boot_percentile": "no pass rate has a bootstrap interval",
    "coverage_of_95_intervals_for_pass_rate.*.jeffreys": _POSTERIOR,
    "coverage_of_95_intervals_for_pass_rate.*.agresti_coull": _AGRESTI,
    "mcnemar.table.*.b": _ROW,
    "mcnemar.table.*.c": _ROW,
    "mcnemar.table.*.mid_p": _ONE_TEST,
    "mcnemar.table.*.chi2": _ONE_TEST,
    "mcnemar.table.*.chi2_p": _ONE_TEST,
    "mcnemar.table.*.chi2_cc": _ONE_TEST,
    "mcnemar.table.*.chi2_cc_p": _ONE_TEST,
    "multiplicity.bonferroni.*": _ONE_FAMILY,
    "multiplicity.hommel.*": _ONE_FAMILY,
    "multiplicity.fdr_bh.*": _DISCOVERIES,
    "multiplicity.fdr_by.*": _DISCOVERIES,
    "elo_sequence.*": "online Elo depends on the order of the games: Bradley-Terry is reported instead",
    "length_control_minimal_glm.*": "the small regression over-corrects for short models, 7 % to 39 % where "
    "16 % is published: Spearman's correlation and quartiles by length are reported instead",
    "position_bias_llmbar_cot.*.accuracy_mean_of_orders": "of records read in both orders alone; "
    "conflict_as_tie_score counts all",
    "position_bias_llmbar_cot.*.accuracy_if_consistent": "leaves contradictions out, which moves it",
    "self_preference.raw_rate_gap": "what the judge's own rates differ by: without people no preference",
    "self_preference.human_rate_self": "a count of the table",
    "self_preference.human_rate_other": "a count of the table",
    "cohen_kappa.mae": "the mean bias is reported, and the confusion table shows how far apart answers are",
    "ppi_mean.ppipp_lambda_used_by_library": "its variances divide by n, evaldrop's by n - 1, which moves "
    "the tuned weight: what comes of this weight is held",
    "ppi_mean.lambda_plugin_formula": "as the library's; its judge's variance is of all records together",
    "judge_panel.median": "several judges are averaged, or vote",
    "judge_panel.unanimous": "spread 0 tells the same; raw agreement counts pairs of judges",
    "power_library.cohen_h_80_85": _UNPAIRED,
    "power_library.two_prop_n_per_arm": _UNPAIRED,
    "power_library.mcnemar_n_connor": "plans take the variance of the differences, which pass marks have too",
    "page_hinkley_down.*": "for series without a target; a stretch of runs has one: CUSUM and EWMA",
    "beta_binomial.*": _POSTERIOR,
}


class Oracle:
    """An oracle's inputs, and its expected values, of which a test compares every one that is to be held."""

    def __init__(self, one):
        self.id, self.inputs, self.expected = one["id"], one["inputs"], one["expected"]
        self.tolerance = one["abs_tolerance"]
        self.compared = set()

    def holds(self, tolerance=None, **found):
        """Compare what was computed with the values of these names; a double underscore goes a level down."""
        for name, value in found.items():
            path = name.replace("__", ".")
            expected = self.expected
            for key in path.split("."):
                expected = expected[key]
            about = f"{self.id}.{path}"
            if isinstance(value, dict):
                assert value.keys() == expected.keys(), about
                value, expected = list(value.values()), list(expected.values())
            if isinstance(expected, list):
                value, expected = np.asarray(value, float), np.asarray(expected, float)
            assert value == pytest.approx(expected, abs=tolerance or self.tolerance, rel=0), about
            self.compared.add(path)

    def holds_in_table(self, rows, column, compute, *, tolerance=None):
        """Compare a column of a list of rows, or of a mapping of them."""
        found = self.expected[rows] if rows else self.expected
        for row in found if isinstance(found, list) else found.values():
            assert compute(row) == pytest.approx(row[column], abs=tolerance or self.tolerance, rel=0), row
        self.compared.add(f"{rows}.*.{column}" if rows else f"*.{column}")


def leaves(value, path=()):
    """Yield the path of every expected value; the rows of a list, and the keys of nested mappings, apart."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for key in dict.fromkeys(key for row in value for key in row):
            yield (*path, "*", key)
    else:
        yield path


def covers(pattern, path):
    """Tell whether a name with stars is about a value; a name covers all that is below it."""
    parts = pattern.split(".")
    return len(parts) <= len(path) and all(part in ("*", key) for part, key in zip(parts, path, strict=False))


def oracles():
    return {
        one["id"]: Oracle(one)
        for one in json.loads((Path(SHARED) / "stat_oracles.json").read_bytes())["oracles"]
    }


def reason(name, path):
    """Return why a value of an oracle is not held; None for one that is to be."""
    return next((why for known, why in _NOT_HELD.items() if covers(known, (name, *path))), None)


@pytest.fixture
def oracle(request):
    """The oracle a test is named after. At the end every value of it was compared, or has a reason."""
    one = oracles()[request.node.name.removeprefix("test_")]
    yield one
    for path in leaves(one.expected):
        compared = any(covers(name, path) for name in one.compared)
        wrong = "held: it needs no reason" if compared else "not held, and without a reason"
        assert compared != (reason(one.id, path) is not None), f"{one.id}.{'.'.join(path)} is {wrong}"


def test_every_value_of_every_oracle_is_held_or_has_a_reason_why_not():
    tested = {name.removeprefix("test_") for name in globals() if name.startswith("test_")}
    for name, one in oracles().items():
        if name in tested:
            continue  # its fixture looks at each value
        for path in leaves(one.expected):
            is_elsewhere = any(covers(known, (name, *path)) for known in ELSEWHERE)
            assert is_elsewhere != (reason(name, path) is not None), (name, path)


def test_every_reason_is_about_a_value_that_there_is():
    known = [(name, *path) for name, one in oracles().items() for path in leaves(one.expected)]
    assert [name for name in _NOT_HELD if not any(covers(name, path) for path in known)] == []


def test_mean_sem_likert(oracle):
    found = mean_estimate(oracle.inputs["scores"])
    normal = normal_quantile(0.95) * found.standard_error
    oracle.holds(
        mean=found.mean,
        sd=found.sd,
        sem=found.standard_error,
        t95=list(found.interval),
        z95=[found.mean - normal, found.mean + normal],
    )


def test_mean_sem_binary(oracle):
    scores = oracle.inputs["scores"]
    found = mean_estimate(scores)
    n = len(scores)
    oracle.holds(mean=found.mean, sem_ddof1=found.standard_error,
          bernoulli_se=found.standard_error * np.sqrt((n - 1) / n))  # fmt: skip


def test_clustered_se(oracle):
    scores, clusters = oracle.inputs["scores"], oracle.inputs["cluster"]
    corrected = corrected_clustered_standard_error(scores, clusters)
    groups = len(set(clusters))
    plain = corrected * np.sqrt((groups - 1) / groups)
    oracle.holds(
        mean=clustered_mean_estimate(scores, clusters).mean,
        naive_sem=mean_estimate(scores).standard_error,
        clustered_se=plain,
        statsmodels_no_correction=plain,
        # n - k with k = 1: (n-1)/(n-k) is 1 for a mean.
        statsmodels_small_sample_correction=corrected,
    )


def test_paired_difference(oracle):
    a, b = np.array(oracle.inputs["A"]), np.array(oracle.inputs["B"])
    found = paired_difference(a, b)
    oracle.holds(
        diff=found.difference,
        se_paired=found.standard_error,
        t=found.difference / found.standard_error,
        p_t=found.p_value,
        ci95_t=list(found.interval),
        sign_flip_exact_p=sign_flip_exact(a - b),
        sign_flip_by_enumeration=sign_flip_exact(a - b),
        corr=pearson(a, b).coefficient,
    )


def test_proportion_intervals_95(oracle):
    for name, interval in INTERVALS.items():
        oracle.holds_in_table("table", name, lambda row, of=interval: list(of(row["k"], row["n"])))


def marks(passed, scored):
    return np.repeat([1.0, 0.0], [passed, scored - passed])


def students(passed, scored):
    return mean_estimate(marks(passed, scored)).interval


INTERVALS = {
    "wilson": wilson_interval,
    "scipy_wilson": wilson_interval,
    "clopper_pearson": clopper_pearson_interval,
    "t_interval": students,
}


def test_coverage_of_95_intervals_for_pass_rate(oracle):
    """Exact coverage by enumeration; the file's figures have four digits."""
    for name, interval in (("wilson", wilson_interval), ("beta", clopper_pearson_interval), ("t", students)):
        for case, expected in oracle.expected.items():
            n, p = (float(part.split("=")[1]) for part in case.split(","))
            n = int(n)
            chance = stats.binom.pmf(range(n + 1), n, p)
            covers_it = [low <= p <= high for low, high in (interval(k, n) for k in range(n + 1))]
            assert float(chance @ covers_it) == pytest.approx(expected[name], abs=6e-5), (case, name)
        oracle.compared.add(f"*.{name}")


def test_bootstrap_exact_enumeration_n5(oracle):
    """All 3,125 resamples."""
    scores = np.array(oracle.inputs["scores"], dtype=float)
    means = np.array([np.mean(draw) for draw in product(scores, repeat=5)])
    oracle.holds(n_resamples=means.size, boot_mean=means.mean(), boot_se=means.std(),
          percentile95_linear=list(percentile_interval(means)),
          percentile95_lower=list(percentile_interval(means)))  # fmt: skip


def test_sign_flip_exact_n8(oracle):
    differences = oracle.inputs["diff"]
    p_value = sign_flip_exact(differences)
    # The exact p counts patterns: so many of them make 1.
    patterns = 2 ** len(differences)
    assert p_value * patterns == pytest.approx(round(p_value * patterns))
    oracle.holds(mean=np.mean(differences), p_two_sided=p_value, n_patterns=patterns)
    drawn = sign_flip_permutation(differences, seed=1, resamples=99_999)
    assert drawn == pytest.approx(oracle.expected["p_two_sided"], abs=0.005)


def test_mcnemar(oracle):
    oracle.holds_in_table("table", "exact_p", lambda row: mcnemar_p_value(row["b"], row["c"]))


def test_multiplicity(oracle):
    found = holm(oracle.inputs["p"])
    oracle.holds(holm__adjusted=found, holm__reject=(found < oracle.inputs["alpha"]).tolist())


def test_bradley_terry_3(oracle):
    found = bradley_terry(oracle.inputs["wins_row_beats_column"])
    oracle.holds(
        log_strength_centered=found,
        evalica_log_centered=found,
        logit_glm_centered=found,
        elo_scale_centered_1000=elo_scale(found),
        prob_a_beats_b=1 / (1 + np.exp(found[1] - found[0])),
    )


def test_bradley_terry_2_closed_form(oracle):
    first, second = oracle.inputs["wins"]
    found = bradley_terry([[0, first], [second, 0]])
    elo = elo_scale(found)
    oracle.holds(
        log_odds=found[0] - found[1],
        prob=1 / (1 + np.exp(found[1] - found[0])),
        elo_gap=elo[0] - elo[1],
    )


def test_self_preference(oracle):
    own, other = JudgeCounts(40, 5, 25, 30), JudgeCounts(30, 15, 10, 45)
    found = self_preference(own, other)
    oracle.holds(
        bias_equal_opportunity=found.bias,
        fpr_gap=found.false_positive_gap,
        tpr_self=own.sensitivity,
        tpr_other=other.sensitivity,
    )


def test_cohen_kappa(oracle):
    human, judge = oracle.inputs["human"], oracle.inputs["judge"]
    oracle.holds(
        agreement=agreement_rate(human, judge),
        kappa=cohen_kappa(human, judge),
        kappa_linear=cohen_kappa(human, judge, weights="linear"),
        kappa_quadratic=cohen_kappa(human, judge, weights="quadratic"),
        pearson=pearson(human, judge).coefficient,
        bias_judge_minus_human=judge_agreement(np.array(human), np.array(judge), LIKERT).bias,
        spearman=spearman(human, judge).coefficient,
        kendall_tau_b=kendall_tau_b(human, judge).coefficient,
    )


def test_krippendorff_canonical(oracle):
    by_rater = oracle.inputs["ratings_by_rater"]
    table = np.array([[np.nan if value is None else value for value in rater] for rater in by_rater])
    levels = ("nominal", "ordinal", "interval", "ratio")
    oracle.holds(**{level: krippendorff_alpha(table, level=level) for level in levels})


LIBRARYS = "ppipp_lambda_used_by_library"
LIKERT = criterion_from_config(
    {"name": "c", "question": "?", "scale": {str(point): f"point {point}" for point in range(1, 6)}}, path="c"
)


def test_fleiss_kappa_canonical(oracle):
    """
    Nominal alpha is Fleiss' kappa with chance drawn without putting back: 1 - alpha = (1 - kappa)(n - 1)/n.

    Ten subjects, fourteen raters: alpha allows for gaps, which judges leave, so it is what is shown.
    """
    counts = np.array(oracle.inputs["counts_items_by_category"])
    table = np.array([np.repeat(range(counts.shape[1]), row) for row in counts], dtype=float).T
    alpha, n = krippendorff_alpha(table, level="nominal"), counts.sum()
    oracle.holds(kappa=1 - (1 - alpha) * n / (n - 1))


def test_judge_panel(oracle):
    """Votes of yes/no judges, means of points; Light's kappa is the mean of Cohen's over pairs."""
    votes, points = (np.array(oracle.inputs[kind], dtype=float) for kind in ("binary_votes", "likert"))
    criterion, asked = {"c": LIKERT}, range(3)
    means = [record_scores(map(verdict, asked, row), criterion, "drop")["c"].score for row in points]
    spread = agreements({"c": (np.arange(4, dtype=np.int32), points.T)}, criterion, None, 0.95)["c"].spread
    assert spread == np.mean(oracle.expected["spread_range"])
    pairs = [cohen_kappa(votes[:, a], votes[:, b]) for a in asked for b in asked if a < b]
    oracle.holds(
        majority=[majority([[vote] for vote in row]).worth for row in votes],
        mean=means,
        spread_range=points.max(axis=1) - points.min(axis=1),
        pairwise_kappa_mean=np.mean(pairs),
    )


def verdict(judge, score):
    return VerdictRow("r", "a", "c", f"j{judge}", score, score >= 4, None, None, None, None, None, None)


def test_ppi_mean(oracle):
    """The library's variances have ddof 0 and ours 1: its errors are compared after that factor."""
    given = oracle.inputs
    human, judged = np.array(given["Y_human_labelled"]), np.array(given["judge_labelled"])
    unlabelled = np.array([1.0] * 30 + [0.0] * 10)
    alone = {"labelled_groups": range(len(human)), "unlabelled_groups": range(len(unlabelled))}
    plain = clustered_ppi_mean(human, judged, unlabelled, **alone, weight=1.0)
    variances = np.var(human - judged) / len(human) + np.var(unlabelled) / len(unlabelled)
    oracle.holds(ppi_point_lam1=plain.mean, hand_point=plain.mean, hand_se=np.sqrt(variances))
    normal = normal_quantile(0.95) * np.sqrt(variances)
    oracle.holds(
        ppi_ci95_lam1=[plain.mean - normal, plain.mean + normal],
        hand_ci=[plain.mean - normal, plain.mean + normal],
        naive_judge_mean_all=mean_estimate(np.concatenate([judged, unlabelled])).mean,
    )
    # At the library's own weight; evaldrop's is tuned with variances over n - 1.
    tuned = clustered_ppi_mean(human, judged, unlabelled, **alone, weight=oracle.expected[LIBRARYS])
    errors = np.var(human - oracle.expected[LIBRARYS] * judged) / len(human)
    errors += oracle.expected[LIBRARYS] ** 2 * np.var(unlabelled) / len(unlabelled)
    normal = normal_quantile(0.95) * np.sqrt(errors)
    oracle.holds(ppipp_point=tuned.mean, ppipp_ci95=[tuned.mean - normal, tuned.mean + normal])
    ddof_1 = np.var(human - judged, ddof=1) / len(human) + np.var(unlabelled, ddof=1) / len(unlabelled)
    assert plain.standard_error == pytest.approx(np.sqrt(ddof_1))
    human_only = clustered_ppi_mean(human, judged, unlabelled, **alone, weight=0.0)
    error = human_only.standard_error * np.sqrt((len(human) - 1) / len(human))
    oracle.holds(human_only_mean=human_only.mean, human_only_se_ddof0=error)


def test_rogan_gladen_judge_correction(oracle):
    given = oracle.inputs
    judge = JudgeCounts(
        given["judge_good_given_good"],
        given["human_good"] - given["judge_good_given_good"],
        given["human_bad"] - given["judge_bad_given_bad"],
        given["judge_bad_given_bad"],
    )
    found = rogan_gladen(given["judge_pass_rate"] * given["n_test"], given["n_test"], judge=judge)
    oracle.holds(
        sensitivity=judge.sensitivity,
        specificity=judge.specificity,
        corrected=found.rate,
        se_delta_method=found.standard_error,
        ci95=list(found.interval),
    )


def test_power_miller(oracle):
    given = oracle.inputs
    need = {"between": given["omega2"], "level": given["alpha"], "power": given["power"]}
    delta = given["delta"]
    within = {"within_a": 1 / 6, "within_b": 1 / 6}
    oracle.holds(
        n=required_records(delta, **need),
        n_ceil=np.ceil(required_records(delta, **need)),
        with_sigma2_1_6_each_K1=required_records(delta, **need, **within),
        with_sigma2_1_6_each_K10=required_records(delta, **need, **within, repeats_a=10, repeats_b=10),
        mde_at_n={n: minimum_detectable_difference(int(n), **need) for n in oracle.expected["mde_at_n"]},
    )


def test_power_library(oracle):
    oracle.holds(
        paired_t_power_n100=paired_t_power(100, effect=0.2),
        paired_t_mde_n100=detectable_effect_paired_t(100),
    )
    # The number of records at which its power is what was asked for.
    assert paired_t_power(oracle.expected["paired_t_n_for_80pct"], effect=0.2) == pytest.approx(0.8, abs=1e-6)
    oracle.compared.add("paired_t_n_for_80pct")


def test_cusum(oracle):
    given = oracle.inputs
    found = cusum(given["weekly_pass_rate"], target=given["mu0"], sigma=given["sigma"],
                       slack=given["k"], limit=given["h"])  # fmt: skip
    both = np.stack([found.up, found.down], axis=1)
    oracle.holds(c_plus_c_minus=both, first_alarm_index0=found.first_alarm)


def test_ewma(oracle):
    given = oracle.inputs
    found = ewma(given["weekly_pass_rate"], target=given["mu0"], sigma=given["sigma"],
                      weight=given["lambda"], width=given["L"])  # fmt: skip
    rows = np.stack([found.average, found.low, found.high], axis=1)
    oracle.holds(ewma_lower_upper=rows, first_alarm_index0=found.first_alarm)
