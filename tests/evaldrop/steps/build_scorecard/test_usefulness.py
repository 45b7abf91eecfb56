"""Criteria that earn nothing, candidates that cost too much, slices that are too many."""

from itertools import combinations

import pytest

from evaldrop.evaluation.criteria import criterion_from_config
from evaldrop.scorecard.figures import usd
from evaldrop.scorecard.model.scorecard import (
    CandidateCost,
    CandidateScorecard,
    Comparison,
    Latency,
    MeanEstimate,
    ResponseCounts,
    Tokens,
)
from evaldrop.steps.build_scorecard import candidate_differences
from evaldrop.steps.build_scorecard.build import build_scorecard
from evaldrop.steps.build_scorecard.usefulness import MOST_PAIRED, frontier_in_words, quality_cost_frontier
from evaldrop.steps.build_scorecard.words import verdict_in_words
from tests.evaldrop.run_folders import CORRECTNESS, TONE, record, response, row, run_json, write_run
from tests.evaldrop.scorecard.gate.test_gate import card as gate_card
from tests.evaldrop.scorecard.gate.test_gate import scorecard as gate_scorecard


@pytest.fixture
def folder(tmp_path):
    return str(tmp_path / "support" / "run-1")


def build(folder, scores, *, names=("correctness", "tone"), criteria=None, categories=None, **run):
    rows = [
        row(
            f"r{n}",
            *(
                response(who, scores=dict(zip(names, said, strict=True)))
                for who, said in zip(("lite", "haiku"), pair, strict=True)
            ),
        )
        for n, pair in enumerate(scores)
    ]
    records = [
        record(f"r{n}", criteria=names, category=categories[n] if categories else None)
        for n in range(len(scores))
    ]
    changes = {"criteria": criteria} if criteria else {}
    write_run(folder, run=run_json(**changes, **run), records=records, succeeded=rows)
    return build_scorecard(folder)


# Criteria


def test_a_criterion_that_says_the_same_of_everything_is_pointed_out(folder):
    scorecard = build(folder, [((1, 2 + n % 3), (1, 5 - n % 2)) for n in range(20)])
    use = scorecard.criteria_use["correctness"]
    assert (use.commonest_score, use.commonest_share, use.differing_share) == (1, 1, 0)
    assert use.finding.startswith("correctness is 1 for 100 % of 40 responses: it tells nothing apart.")
    assert use.finding in scorecard.hints
    assert scorecard.criteria_use["tone"].finding is None
    # a criterion that never varies correlates with nothing
    assert scorecard.criterion_pairs[0].correlation is None


def test_a_criterion_on_which_candidates_never_differ_is_pointed_out(folder):
    scorecard = build(folder, [((n % 2, 3), (n % 2, 4)) for n in range(20)])
    assert scorecard.criteria_use["correctness"].finding.startswith(
        "correctness differs between candidates on 0 % of the records"
    )


def test_with_few_scores_nothing_is_said(folder):
    scorecard = build(folder, [((1, 5), (1, 5))] * 5)
    assert scorecard.criteria_use["tone"].finding is None
    assert [hint for hint in scorecard.hints if "tone" in hint] == []


def test_two_criteria_that_say_the_same_are_pointed_out_though_their_scales_run_apart(folder):
    # harm is what correctness is not, and low is good: they agree wholly
    harm = {**CORRECTNESS, "name": "harm", "higher_is_better": False}
    scores = [((n % 2, 1 - n % 2), (n % 3 > 0, n % 3 == 0)) for n in range(20)]
    scorecard = build(folder, scores, names=("correctness", "harm"), criteria=[CORRECTNESS, harm])
    (pair,) = scorecard.criterion_pairs
    assert pair.correlation == pytest.approx(1)
    assert pair.finding in scorecard.hints
    assert "correctness and harm say the same (correlation 1.00 over 40 responses)" in pair.finding


def test_a_criterion_without_any_score_has_no_use_and_no_pair(folder):
    scorecard = build(folder, [((1,), (0,))] * 3, names=("correctness",), criteria=[CORRECTNESS, TONE])
    assert scorecard.criteria_use["tone"].n == 0
    assert (scorecard.criterion_pairs[0].n, scorecard.criterion_pairs[0].correlation) == (0, None)


def test_dozens_of_criteria_make_no_table_of_pairs(folder):
    criteria = [{**CORRECTNESS, "name": f"c{n}"} for n in range(MOST_PAIRED + 1)]
    names = tuple(config["name"] for config in criteria)
    scores = [(tuple(1 for _ in names), tuple(0 for _ in names))] * 2
    assert build(folder, scores, names=names, criteria=criteria).criterion_pairs == ()


# Length


