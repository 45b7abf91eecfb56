"""What perturbed prompts cost: paired with their records, kept out of everything else."""

import pyarrow.parquet as pq
import pytest

from evaldrop.scorecard.read import read_run
from evaldrop.steps.build_scorecard.build import build_scorecard
from tests.evaldrop.run_folders import (
    CORRECTNESS,
    LITE,
    PRICES,
    PRO,
    TONE,
    failed_response,
    record,
    response,
    row,
    run_json,
    write_run,
)  # fmt: skip

# A run lies two folders below the output folder, whose history it joins.
RUN = "support/run-1"
# Tones of three records, and of their two typo copies each: paired drops 1, 1 | 0, 2 | 3, 1.
TONES = {"r0": (5, (4, 4)), "r1": (4, (4, 2)), "r2": (5, (2, 4))}


def write(folder, *, with_copies=True, change=None, unscored="drop", criteria=(CORRECTNESS, TONE)):
    evaluation = {
        "candidates": [{"name": "lite", "model": LITE}],
        "criteria": list(criteria),
        "unscored": unscored,
        "metrics": ["length_words"],
        **({"robustness": {"perturbations": ["typos"], "n": 2}} if with_copies else {}),
    }
    names = tuple(criterion["name"] for criterion in criteria)
    records, rows = [], []

    def scores(tone):
        return {name: {"correctness": 1, "tone": tone}[name] for name in names}

    for name, (tone, copied) in TONES.items():
        records.append(record(name, criteria=names))
        rows.append(row(name, response("lite", scores=scores(tone))))
        for number, score in enumerate(copied, 1) if with_copies else ():
            copy = f"{name}~typos-{number}"
            records.append(
                record(copy, criteria=names, group=name, perturbed={"of": name, "perturbation": "typos"})
            )
            answered = response("lite", "a longer answer", scores=scores(score))
            rows.append(row(copy, answered))
    if change:
        change(records, rows)
    folder = folder / RUN
    write_run(
        folder, run=run_json(evaluation=evaluation, criteria=list(criteria)), records=records, succeeded=rows
    )
    return build_scorecard(str(folder))


def typos(scorecard):
    return scorecard.candidates["lite"].robustness["typos"]


def test_the_drop_is_paired_and_clustered_by_record(tmp_path):
    """
    Differences 1, 1 | 0, 2 | 3, 1: mean 8/6. Cluster sums of deviations: -2/3, -2/3, 4/3, so that
    SE = sqrt(3/2 (4/9 + 4/9 + 16/9)) / 6 = 1/3, on 2 degrees of freedom.
    """
    estimate = typos(write(tmp_path))
    drop = estimate.criteria["tone"]
    assert (estimate.copies, estimate.missing, drop.n, drop.records) == (6, 0, 6, 3)
    assert drop.drop == pytest.approx(8 / 6)
    assert drop.standard_error == pytest.approx(1 / 3)
    # 4.302653 / 3 is less than what three records may not have shown: 4 · (1 - 0.05^(1/3)) = 2.526387
    assert drop.interval == pytest.approx((4 / 3 - 2.526387, 4 / 3 + 2.526387), abs=1e-5)
    # tone spans 4 points and weighs half of overall
    assert estimate.overall.drop == pytest.approx(8 / 6 / 4 / 2)
    assert estimate.criteria["correctness"].drop == 0
    assert estimate.metrics["length_words"].drop == -1


def test_copies_are_in_no_other_estimate(tmp_path):
    without = write(tmp_path / "without", with_copies=False)
    with_copies = write(tmp_path / "with")
    card, plain = with_copies.candidates["lite"], without.candidates["lite"]
    for part in ("responses", "tokens", "latency_ms", "criteria", "overall", "metrics", "categories"):
        assert getattr(card, part) == getattr(plain, part), part
    assert with_copies.records == without.records
    assert with_copies.coverage == without.coverage
    for name in ("responses", "verdicts"):
        kept, before = (
            # A copy has a place in the run, too.
            pq.read_table(tmp_path / which / RUN / f"{name}.parquet").drop_columns(["ordinal"])
            for which in ("with", "without")
        )
        assert kept.equals(before)


def test_what_copies_cost_is_counted_apart_and_in_the_total(tmp_path):
    """A response is (100 x 1 + 10 x 2) / 1e6, a judge's reply (200 x 100 + 20 x 200) / 1e6 dollars."""
    scorecard = write(tmp_path)
    cost = scorecard.candidates["lite"].cost_usd
    each = (PRICES[LITE]["input"] * 100 + PRICES[LITE]["output"] * 10) / 1e6
    judged = (PRICES[PRO]["input"] * 200 + PRICES[PRO]["output"] * 20) / 1e6
    assert cost.candidate == pytest.approx(3 * each)
    assert cost.judge == pytest.approx(3 * judged)
    assert cost.robustness == pytest.approx(6 * (each + judged))
    assert scorecard.cost_usd.total == pytest.approx(9 * (each + judged))
    assert scorecard.judges["pro"].calls == 9


