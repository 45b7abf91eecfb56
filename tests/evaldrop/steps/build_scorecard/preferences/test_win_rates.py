"""Comparisons of two responses: both orders, ties, flips, and what they cost."""

import io
import zipfile

import pytest

from evaldrop import storage
from evaldrop.report.history_index import read_entries
from evaldrop.report.workbook import xlsx_report
from evaldrop.scorecard.read import read_run
from evaldrop.steps.build_scorecard.build import build_scorecard
from tests.evaldrop.run_folders import (
    LITE,
    PRO,
    converse,
    record,
    response,
    row,
    run_json,
    verdict,
    write_run,
)

GOOD = {"correctness": 1, "tone": 5}


def compared(first, preferred, **fields):
    """haiku against lite; `preferred` is the place the judge names."""
    reply = verdict({"rationale": "because", "preferred": preferred})
    return {"judge": "pro", "candidate": "haiku", "baseline": "lite", "first": first, "api": "converse",
            "reply": reply, "retries": 0, "elapsed_ms": 1, **fields}  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    return str(tmp_path / "support" / "run-1")


def build(folder, comparisons, **pairwise):
    rows = [
        row(name, response("lite", scores=GOOD), response("haiku", scores=GOOD), comparisons=tuple(both))
        for name, both in comparisons.items()
    ]
    evaluation = {"pairwise": {"baseline": "lite", **pairwise}}
    write_run(
        folder,
        run=run_json(evaluation=evaluation),
        records=[record(name) for name in comparisons],
        succeeded=rows,
    )
    return build_scorecard(folder)


def test_a_preference_that_changes_with_the_order_is_a_tie(folder):
    scorecard = build(folder, {
        "r1": [compared("haiku", "first"), compared("lite", "second")],   # haiku twice: a win
        "r2": [compared("haiku", "first"), compared("lite", "first")],    # whoever is first: a tie, flipped
        "r3": [compared("haiku", "second"), compared("lite", "first")],   # lite twice: a loss
        "r4": [compared("haiku", "tie"), compared("lite", "tie")],        # a tie, not flipped
        "r5": [compared("haiku", "first"), compared("lite", "second")],   # a win
    })  # fmt: skip
    pair = scorecard.candidates["haiku"].pairwise
    assert (pair.n, pair.wins, pair.losses, pair.ties) == (5, 2, 1, 2)
    # 1, ½, 0, ½, 1: mean 0.6, sd √(0.7/4) = 0.4183, standard error 0.1871; one of five flipped
    assert pair.win_rate == pytest.approx(0.6)
    assert pair.standard_error == pytest.approx(0.18708, abs=1e-5)
    assert pair.flip_rate == pytest.approx(0.2)
    assert pair.flip_interval[0] < 0.2 < pair.flip_interval[1]
    assert pair.first_shown_interval[0] < pair.first_shown_rate < pair.first_shown_interval[1]
    # Of ten calls the first-shown response won 2 + 0 ties: r1 ½, r2 1, r3 ½, r4 ½, r5 ½ of each pair
    assert pair.first_shown_rate == pytest.approx(0.6)
    assert pair.by_baseline["lite"].win_rate == pair.by_judge["pro"].win_rate == pair.win_rate
    assert scorecard.candidates["lite"].pairwise is None
    assert scorecard.strengths is None


def test_identical_responses_are_a_tie_without_a_call_and_missing_ones_nothing(folder):
    scorecard = build(folder, {
        "r1": [compared("haiku", "first", skipped="identical")],
        "r2": [compared("haiku", "first", skipped="missing")],
        "r3": [compared("haiku", "first", reply=None, error={"Error": "Throttled", "Cause": "busy"})],
    })  # fmt: skip
    pair = scorecard.candidates["haiku"].pairwise
    assert (pair.n, pair.ties, pair.win_rate, pair.standard_error, pair.flip_rate) == (1, 1, 0.5, None, None)
    # One tie for certain, two pairs that may be anything.
    assert (pair.n_unscored, pair.bounds) == (2, pytest.approx((0.5 / 3, 2.5 / 3)))
    table = read_run(folder).comparisons
    assert table["preferred"].fillna("").tolist() == ["tie", "", ""]
    assert table["unscored_reason"].fillna("").tolist() == ["", "missing", "judge_error"]