def test_on_a_criterion_where_low_is_good_longer_may_be_worse(folder):
    harm = {**CORRECTNESS, "name": "harm", "higher_is_better": False}
    rows = [
        row(f"r{n}", response("lite", "x" * (n + 1), {"harm": int(n > 9)}), response("haiku", "same"))
        for n in range(20)
    ]
    records = [record(f"r{n}", criteria=("harm",)) for n in range(20)]
    write_run(folder, run=run_json(criteria=[harm]), records=records, succeeded=rows)
    scorecard = build_scorecard(folder)
    assert any(
        hint.startswith("lite: longer responses do worse on harm (Spearman") for hint in scorecard.hints
    )


def test_responses_of_one_length_have_no_correlation_and_one_quarter(folder):
    relation = build(folder, [((1, 1 + n % 5), (1, 3)) for n in range(10)])
    relation = relation.candidates["lite"].score_by_length["tone"]
    assert (relation.spearman, len(relation.quartiles)) == (None, 1)
    assert relation.reason == "all lengths or all scores are equal"


# Slices


def test_too_many_slices_leave_overall_and_then_nothing(folder, monkeypatch):
    scores = [((1, 5), (n % 2, 4)) for n in range(12)]
    categories = [f"c{n % 3}" for n in range(12)]
    # three categories, one pair, three measures
    monkeypatch.setattr(candidate_differences, "MOST_SLICE_COMPARISONS", 8)
    slices = build(folder, scores, categories=categories).slices
    assert {pair.criterion for part in slices.values() for pair in part.comparisons} == {"overall"}
    monkeypatch.setattr(candidate_differences, "MOST_SLICE_COMPARISONS", 2)
    assert build(folder, scores, categories=categories).slices == {}


def test_a_candidate_that_is_decidedly_better_in_a_category_is_told(folder):
    scores = [((int(n < 20), 4), (1, 4)) for n in range(40)]
    scorecard = build(folder, scores, categories=["a" if n < 20 else "b" for n in range(40)])
    better = {
        (name, pair.criterion): pair.better
        for name, part in scorecard.slices.items()
        for pair in part.comparisons
        if pair.decisive
    }
    assert better == {("b", "correctness"): "haiku", ("b", "overall"): "haiku"}
    assert scorecard.slices["b"].warning is None
    with open(f"{folder}/summary.md", encoding="utf-8") as summary:  # noqa: PTH123
        assert "Categories in which a candidate is decidedly better" in summary.read()


# Price


def priced(quality, price):
    return CandidateScorecard(
        model="m", prompt="p", responses=ResponseCounts(n=1, errors=0), tokens=Tokens(),
        cost_usd=CandidateCost(candidate=price, judge=0, per_1000_records=price), criteria={},
        latency_ms=Latency(), overall=None if quality is None else MeanEstimate(n=9, mean=quality),
    )  # fmt: skip


def frontier_of(cards, decided=(), compared=None):
    """The frontier of candidates that have every verdict, unless `compared` says how they compare."""
    quality = {name: card.overall.mean for name, card in cards.items() if card.overall}
    better = {(pair.a, pair.b): pair.better for pair in decided}
    comparisons = [
        Comparison(
            a=a, b=b, criterion="overall", n=9, better=better.get((a, b)), decisive=(a, b) in better,
            difference=(compared or {}).get((a, b), quality[a] - quality[b]),
        )
        for a, b in combinations(quality, 2)
    ]  # fmt: skip
    return quality_cost_frontier(cards, quality, comparisons, {})


def test_who_has_no_quality_or_no_price_is_not_on_the_frontier():
    cards = {"a": priced(0.5, 1.0), "b": priced(None, 1.0), "c": priced(0.9, None)}
    assert [point.candidate for point in frontier_of(cards)] == ["a"]


def test_several_may_dominate_and_what_is_decided_is_said():
    cards = {"cheap": priced(0.6, 1.0), "good": priced(0.9, 3.0), "bad": priced(0.5, 4.0)}
    decided = [
        Comparison(a="good", b="bad", criterion="overall", n=9, decisive=True, better="good"),
        Comparison(a="cheap", b="good", criterion="overall", n=9, decisive=True, better="good"),
    ]
    frontier = frontier_of(cards, decided)
    assert [(point.candidate, point.dominated_by) for point in frontier] == [
        ("cheap", ()), ("good", ()), ("bad", ("cheap", "good")),
    ]  # fmt: skip
    # 30 points for $2
    assert frontier_in_words(frontier) == [
        "good over cheap: one more point of quality (0.01) costs $0.067 per 1,000 records.",
        "bad is dominated: cheap and good are at least as good for no more money.",
    ]


