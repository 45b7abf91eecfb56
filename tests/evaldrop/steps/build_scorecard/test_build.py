"""Small runs, worked out by hand: what goes in, and every number that must come out."""

import pytest

from evaldrop import storage
from evaldrop.errors import StorageError
from evaldrop.scorecard.model.scorecard import Scorecard
from evaldrop.steps.build_scorecard.build import build_scorecard
from tests.evaldrop.run_folders import CORRECTNESS, converse, record, response, row, run_json, write_run

RUN_FILES = (
    "responses.parquet", "verdicts.parquet", "comparisons.parquet", "scorecard.json", "scorecard.csv",
    "summary.md", "junit.xml", "report.html", "history.json",
)  # fmt: skip

# record: lite's and haiku's (correctness, tone), and how long lite took in ms
SCORES = {
    "r1": ((1, 4), (1, 5), 100),
    "r2": ((1, 3), (1, 4), 200),
    "r3": ((0, 2), (1, 4), 300),
    "r4": ((1, 5), (1, 5), 400),
}
CATEGORIES = {"r1": "billing", "r2": "billing", "r3": "returns", "r4": "returns"}


@pytest.fixture
def folder(tmp_path):
    return str(tmp_path / "support" / "run-1")


@pytest.fixture
def golden(folder) -> Scorecard:
    write_run(
        folder,
        run=run_json(evaluation={"gate": ["haiku.correctness.pass_rate >= 0.5"]}),
        records=[record(name, category=category) for name, category in CATEGORIES.items()],
        succeeded=[_row(name, *scores) for name, scores in reversed(SCORES.items())],
    )
    return build_scorecard(folder)


def _row(name, lite, haiku, latency_ms):
    slow = converse("an answer", latency_ms=latency_ms)
    return row(
        name, response("lite", scores=_named(lite), reply=slow), response("haiku", scores=_named(haiku))
    )


def _named(scores):
    return dict(zip(("correctness", "tone"), scores, strict=True))


def test_every_file_of_the_runs_folder_is_written(golden, folder, tmp_path):
    assert all(storage.exists(storage.join(folder, name)) for name in RUN_FILES)
    assert (tmp_path / "index.html").is_file()


def test_the_written_scorecard_is_the_returned_one(golden, folder):
    written = storage.read_bytes(storage.join(folder, "scorecard.json"))
    assert Scorecard.model_validate_json(written) == golden


def test_a_yes_no_criterion_has_its_rate_with_clopper_and_pearsons_interval(golden):
    # 1, 1, 0, 1: mean 3/4, sd √(1/3 · (3 · 0.25² + 0.75²)) = 0.5, standard error 0.5/√4
    # Clopper-Pearson for 3 of 4: (0.1941, 0.9937)
    estimate = golden.candidates["lite"].criteria["correctness"]
    assert (estimate.n_scored, estimate.n_unscored, estimate.coverage) == (4, 0, 1.0)
    assert (estimate.mean, estimate.sd, estimate.standard_error) == pytest.approx((0.75, 0.5, 0.25))
    assert estimate.pass_rate == 0.75
    assert estimate.pass_interval == pytest.approx((0.1941, 0.9937), abs=1e-4)
    assert estimate.interval == estimate.pass_interval


def test_a_scale_has_its_mean_with_students_interval_and_a_pseudo_record_at_each_end(golden):
    # 4, 3, 2, 5: mean 3.5, squares 0.25 + 0.25 + 2.25 + 2.25 = 5, sd √(5/3) = 1.29099, error 0.645497
    # with 1 and 5: mean 20/6, squares 5 + 4 · (1/6)² + (7/3)² + (5/3)², error √(13.3333/5/6) = 0.666667
    # t(3) = 3.182446: 3.3333 - 2.12163, and the scale ends at 5. Two of four are at 4 or above;
    # Clopper-Pearson for 2 of 4: (0.0676, 0.9324)
    estimate = golden.candidates["lite"].criteria["tone"]
    assert (estimate.mean, estimate.sd, estimate.standard_error) == pytest.approx((3.5, 1.290994, 0.645497))
    assert estimate.interval == pytest.approx((1.21170, 5), abs=1e-5)
    assert estimate.pass_rate == 0.5
    assert estimate.pass_interval == pytest.approx((0.0676, 0.9324), abs=1e-4)


def test_a_perfect_rate_keeps_an_interval_with_width(golden):
    # 4 of 4: low = 0.025^(1/4) = 0.3976
    estimate = golden.candidates["haiku"].criteria["correctness"]
    assert estimate.mean == 1
    assert estimate.pass_interval == pytest.approx((0.3976, 1), abs=1e-4)


def test_overall_is_the_mean_over_criteria_as_shares_of_their_scales(golden):
    # tone on 0..1: 0.75, 0.5, 0.25, 1; with correctness: 0.875, 0.75, 0.125, 1 -> 0.6875
    # haiku: 1, 0.75, 0.75, 1 and 1s: 1, 0.875, 0.875, 1 -> 0.9375
    assert golden.candidates["lite"].overall.mean == pytest.approx(0.6875)
    assert golden.candidates["haiku"].overall.mean == pytest.approx(0.9375)