def test_comparing_is_charged_to_the_judge_and_to_both_sides_alike(folder):
    scorecard = build(folder, {"r1": [compared("haiku", "first"), compared("lite", "second")]})
    # $0.024 a call: one verdict each, and half of two comparisons
    cards = scorecard.candidates
    assert [cards[name].cost_usd.judge for name in ("lite", "haiku")] == pytest.approx([0.048, 0.048])
    assert sum(card.cost_usd.judge for card in cards.values()) == pytest.approx(scorecard.cost_usd.judges)
    judge = scorecard.judges["pro"]
    assert judge.calls == 4
    assert sum(card.tokens.judge_input for card in cards.values()) == judge.tokens_input
    assert sum(card.tokens.judge_output for card in cards.values()) == judge.tokens_output


def test_what_a_comparison_costs_is_unknown_to_both_sides_where_the_judge_has_no_price(folder):
    rows = [row("r1", response("lite"), response("haiku"), comparisons=(compared("haiku", "first"),))]
    run = run_json(evaluation={"pairwise": {"baseline": "lite"}})
    del run["prices"]["models"][PRO]
    write_run(folder, run=run, records=[record("r1", judges=())], succeeded=rows)
    scorecard = build_scorecard(folder)
    assert [card.cost_usd.judge for card in scorecard.candidates.values()] == [None, None]
    assert scorecard.cost_usd.judges is None
    assert read_run(folder).comparisons["cost_usd"].isna().all()


def test_the_history_keeps_win_rates(folder):
    build(folder, {"r1": [compared("haiku", "first")], "r2": [compared("haiku", "second")]})
    (entry,) = read_entries([storage.join(folder, "history.json")])
    kept = entry.candidates["haiku"]
    assert (kept.win_rate, kept.win_rate_n, kept.win_rate_interval is None) == (0.5, 2, False)
    assert entry.candidates["lite"].win_rate is None


def test_a_workbook_has_a_sheet_of_preferences(folder):
    scorecard = build(folder, {"r1": [compared("haiku", "first")], "r2": [compared("haiku", "second")]})
    book = zipfile.ZipFile(io.BytesIO(xlsx_report(scorecard, folder)))
    assert 'name="preferences"' in book.read("xl/workbook.xml").decode()


def test_the_table_of_comparisons_tells_what_each_call_took(folder):
    scorecard = build(folder, {
        "r1": [compared("haiku", "first"), compared("lite", "first", skipped="identical")],
        "r2": [compared("haiku", "", reply=converse("Hm."))],
    })  # fmt: skip
    columns = ["input_tokens", "output_tokens", "cost_usd"]
    took = read_run(folder).comparisons[columns]
    verdicts = read_run(folder).verdicts[columns]
    judge = scorecard.judges["pro"]
    assert took["input_tokens"].sum() + verdicts["input_tokens"].sum() == judge.tokens_input
    assert took["output_tokens"].sum() + verdicts["output_tokens"].sum() == judge.tokens_output
    assert took["cost_usd"].sum() + verdicts["cost_usd"].sum() == pytest.approx(judge.cost_usd)
    # Nobody was asked about identical responses.
    assert took.isna().all(axis=1).tolist() == [False, True, False]


@pytest.mark.parametrize(("text", "preferred"), [
    ("Both fine.\npreferred: first", "haiku"), ("preferred: second", "lite"), ("preferred: tie", "tie"),
])  # fmt: skip
def test_a_judge_without_the_tool_prefers_on_its_final_line(folder, text, preferred):
    build(folder, {"r1": [compared("haiku", "", reply=converse(text))]})
    table = read_run(folder).comparisons
    assert table["preferred"].tolist() == [preferred]
    assert table["rationale"].tolist() == [text]


