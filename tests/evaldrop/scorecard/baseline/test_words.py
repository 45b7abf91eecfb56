"""A comparison with a baseline in words."""

from evaldrop.scorecard.baseline.words import missing_in_words, summary_in_words
from evaldrop.scorecard.model.baseline import Baseline, BaselineCandidate, BaselineEstimate, Moved
from evaldrop.scorecard.model.paired import ComparisonFamily


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


def test_an_interval_is_the_family_s_and_its_level_is_named_once():
    family = ComparisonFamily(n=6, confidence=0.9833)
    told = REGRESSED.model_copy(update={"family_interval": (-0.6, -0.05), "family": family})
    sentence = summary_in_words(baseline(told, told))
    assert "lite regressed on c0 by 0.05 to 0.60" in sentence
    assert sentence.endswith(" Intervals are at 98.33 %, for 6 comparisons decided together.")
    one = told.model_copy(update={"family": ComparisonFamily(n=1, confidence=0.95)})
    assert summary_in_words(baseline(one)).endswith(" The interval is at 95.00 %.")


def test_what_a_run_is_held_to_and_at_which_level_is_said():
    later = summary_in_words(baseline(REGRESSED, pooled=("r", "s", "t"), run_id="r", look="later"))
    assert later.startswith(
        "Against the pooled 3 runs from r on, on 9 records, at the level of a year of weekly runs: lite"
    )
    first = summary_in_words(baseline(REGRESSED, pooled=("r",), run_id="r", look="first"))
    assert first.startswith(
        "Against r, on 9 records, at the first run's half of the level of a year of weekly runs: lite"
    )


def test_missing_verdicts_are_counted_by_side():
    assert missing_in_words(BaselineEstimate(n=1, lost=1, n_missing=1), 9) == (
        "1 of 9 records has no verdict now that had one then"
    )
    assert missing_in_words(BaselineEstimate(n=1, lost=1, n_missing=3), 9) == (
        "verdicts are missing on 3 of 9 records"
    )