def test_the_table_has_a_row_per_copy_candidate_and_criterion(tmp_path):
    write(tmp_path)
    rows = read_run(str(tmp_path / RUN)).robustness
    assert len(rows) == 6 * 2
    first = rows[(rows["record_id"] == "r2~typos-1") & (rows["criterion"] == "tone")].iloc[0]
    assert (first["of"], first["perturbation"], first["original_score"], first["score"]) == (
        "r2",
        "typos",
        5,
        2,
    )
    assert first["response"] == "a longer answer"


def test_a_run_without_robustness_has_no_table(tmp_path):
    write(tmp_path, with_copies=False)
    assert not (tmp_path / RUN / "robustness.parquet").exists()


def test_a_copy_without_a_response_is_missing_and_no_pair(tmp_path):
    def fail_one(_, rows):
        rows[1] = row("r0~typos-1", failed_response("lite"))

    scorecard = write(tmp_path, change=fail_one)
    estimate = typos(scorecard)
    assert (estimate.copies, estimate.missing, estimate.criteria["tone"].n) == (6, 1, 5)
    assert scorecard.candidates["lite"].responses.errors == 0


def test_an_unscored_verdict_is_no_pair_even_where_it_counts_as_the_worst(tmp_path):
    def fail_one(_, rows):
        rows[1] = row("r0~typos-1", failed_response("lite"))

    assert typos(write(tmp_path, change=fail_one, unscored="worst")).criteria["tone"].n == 5


def test_a_given_response_is_no_pair_with_a_called_one(tmp_path):
    def give_one(_, rows):
        rows[0]["responses"][0] |= {"given": True, "text": "a given answer"}
        del rows[0]["responses"][0]["reply"]

    assert typos(write(tmp_path, change=give_one)).criteria["tone"].n == 4


def test_a_drop_is_for_the_worse_whichever_way_the_scale_runs(tmp_path):
    harm = {**TONE, "higher_is_better": False, "pass_at": 2}
    assert typos(write(tmp_path, criteria=(harm,))).criteria["tone"].drop == pytest.approx(-8 / 6)


def test_one_criterion_has_no_overall(tmp_path):
    assert typos(write(tmp_path, criteria=(TONE,))).overall is None


def test_a_single_pair_has_a_drop_and_a_reason_for_no_interval(tmp_path):
    def keep_one(records, rows):
        del records[2:], rows[2:]

    drop = typos(write(tmp_path, change=keep_one)).criteria["tone"]
    assert drop.drop == 1
    assert drop.interval is None
    assert drop.reason.startswith("no interval")


def test_a_decisive_drop_raises_an_alarm_in_words(tmp_path):
    """Twelve records that all fall from 5 by 2 or 3 points."""

    def many(records, rows):
        del records[:], rows[:]
        for number in range(12):
            name = f"r{number}"
            records += [
                record(name),
                record(f"{name}~typos-1", perturbed={"of": name, "perturbation": "typos"}),
            ]
            rows.append(row(name, response("lite", scores={"correctness": 1, "tone": 5})))
            rows.append(
                row(f"{name}~typos-1", response("lite", scores={"correctness": 1, "tone": 2 + number % 2}))
            )

    scorecard = write(tmp_path, change=many)
    drop = typos(scorecard).criteria["tone"]
    assert drop.decisive
    assert drop.p_value <= drop.p_adjusted < 0.05
    # 0.3125 on average; a gain of 1 in 1 - 0.05^(1/12) of the records may not have been seen: ± 0.2209
    assert any("lite loses 0.09 to 0.53 on overall when prompts are perturbed by typos." in alarm
               for alarm in scorecard.alarms)  # fmt: skip


def test_copies_without_a_verdict_leave_a_drop_open(tmp_path):
    """Twelve records that all fall by three points, but for eight whose copies nobody could read."""

    def half_lost(records, rows):
        del records[:], rows[:]
        for number in range(20):
            name, copy = f"r{number}", f"r{number}~typos-1"
            records += [record(name), record(copy, perturbed={"of": name, "perturbation": "typos"})]
            rows.append(row(name, response("lite", scores={"correctness": 1, "tone": 5})))
            read = {"correctness": 1, "tone": 2} if number < 12 else {"correctness": 1}
            rows.append(row(copy, response("lite", scores=read)))

    estimate = typos(write(tmp_path, change=half_lost))
    tone, overall = estimate.criteria["tone"], estimate.overall
    assert (tone.n, tone.n_missing, tone.drop) == (12, 8, 3)
    # The eight have 5 and might have kept it: 12 · 3 of 20, or lost all: 8 · 4 more.
    assert tone.bounds == (pytest.approx(36 / 20), pytest.approx((36 + 32) / 20))
    # Overall has both: what was read of all twenty, and the half that is missing of eight.
    assert (overall.n, overall.n_missing) == (20, 8)
    assert overall.bounds == (pytest.approx(12 * 0.375 / 20), pytest.approx((12 * 0.375 + 8 * 0.5) / 20))