def test_a_reply_that_prefers_nobody_is_unscored(folder):
    build(folder, {"r1": [compared("haiku", "", reply=converse("I would rather not."))]})
    table = read_run(folder).comparisons
    assert table["preferred"].isna().all()
    assert table["unscored_reason"].notna().all()


UNREAD = {"reply": converse("I would rather not.")}


def test_a_preference_heard_in_one_order_only_is_no_pair(folder):
    scorecard = build(folder, {"r1": [compared("haiku", "first"), compared("lite", "", **UNREAD)],
                               "r2": [compared("haiku", "first"), compared("lite", "second")]})  # fmt: skip
    pair = scorecard.candidates["haiku"].pairwise
    assert (pair.n, pair.wins, pair.n_unscored, pair.n_both_orders, pair.flip_rate) == (1, 1, 1, 1, 0)


@pytest.mark.parametrize(("unscored", "win_rate", "n"), [("drop", 1, 1), ("tie", 0.75, 2), ("worst", 0.5, 2)])
def test_what_an_unscored_pair_means_is_the_evaluations_choice(folder, unscored, win_rate, n):
    scorecard = build(folder, {
        "r1": [compared("haiku", "first"), compared("lite", "second")],
        "r2": [compared("haiku", "", **UNREAD), compared("lite", "", **UNREAD)],
        "r3": [compared("haiku", "first", skipped="missing"), compared("lite", "first", skipped="missing")],
    }, unscored=unscored)  # fmt: skip
    pair = scorecard.candidates["haiku"].pairwise
    assert (pair.win_rate, pair.n) == (win_rate, n)


def test_of_several_judges_the_majority_counts_and_an_even_split_is_a_tie(folder):
    judges = [{"name": name, "model": PRO} for name in ("a", "b", "c")]

    def asked(*winners):
        return [
            compared(first, "first" if winner == first else "second", judge=judge)
            for judge, winner in zip("abc", winners, strict=False)
            for first in ("haiku", "lite")
        ]

    rows = {"r1": asked("haiku", "haiku", "lite"), "r2": asked("haiku", "lite"), "r3": asked("lite")}
    evaluation = {"judges": judges, "pairwise": {"baseline": "lite"}}
    results = [
        row(name, response("lite"), response("haiku"), comparisons=tuple(both)) for name, both in rows.items()
    ]
    write_run(
        folder,
        run=run_json(evaluation=evaluation),
        records=[record(name, judges=()) for name in rows],
        succeeded=results,
    )
    pair = build_scorecard(folder).candidates["haiku"].pairwise
    assert (pair.wins, pair.ties, pair.losses) == (1, 1, 1)
    assert {name: judge.win_rate for name, judge in pair.by_judge.items()} == pytest.approx(
        {"a": 2 / 3, "b": 0.5, "c": 0}
    )


def test_a_judge_that_scores_both_prefers_the_higher_and_its_scores_are_summed(folder):
    scorecard = build(folder, {
        "r1": [compared("lite", "", reply=converse("8 9.5\nThe second is better."))],
        "r2": [compared("lite", "", reply=converse("Scores: (7, 7)"))],
        "r3": [compared("lite", "", reply=verdict({"rationale": "r", "first_score": 10, "second_score": 2}))],
        "r4": [compared("lite", "", reply=converse("8 19"))],
    }, verdict="scores", orders="baseline_first")  # fmt: skip
    pair = scorecard.candidates["haiku"].pairwise
    assert (pair.wins, pair.ties, pair.losses, pair.n_unscored) == (1, 1, 1, 1)
    assert (pair.flip_rate, pair.first_shown_rate, pair.n_both_orders) == (None, None, 0)
    assert pair.by_baseline["lite"].scores.model_dump() == {"candidate": 18.5, "baseline": 25, "n": 3}
    table = read_run(folder).comparisons
    assert table["first_score"].tolist()[:3] == [8, 7, 10]
    assert table["second_score"].tolist()[:3] == [9.5, 7, 2]
    assert table["unscored_reason"].tolist()[3] == "out_of_range"