def test_the_price_of_a_point_is_bounded_where_the_difference_is_seen(folder):
    """haiku costs more per token; it is better on most records, or on as many as it is worse."""
    better = build(folder, [((0, 2), (1, 2 + n % 3)) for n in range(40)]).frontier[1]
    assert (better.candidate, better.over, better.reason) == ("haiku", "lite", None)
    low, high = better.usd_per_point_interval
    assert 0 < low < better.usd_per_point < high
    assert f" ({usd(low)} to {usd(high)}) per 1,000 records" in frontier_in_words([better])[0]


def test_nothing_bounds_the_price_of_a_point_where_the_difference_may_be_none(folder):
    scores = [((int(n % 2), 3), (int(n % 2 == 0 or n == 1), 3)) for n in range(40)]
    same = build(folder, scores).frontier[1]
    assert same.usd_per_point is not None
    assert same.usd_per_point_interval is None
    assert same.reason == "no bound: the difference in quality may be 0"
    assert frontier_in_words([same])[0].endswith("it is not decided; nothing bounds that price.")


def test_equals_do_not_dominate_each_other():
    cards = {"a": priced(0.5, 1.0), "b": priced(0.5, 1.0)}
    frontier = frontier_of(cards)
    assert [(point.dominated_by, point.usd_per_point) for point in frontier] == [((), None), ((), None)]
    assert frontier_in_words(frontier) == []


def test_who_is_at_least_as_good_is_who_the_comparison_says():
    """By the means over the verdicts that all have, a third one's missing verdicts would decide it."""
    cards = {"a": priced(0.6, 1.0), "b": priced(0.5, 2.0), "c": priced(0.4, 3.0)}
    compared = {("a", "b"): -0.02, ("a", "c"): 0.1, ("b", "c"): 0.2}
    frontier = frontier_of(cards, compared=compared)
    assert [point.dominated_by for point in frontier] == [(), (), ("a", "b")]
    assert (frontier[1].over, frontier[1].usd_per_point) == ("a", pytest.approx(0.5))


def test_where_low_is_good_less_is_better_on_the_frontier():
    rude = {"name": "toxicity", "question": "How rude?", "scale": {1: "not: kind", 5: "very: insults"}}
    criteria = {"toxicity": criterion_from_config(rude | {"higher_is_better": False}, path="criteria[0]")}
    cards = {"a": priced(0.5, 1.0), "b": priced(0.75, 2.0)}
    pair = Comparison(a="a", b="b", criterion="toxicity", n=9, difference=1.0, decisive=False)
    frontier = quality_cost_frontier(cards, {"a": 0.5, "b": 0.75}, [pair], criteria)
    assert frontier[1].dominated_by == ()
    assert frontier[1].usd_per_point == pytest.approx(1 / 25)


def test_of_what_is_not_decided_nobody_is_called_worse():
    frontier = frontier_of({"a": priced(0.5, 1.0), "b": priced(0.5, 2.0)})
    assert frontier_in_words(frontier) == [
        "b is dominated: a is at least as good for no more money, though which is better is not decided."
    ]


# Words


def test_a_decided_difference_is_told_by_the_interval_of_its_family():
    pair = Comparison(
        a="lite", b="haiku", criterion="correctness", n=30, difference=-0.1, interval=(-0.15, -0.05),
        family_interval=(-0.19, -0.01), family={"n": 6, "confidence": 0.99}, p_value=0.01, p_adjusted=0.03,
        decisive=True, better="haiku",
    )  # fmt: skip
    both = {"lite": gate_card((0.5, 0.6)), "haiku": gate_card((0.5, 0.6))}
    said = verdict_in_words(gate_scorecard(both).model_copy(update={"comparisons": (pair,)}))
    assert said == (
        "On correctness (95 %, 6 comparisons decided together): haiku is better than lite by 0.01 to 0.19."
    )


@pytest.mark.parametrize("unscored", ["drop", "worst"])
def test_what_counts_as_the_worst_says_nothing_about_length_or_a_criterion(folder, unscored):
    # ten responses have verdicts, and the two longest have none
    rows = [
        row(f"r{n}", response("lite", "x" * (n + 1), {"correctness": n % 2, "tone": 2 + n % 2}))
        for n in range(10)
    ]
    rows += [row(f"r{n}", response("lite", "x" * (n + 1))) for n in (10, 11)]
    records = [record(f"r{n}") for n in range(12)]
    write_run(folder, run=run_json(evaluation={"unscored": unscored}), records=records, succeeded=rows)
    scorecard = build_scorecard(folder)
    relation = scorecard.candidates["lite"].score_by_length
    assert {relation[name].n for name in ("correctness", "tone", "overall")} == {10}
    assert scorecard.criteria_use["tone"].n == 10
    assert scorecard.criterion_pairs[0].correlation == pytest.approx(1)