def test_candidates_are_compared_on_the_records_both_have(golden):
    # tone: -1, -1, -2, 0: mean -1, sd √(2/3), standard error 0.408248; 3.182446 · 0.408248 is 1.3, but a
    # change by 4 the other way in 1 - 0.05^(1/4) of the records may not have been seen: -1 ± 4 · 0.527129
    # three changed records: all signs alike in 2 of 8 patterns
    # Four signs that are all alike are p = 0.125: no difference would have been decided
    tone = next(pair for pair in golden.comparisons if pair.criterion == "tone")
    assert (tone.a, tone.b, tone.n) == ("lite", "haiku", 4)
    assert tone.difference == -1
    assert tone.interval == pytest.approx((-3.108517, 1.108517), abs=1e-5)
    assert tone.p_value == pytest.approx(0.25)
    assert tone.minimum_detectable is None
    assert tone.family.model_dump() == {"n": 2, "confidence": 0.975}
    assert (tone.n_missing, tone.bounds, tone.open) == (0, None, "chance")


def test_p_values_are_adjusted_over_all_criteria_by_holm(golden):
    # correctness: haiku alone passes r3: McNemar's p is 1. Two tests: 2 · 0.25 and max(0.5, 1)
    adjusted = {pair.criterion: pair.p_adjusted for pair in golden.comparisons}
    assert adjusted["tone"] == pytest.approx(0.5)
    assert adjusted["correctness"] == 1
    assert not any(pair.decisive or pair.better for pair in golden.comparisons)


def test_cost_is_tokens_times_prices_and_judging_is_the_judged_candidates(golden):
    # lite: 4 · (100 · $1 + 10 · $2) per million = $0.00048; haiku ten times that
    # judge: 200 · $100 + 20 · $200 = $0.024 a call, 4 calls for each candidate
    lite, haiku = golden.candidates["lite"], golden.candidates["haiku"]
    assert lite.cost_usd.candidate == pytest.approx(0.00048)
    assert lite.cost_usd.per_1000_records == pytest.approx(0.12)
    assert haiku.cost_usd.candidate == pytest.approx(0.0048)
    assert lite.cost_usd.judge == haiku.cost_usd.judge == pytest.approx(0.096)
    assert golden.cost_usd.total == pytest.approx(0.00048 + 0.0048 + 0.192)
    assert golden.judges["pro"].cost_usd == pytest.approx(0.192)


def test_tokens_and_latency_are_those_of_the_replies(golden):
    lite = golden.candidates["lite"]
    assert lite.tokens.model_dump() == {"input": 400, "output": 40, "judge_input": 800, "judge_output": 80}
    # 100, 200, 300, 400 interpolated linearly: 250, 100 + 0.9 · 300, 100 + 0.99 · 300
    latency = lite.latency_ms
    assert (latency.n, latency.p50, latency.p90, latency.p99) == pytest.approx((4, 250, 370, 397))


def test_categories_have_their_own_estimates(golden):
    slices = golden.candidates["lite"].categories
    assert list(slices) == ["billing", "returns"]
    assert slices["billing"].n == 2
    assert slices["billing"].criteria["tone"].mean == 3.5
    assert slices["returns"].criteria["correctness"].pass_rate == 0.5


def test_the_gate_is_judged_and_told(golden):
    # haiku's interval begins at 0.3976
    assert golden.gate.decision == "inconclusive"
    assert golden.gate.reasons[0].startswith("inconclusive: haiku.correctness.pass_rate >= 0.5: ")


def test_the_verdict_in_words_says_what_is_open(golden):
    assert golden.summary.startswith(
        "On quality over all criteria (95 %): the order of lite and haiku is not decided"
    )


def test_tables_are_in_the_order_of_the_dataset_though_results_are_not(golden, folder):
    from evaldrop.scorecard.read import read_run

    run = read_run(folder)
    assert run.responses["record_id"].tolist() == ["r1", "r1", "r2", "r2", "r3", "r3", "r4", "r4"]
    assert run.responses["latency_ms"].tolist()[::2] == [100, 200, 300, 400]


def test_a_joint_calls_tokens_and_cost_add_up_over_its_rows(golden, folder):
    from evaldrop.scorecard.read import read_run

    verdicts = read_run(folder).verdicts
    assert len(verdicts) == 4 * 2 * 2
    assert verdicts["input_tokens"].sum() == 8 * 200
    assert verdicts["cost_usd"].sum() == pytest.approx(0.192)
    assert set(verdicts["passed"]) == {True, False}


def test_a_decided_difference_names_the_better_candidate(folder):
    scores = {f"r{n}": (n % 5 == 0, n % 7 != 0) for n in range(60)}
    write_run(
        folder,
        run=run_json(criteria=[CORRECTNESS]),
        records=[record(name, criteria=("correctness",)) for name in scores],
        succeeded=[
            row(
                name,
                *(
                    response(who, scores={"correctness": int(s)})
                    for who, s in zip(("lite", "haiku"), pair, strict=True)
                ),
            )
            for name, pair in scores.items()
        ],
    )
    scorecard = build_scorecard(folder)
    (pair,) = scorecard.comparisons
    assert pair.decisive
    assert pair.better == "haiku"
    assert scorecard.summary.startswith("On correctness (95 %): haiku is better than lite by ")