def test_scores_of_both_orders_and_judges_are_averaged_before_they_are_summed(folder):
    scorecard = build(folder, {
        "r1": [compared("lite", "", reply=converse("8 6")), compared("haiku", "", reply=converse("4 6"))],
    }, verdict="scores")  # fmt: skip
    pair = scorecard.candidates["haiku"].pairwise
    assert pair.by_baseline["lite"].scores.model_dump() == {"candidate": 5, "baseline": 7, "n": 1}
    assert pair.losses == 1


def test_the_names_a_prompt_gives_the_responses_are_read_from_the_reply(folder):
    scorecard = build(folder, {"r1": [
        compared("lite", "", reply=converse("Reasons. Therefore, Output (b) is better.")),
        compared("haiku", "", reply=converse("Output (a)")),
    ]}, names=["Output (a)", "Output (b)"], tie=False)  # fmt: skip
    assert scorecard.candidates["haiku"].pairwise.wins == 1


def test_a_second_asking_that_says_nothing_leaves_the_first_reply_standing(folder):
    scorecard = build(folder, {"r1": [
        compared("lite", "", reply=converse("Hm."), first_reply=converse("preferred: second")),
        compared("haiku", "first", first_reply=converse("Hm.")),
    ]})  # fmt: skip
    assert scorecard.candidates["haiku"].pairwise.wins == 1
    assert scorecard.judges["pro"].asked_again == 2


def test_three_candidates_have_strengths_in_the_order_of_their_wins(folder):
    names = ("lite", "haiku", "opus")
    candidates = [{"name": name, "model": LITE} for name in names]
    rank = {name: place for place, name in enumerate(names)}
    rows = []
    for number in range(12):
        comparisons = []
        for candidate, baseline in (("haiku", "lite"), ("opus", "lite"), ("opus", "haiku")):
            best = (
                max(candidate, baseline, key=rank.get)
                if number % 4
                else min(candidate, baseline, key=rank.get)
            )
            comparisons += [
                compared(
                    first, "first" if first == best else "second", candidate=candidate, baseline=baseline
                )
                for first in (candidate, baseline)
            ]
        rows.append(row(f"r{number}", *map(response, names), comparisons=tuple(comparisons)))
    run = run_json(evaluation={"candidates": candidates, "pairwise": {"all_pairs": True}})
    write_run(folder, run=run, records=[record(one["record_id"], judges=()) for one in rows], succeeded=rows)
    scorecard = build_scorecard(folder)
    strengths = scorecard.strengths.candidates
    # Every pair is won 9 to 3, so the middle one is where the others cancel out; ⅓ of a pseudo-win each.
    assert strengths["haiku"].log_strength == pytest.approx(0, abs=1e-9)
    assert strengths["opus"].log_strength == pytest.approx(-strengths["lite"].log_strength)
    assert strengths["lite"].elo < strengths["haiku"].elo == pytest.approx(1000)
    low, high = strengths["opus"].elo_interval
    assert low < strengths["opus"].elo < high
    assert scorecard.strengths.prior == pytest.approx(1 / 3)
    # Each is compared with two others: 12 records by 2 opponents, and both sides are told.
    wins = {name: scorecard.candidates[name].pairwise for name in names}
    assert [(pair.n, pair.win_rate) for pair in wins.values()] == [(24, 0.25), (24, 0.5), (24, 0.75)]
    assert wins["lite"].by_baseline["opus"].losses == 9
    # A record's two pairs are won or lost together: its error is that of 12 means, not of 24 pairs.
    assert wins["opus"].standard_error == pytest.approx((0.75 * 0.25 / 11) ** 0.5)


def test_what_is_worst_for_one_side_is_not_best_for_the_other(folder):
    comparisons = {"r1": [compared("haiku", "", **UNREAD), compared("lite", "", **UNREAD)]}
    scorecard = build(folder, comparisons, baseline=None, all_pairs=True, unscored="worst")
    assert [card.pairwise.win_rate for card in scorecard.candidates.values()] == [0, 0]
