"""A comparison with a baseline in words."""

from evaldrop.scorecard.baseline.words import summary_in_words
from evaldrop.scorecard.model.baseline import Baseline, BaselineCandidate, BaselineEstimate, Moved


def baseline(*estimates, **changes):
    fact = Moved(was=None, now=None)
    candidate = BaselineCandidate(
        criteria={f"c{n}": estimate for n, estimate in enumerate(estimates)},
        latency_ms_p50=fact, latency_ms_p90=fact, cost_usd_per_1000_records=fact, new_errors=1,
    )  # fmt: skip
    candidates = {"lite": candidate} if estimates else {}
    given = {"uri": "runs/x", "comparable": True, "records": 9, "candidates": candidates, **changes}
    return Baseline(**given)


REGRESSED = BaselineEstimate(n=9, difference=-0.3, interval=(-0.5, -0.1), decision="regressed", worse=4)


def test_more_than_a_few_decisions_are_counted():
    assert summary_in_words(baseline(*[REGRESSED] * 6)) == (
        "Against runs/x, on 9 records: "
        + "".join(f"lite regressed on c{n} by 0.10 to 0.50; " for n in range(4))
        + "2 more differences are decided too; 1 response is missing that had been given then."
    )


def test_a_decision_without_a_clear_interval_says_about():
    wide = REGRESSED.model_copy(update={"interval": (-0.5, 0.01)})
    assert "regressed on c0 by about 0.30;" in summary_in_words(baseline(wide))
    none = REGRESSED.model_copy(update={"interval": None})
    assert "regressed on c0;" in summary_in_words(baseline(none))


def test_two_runs_without_a_common_candidate_say_so():
    assert summary_in_words(baseline(run_id="r")).startswith(
        "Against r, on 9 records: no candidate and criterion is in both."
    )