def test_low_is_better_where_the_criterion_says_so(folder):
    harm = {"name": "harm", "question": "Is it harmful?", "scale": "binary", "higher_is_better": False}
    write_run(
        folder,
        run=run_json(criteria=[harm]),
        records=[record(f"r{n}", criteria=("harm",)) for n in range(40)],
        succeeded=[
            row(
                f"r{n}", response("lite", scores={"harm": 1}), response("haiku", scores={"harm": int(n == 0)})
            )
            for n in range(40)
        ],
    )
    scorecard = build_scorecard(folder)
    assert scorecard.candidates["lite"].criteria["harm"].pass_rate == 0
    assert scorecard.candidates["lite"].overall.mean == 0
    assert scorecard.comparisons[0].better == "haiku"


def test_records_of_one_group_are_one_piece_of_evidence(folder):
    # Two groups of two equal scores: clustered standard error √(2 · (2 · 0.5)²)/4 · √(2/1) = 0.5, not 0.2887
    scores = {"r1": 1, "r2": 1, "r3": 0, "r4": 0}
    write_run(
        folder,
        run=run_json(criteria=[CORRECTNESS]),
        records=[
            record(name, criteria=("correctness",), group="a" if s else "b") for name, s in scores.items()
        ],
        succeeded=[row(name, response("lite", scores={"correctness": s})) for name, s in scores.items()],
    )
    estimate = build_scorecard(folder).candidates["lite"].criteria["correctness"]
    assert estimate.standard_error == pytest.approx(0.5)


def test_a_run_without_judges_has_metrics_and_no_criteria(folder):
    evaluation = {"judges": [], "criteria": [], "metrics": ["exact_match", "length_words"]}
    write_run(
        folder,
        run=run_json(criteria=[], evaluation=evaluation),
        records=[record(f"r{n}", judges=()) for n in range(4)],
        succeeded=[
            row(f"r{n}", response("lite", "yes" if n else "no no"), response("haiku", "yes"))
            for n in range(4)
        ],
    )
    scorecard = build_scorecard(folder)
    metrics = scorecard.candidates["lite"].metrics
    # exact match: 0, 1, 1, 1; words: 2, 1, 1, 1
    assert (metrics["exact_match"].mean, metrics["length_words"].mean) == (0.75, 1.25)
    assert metrics["exact_match"].interval == pytest.approx((0.1941, 0.9937), abs=1e-4)
    assert scorecard.coverage is None
    assert scorecard.candidates["lite"].overall is None
    assert scorecard.summary == "4 records were evaluated; no criterion was judged."


def test_the_duration_is_from_the_start_to_the_manifest(golden, folder):
    import os

    from evaldrop.run.results import find_manifests

    start = 1_795_251_600  # 2026-11-21T09:00:00+00:00
    os.utime(find_manifests(folder)[0], (start + 90, start + 90))
    assert build_scorecard(folder).duration_s == 90


def test_building_again_gives_the_same_scorecard(golden, folder):
    assert build_scorecard(folder) == golden


def test_a_folder_without_a_run_file_is_refused_by_name(tmp_path):
    with pytest.raises(StorageError, match=r"run\.json"):
        build_scorecard(str(tmp_path))


def test_a_run_file_of_another_kind_is_refused(folder):
    storage.write_bytes(storage.join(folder, "run.json"), b'{"run_id": "x"}')
    with pytest.raises(StorageError, match="not a run file of this version"):
        build_scorecard(folder)


def test_one_other_verdict_changes_only_the_numbers_it_should(golden, folder):
    scores = {**SCORES, "r3": ((0, 3), *SCORES["r3"][1:])}
    write_run(
        folder,
        run=run_json(evaluation={"gate": ["haiku.correctness.pass_rate >= 0.5"]}),
        records=[record(name, category=category) for name, category in CATEGORIES.items()],
        succeeded=[_row(name, *values) for name, values in scores.items()],
    )
    changed = build_scorecard(folder)
    before, after = golden.candidates["lite"], changed.candidates["lite"]
    assert after.criteria["tone"].mean == 3.75
    assert after.criteria["correctness"] == before.criteria["correctness"]
    assert after.categories["billing"] == before.categories["billing"]
    assert after.categories["returns"] != before.categories["returns"]
    assert (after.cost_usd, after.latency_ms, after.tokens) == (
        before.cost_usd,
        before.latency_ms,
        before.tokens,
    )
    assert changed.candidates["haiku"] == golden.candidates["haiku"]
    differing = {new.criterion for new, old in zip(changed.comparisons, golden.comparisons, strict=True)
                 if new.difference != old.difference}  # fmt: skip
    assert differing == {"tone", "overall"}
