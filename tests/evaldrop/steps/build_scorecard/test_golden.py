"""
Three small datasets whose scorecards are worked out by hand.

Every expected number stands below a comment that derives it; nothing here was copied from the software's
output. z = 1.959964; the smallest difference seen is (z + 0.841621) standard errors.
"""

import json

import pytest

from evaldrop.scorecard.model.part import OVERALL
from evaldrop.steps.build_scorecard.build import build_scorecard
from tests.evaldrop.run_folders import (
    CORRECTNESS,
    HAIKU,
    LITE,
    PRO,
    TONE,
    failed_response,
    record,
    response,
    row,
    run_json,
    write_run,
)


def build(folder, records, rows, **run):
    write_run(folder, run=run_json(**run), records=records, succeeded=rows)
    return build_scorecard(str(folder))


def pair(scorecard, a, b, criterion):
    (found,) = [
        comparison
        for comparison in scorecard.comparisons
        if (comparison.a, comparison.b, comparison.criterion) == (a, b, criterion)
    ]
    return found


# 1. Ten independent records, three candidates, one yes/no criterion
#
#           r0 r1 r2 r3 r4 r5 r6 r7 r8 r9
#   lite     1  1  1  1  1  0  0  0  0  0    5 of 10
#   haiku    1  1  1  1  1  1  1  1  1  0    9 of 10
#   big      1  1  1  1  1  1  1  1  0  0    8 of 10

PASSES = {"lite": "1111100000", "haiku": "1111111110", "big": "1111111100"}


@pytest.fixture(scope="module")
def passes(tmp_path_factory):
    candidates = [
        {"name": name, "model": model} for name, model in (("lite", LITE), ("haiku", HAIKU), ("big", PRO))
    ]
    return build(
        tmp_path_factory.mktemp("passes") / "support" / "run-1",
        [record(f"r{n}", criteria=("correctness",)) for n in range(10)],
        [
            row(
                f"r{n}",
                *(response(name, scores={"correctness": int(said[n])}) for name, said in PASSES.items()),
            )
            for n in range(10)
        ],
        criteria=[CORRECTNESS],
        evaluation={"candidates": candidates},
    )


@pytest.mark.parametrize(("name", "rate", "low", "high"), [
    # Clopper-Pearson: Beta(k, 11-k) at 0.025 and Beta(k+1, 10-k) at 0.975
    ("lite", 0.5, 0.1871, 0.8129), ("haiku", 0.9, 0.5550, 0.9975), ("big", 0.8, 0.4439, 0.9748),
])  # fmt: skip
def test_pass_rates_have_clopper_and_pearsons_interval(passes, name, rate, low, high):
    estimate = passes.candidates[name].criteria["correctness"]
    assert (estimate.pass_rate, estimate.mean) == (rate, rate)
    assert estimate.pass_interval == pytest.approx((low, high), abs=1e-4)


@pytest.mark.parametrize(("a", "b", "difference", "low", "high", "p_value", "p_adjusted"), [
    # haiku alone passes r5..r8, lite none: McNemar 2 · ½⁴. Bonett-Price: rates 1/12 and 5/12, gap -4/12,
    # standard error √((6/12 - 1/9)/12) = 0.180021, margin 0.352835. Holm: 3 · 0.125
    ("lite", "haiku", -0.4, -0.686168, 0.019501, 0.125, 0.375),
    # big alone passes r5, r6, r7: 2 · ½³. 1/12 and 4/12: √((5/12 - 1/16)/12) = 0.171796, margin 0.336714.
    # Holm: 2 · 0.25
    ("lite", "big", -0.3, -0.586714, 0.086714, 0.25, 0.5),
    # haiku alone passes r8: 2 · ½ = 1. 2/12 and 1/12: √((3/12 - 1/144)/12) = 0.142319, margin 0.278940
    ("haiku", "big", 0.1, -0.195607, 0.362273, 1.0, 1.0),
])  # fmt: skip
def test_passes_are_compared_by_the_records_they_differ_on(
    passes, a, b, difference, low, high, p_value, p_adjusted
):
    found = pair(passes, a, b, "correctness")
    assert (found.n, found.difference) == (10, pytest.approx(difference))
    assert found.interval == pytest.approx((low, high), abs=1e-5)
    assert (found.p_value, found.p_adjusted) == pytest.approx((p_value, p_adjusted))
    assert (found.decisive, found.better) == (False, None)


def test_what_such_a_run_could_have_seen_stands_beside_what_it_did_not_decide(passes):
    # error 0.180021, three pairs: t(9) at 0.05/3 is 2.933324 and at 80 % 0.883404. At a difference of 0.8257
    # the error is √(0.180021² + (0.8257 - 0.8257²)/10) = 0.216321: 3.816728 of it are 0.8257
    found = pair(passes, "lite", "haiku", "correctness")
    assert found.minimum_detectable == pytest.approx(0.8257, abs=1e-4)
    assert (
        "the order of lite and haiku is not decided "
        "(with 10 records only differences above 0.83 can be seen, at 80 % power)"
    ) in passes.summary


def test_the_frontier_names_who_is_dominated_and_what_a_point_costs(passes):
    # a call of 100 tokens in and 10 out: lite $0.12, haiku $1.20, big $12 per 1,000 records.
    # haiku is 40 points above lite for $1.08: $0.027 a point. big is worse than haiku and dearer.
    lite, haiku, big = passes.frontier
    assert (lite.candidate, lite.quality, lite.over, lite.dominated_by) == ("lite", 0.5, None, ())
    assert (haiku.candidate, haiku.over, haiku.decisive) == ("haiku", "lite", False)
    assert haiku.usd_per_point == pytest.approx(0.027)
    assert (big.candidate, big.dominated_by, big.usd_per_point) == ("big", ("haiku",), None)
    assert any(hint.startswith("big is dominated: haiku is at least as good") for hint in passes.hints)


def test_a_criterions_use_is_how_much_it_tells_apart(passes):
    # 22 of 30 scores are 1; candidates differ on r5, r6, r7, r8
    use = passes.criteria_use["correctness"]
    assert (use.n, use.commonest_score, use.finding) == (30, 1.0, None)
    assert use.commonest_share == pytest.approx(22 / 30)
    assert use.differing_share == pytest.approx(0.4)


# 2. Six records in three groups, two candidates, a scale and a yes/no criterion where yes is bad
#
#                  d1    d1    d2    d2    d3    d3
#   tone  lite      5     4     4     3     2     2     mean 20/6
#         haiku     4     4     2     2     3     1     mean 16/6
#   harm  lite      0     0     1     0     0     0     weight 3, against tone's 1
#         haiku     1     0     1     0     1     0

HARM = {
    "name": "harm",
    "question": "Is it harmful?",
    "scale": "binary",
    "higher_is_better": False,
    "weight": 3,
}
GROUPED = {
    "lite": [(5, 0), (4, 0), (4, 1), (3, 0), (2, 0), (2, 0)],
    "haiku": [(4, 1), (4, 0), (2, 1), (2, 0), (3, 1), (1, 0)],
}


@pytest.fixture(scope="module")
def grouped(tmp_path_factory):
    return build(
        tmp_path_factory.mktemp("grouped") / "support" / "run-1",
        [
            record(
                f"r{n}", criteria=("tone", "harm"), group=f"d{n // 2}", category="late" if n > 3 else "early"
            )
            for n in range(6)
        ],
        [
            row(
                f"r{n}",
                *(
                    response(name, scores=dict(zip(("tone", "harm"), said[n], strict=True)))
                    for name, said in GROUPED.items()
                ),
            )
            for n in range(6)
        ],
        criteria=[TONE, HARM],
    )


def test_a_mean_of_groups_has_their_standard_error(grouped):
    # from 20/6 the groups are off by 14/6, 2/6, -16/6: √(456/36) = 3.559026, · √(3/2) / 6 = 0.726483
    estimate = grouped.candidates["lite"].criteria["tone"]
    assert estimate.mean == pytest.approx(20 / 6)
    assert estimate.standard_error == pytest.approx(0.726483, abs=1e-6)


def test_differences_of_groups_are_clustered(grouped):
    # 1, 0, 2, 1, -1, 1: mean 4/6; groups off by -1/3, 5/3, -4/3: √(42/9) √(3/2) / 6 = 0.440959
    # 4.302653 · 0.440959 = 1.897292, less than what three groups may not have shown: 4 · (1 - 0.05^(1/3))
    # the groups' sums are 1, 3, 0: two signs of four are as far from 0
    found = pair(grouped, "lite", "haiku", "tone")
    assert found.difference == pytest.approx(4 / 6)
    assert found.interval == pytest.approx((-1.859721, 3.193054), abs=1e-5)
    assert found.p_value == pytest.approx(0.5, abs=1e-6)
    # three signs that are all alike are p = ¼: no difference would have been decided
    assert found.minimum_detectable is None


def test_passes_of_groups_are_clustered_too(grouped):
    # -1, 0, 0, 0, -1, 0: mean -1/3; two of three groups changed by -1: p is ½. Holm: 2 · ½
    found = pair(grouped, "lite", "haiku", "harm")
    assert found.difference == pytest.approx(-1 / 3)
    assert found.p_value == pytest.approx(0.5)
    assert found.p_adjusted == pytest.approx(1)
    assert pair(grouped, "lite", "haiku", "tone").p_adjusted == pytest.approx(1)


def test_overall_weighs_criteria_and_turns_those_where_low_is_good(grouped):
    # lite: (tone's share + 3 · no harm) / 4 = 1, .9375, .1875, .875, .8125, .8125: sum 4.625
    # haiku: .1875, .9375, .0625, .8125, .125, .75: sum 2.875
    assert grouped.candidates["lite"].overall.mean == pytest.approx(4.625 / 6)
    assert grouped.candidates["haiku"].overall.mean == pytest.approx(2.875 / 6)
    assert pair(grouped, "lite", "haiku", OVERALL).difference == pytest.approx(1.75 / 6)


def test_a_category_is_compared_on_its_own_records(grouped):
    # early: tone 1, 0, 2, 1: mean 1; two groups whose sums are above 0: p is ½
    early = {found.criterion: found for found in grouped.slices["early"].comparisons}
    assert (early["tone"].n, early["tone"].difference) == (4, 1)
    assert early["tone"].p_value == pytest.approx(0.5)
    # harm: -1, 0, 0, 0: one group changed: either sign is as far from 0
    assert early["harm"].p_value == pytest.approx(1)
    # overall: .8125, 0, .125, .0625: two groups above 0
    assert early["overall"].p_value == pytest.approx(0.5)
    assert [early[name].p_adjusted for name in ("tone", "overall", "harm")] == pytest.approx([1, 1, 1])


def test_a_category_of_one_group_has_no_interval_and_a_small_one_a_warning(grouped):
    late = grouped.slices["late"]
    assert {found.interval for found in late.comparisons} == {None}
    assert all("one cluster only" in found.reason for found in late.comparisons)
    assert late.warning == "2 records are too few to tell candidates apart."
    # of two groups no difference that the scale allows would be decided
    assert grouped.slices["early"].warning == "4 records are too few to tell candidates apart."


def test_criteria_are_correlated_as_far_as_both_call_it_good(grouped):
    # tone's scores in order of record, lite then haiku: 5 4 4 3 2 2 4 4 2 2 3 1, mean 3, squares 16 over
    # 12 (4+1+1+0+1+1+1+1+1+1+0+4); no harm: 1 1 0 1 1 1 0 1 0 1 0 1, mean 8/12, squares 12 · 2/3 · 1/3 = 8/3
    # products of tone's deviations with no harm: 2+1+0-1-1+1-1-2 = -1 -> r = -1 / √(16 · 8/3)
    (found,) = grouped.criterion_pairs
    assert (found.a, found.b, found.n) == ("tone", "harm", 12)
    assert found.correlation == pytest.approx(-1 / (16 * 8 / 3) ** 0.5)


# 3. Six records and what is lost of them; tone on 1..5, passed from 4
#
#           r1  r2  r3            r4  r5             r6
#   lite     5   4  judge failed   2  call failed    does not apply
#
# drop: 5, 4, 2: mean 11/3, 2 of 3 pass. With the two lost ones at 1 or at 5: 13/5 and 21/5; 2/5 and 4/5.
# worst: 5, 4, 1, 2, 1: mean 13/5, 2 of 5 pass, and the same bounds.


def lossy(folder, unscored):
    failed = {
        "judge": "pro", "criteria": ["tone"], "repeat": 0, "api": "converse", "retries": 5, "elapsed_ms": 1,
        "error": {"Error": "ThrottlingException", "Cause": "busy"},
    }  # fmt: skip
    records = [record(f"r{n}", criteria=("tone",)) for n in range(1, 6)]
    records.append(record("r6", criteria=(), not_applicable={"tone": "needs a reference"}))
    return build(
        folder,
        records,
        [
            row("r1", response("lite", scores={"tone": 5})),
            row("r2", response("lite", scores={"tone": 4})),
            row("r3", response("lite", judgements=[failed])),
            row("r4", response("lite", scores={"tone": 2})),
            row("r5", failed_response("lite")),
            row("r6", response("lite")),
        ],
        criteria=[TONE],
        evaluation={"candidates": [{"name": "lite", "model": LITE}], "unscored": unscored},
    )


@pytest.mark.parametrize(("unscored", "mean", "pass_rate"), [("drop", 11 / 3, 2 / 3), ("worst", 2.6, 0.4)])
def test_what_is_lost_is_counted_and_bounded(tmp_path, unscored, mean, pass_rate):
    scorecard = lossy(tmp_path / "support" / "run-1", unscored)
    tone = scorecard.candidates["lite"].criteria["tone"]
    assert (tone.mean, tone.pass_rate) == pytest.approx((mean, pass_rate))
    assert (tone.n_scored, tone.n_unscored, tone.coverage) == (3, 3, 0.6)
    assert tone.unscored == {"judge_error": 1, "no_response": 1, "not_applicable": 1}
    assert tone.bounds == pytest.approx((2.6, 4.2))
    assert tone.pass_bounds == pytest.approx((0.4, 0.8))
    # shares of the scale: 1, .75, .25 and two between 0 and 1, of 5
    assert scorecard.candidates["lite"].overall.bounds == pytest.approx((0.4, 0.8))


def test_losses_are_told_beside_the_numbers(tmp_path, capsys):
    from rich.console import Console

    from evaldrop.cli.tables.scorecard import print_scorecard
    from evaldrop.report.escape import markdown
    from evaldrop.report.markdown import markdown_report

    scorecard = lossy(tmp_path / "support" / "run-1", "drop")
    told = (
        "lite, tone: 2 of 5 verdicts unscored (judge error 1, no response 1); whatever they would have been, "
        "the mean lies between 2.60 and 4.20 and the pass rate in 40–80 %."
    )
    print_scorecard(Console(width=300), scorecard)
    assert told in capsys.readouterr().out
    assert markdown(told) in markdown_report(scorecard)


def test_without_losses_the_bounds_are_the_mean(passes):
    estimate = passes.candidates["haiku"].criteria["correctness"]
    assert estimate.bounds == estimate.pass_bounds == pytest.approx((0.9, 0.9))
    assert passes.candidates["haiku"].overall.bounds == pytest.approx((0.9, 0.9))


# Length


def test_scores_are_set_against_the_length_of_responses(tmp_path):
    # 10, 20 … 80 characters score 1 1 2 2 3 3 4 4. Ranks 1..8 and 1.5 1.5 3.5 3.5 5.5 5.5 7.5 7.5:
    # products of deviations 40, squares 42 and 40: ρ = 40/√1680
    records = [record(f"r{n}", criteria=("tone",)) for n in range(8)]
    rows = [row(f"r{n}", response("lite", "x" * 10 * (n + 1), scores={"tone": n // 2 + 1})) for n in range(8)]
    scorecard = build(tmp_path / "support" / "run-1", records, rows, criteria=[TONE])
    relation = scorecard.candidates["lite"].score_by_length["tone"]
    assert relation.spearman == pytest.approx(40 / 1680**0.5)
    assert [(part.low, part.high, part.n, part.mean) for part in relation.quartiles] == [
        (10, 20, 2, 1), (30, 40, 2, 2), (50, 60, 2, 3), (70, 80, 2, 4),
    ]  # fmt: skip
    assert "lite: longer responses do better on tone (Spearman 0.98, 8 responses)." in " ".join(
        scorecard.hints
    )


# One other verdict


def paths(value, path=()):
    """Every number and text of a scorecard by its place; members of lists by what they are about."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from paths(part, (*path, key))
    elif isinstance(value, list):
        for place, part in enumerate(value):
            about = place
            if isinstance(part, dict) and "a" in part:
                about = f"{part['a']} {part['b']} {part.get('criterion', '')}"
            yield from paths(part, (*path, about))
    else:
        yield path, value


MUTATED = {
    "lite": [(1, 4), (1, 3), (0, 2), (1, 5), (0, 3)],
    "haiku": [(1, 5), (1, 4), (1, 4), (1, 5), (0, 1)],
}


def judged(name, text, said):
    """A response with its verdicts; None leaves one out of the judge's reply."""
    scores = dict(zip(("correctness", "tone"), said, strict=True))
    made = response(name, text, scores)
    (block,) = made["judgements"][0]["reply"]["Output"]["Message"]["Content"]
    for criterion, score in scores.items():
        if score is None:
            del block["ToolUse"]["Input"][criterion]
    return made


def scored(folder, scores):
    rows = [
        row(f"r{n}", *(judged(name, name[0] * (n + 1), said[n]) for name, said in scores.items()))
        for n in range(5)
    ]
    records = [record(f"r{n}", category="odd" if n % 2 else "even") for n in range(5)]
    scorecard = build(
        folder, records, rows, evaluation={"gate": ["lite.tone.mean >= 3", "haiku.tone.mean >= 3"]}
    )
    return dict(paths(json.loads(scorecard.model_dump_json())))


# Decided together: the other tests of a family may move by that alone.
OF_A_FAMILY = (
    "p_adjusted", "decisive", "better", "family", "family_interval", "minimum_detectable", "open",
)  # fmt: skip


def may_change(path, candidate, criterion, category):
    """Tell whether a number may move when one verdict on a candidate's response to one record does."""
    match path:
        case ("candidates", name, part, *rest):
            of_slice = part == "categories" and rest[0] == category and rest[2] == criterion
            of_all = part == "criteria" and rest[0] == criterion
            by_length = part == "score_by_length" and rest[0] in (criterion, OVERALL)
            return name == candidate and (of_slice or of_all or by_length or part == "overall")
        case ("comparisons", pair, number, *_):
            return pair.split()[2] in (criterion, OVERALL) or number in OF_A_FAMILY
        case ("slices", name, "comparisons", pair, number, *_):
            own = name == category and pair.split()[2] in (criterion, OVERALL)
            return own or number in OF_A_FAMILY
        case ("slices", name, "warning"):
            return name == category
        case ("criteria_use" | "failure_groups", name, *_):
            return name == criterion
        case ("gate", "checks", place, _) | ("gate", "reasons", place):
            return criterion == "tone" and place == list(MUTATED).index(candidate)
        case ("gate", "decision"):
            return criterion == "tone"
        case (part, *_):
            return part in ("criterion_pairs", "frontier", "summary", "hints", "recommendation")


@pytest.mark.parametrize("candidate", MUTATED)
@pytest.mark.parametrize("record_number", range(5))
@pytest.mark.parametrize("place", [0, 1])
def test_one_other_verdict_moves_its_own_numbers_and_no_others(tmp_path, candidate, record_number, place):
    criterion = ("correctness", "tone")[place]
    old = MUTATED[candidate][record_number][place]
    changed = [list(said) for said in MUTATED[candidate]]
    changed[record_number][place] = 1 - old if criterion == "correctness" else (old % 5) + 1
    before = scored(tmp_path / "a" / "run-1", MUTATED)
    after = scored(tmp_path / "b" / "run-1", {**MUTATED, candidate: changed})

    moved = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    moved -= {("duration_s",)}

    category = "odd" if record_number % 2 else "even"
    assert [path for path in moved if not may_change(path, candidate, criterion, category)] == []
    mean = ("candidates", candidate, "criteria", criterion, "mean")
    sliced = ("candidates", candidate, "categories", category, "criteria", criterion, "mean")
    difference = ("comparisons", f"lite haiku {criterion}", "difference")
    assert {mean, sliced, difference, ("candidates", candidate, "overall", "mean")} <= moved


@pytest.mark.parametrize("candidate", MUTATED)
@pytest.mark.parametrize("record_number", range(5))
@pytest.mark.parametrize("place", [0, 1])
def test_one_lost_verdict_moves_its_own_numbers_and_no_others(tmp_path, candidate, record_number, place):
    """The judge leaves one score out: what was its score is now a reason, counted and bounded."""
    criterion = ("correctness", "tone")[place]
    changed = [list(said) for said in MUTATED[candidate]]
    changed[record_number][place] = None
    before = scored(tmp_path / "a" / "run-1", MUTATED)
    after = scored(tmp_path / "b" / "run-1", {**MUTATED, candidate: changed})

    moved = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    moved -= {("duration_s",)}
    moved -= {path for path in moved if path[0] in ("alarms", "judges") or path == ("coverage",)}

    category = "odd" if record_number % 2 else "even"
    assert [path for path in moved if not may_change(path, candidate, criterion, category)] == []
    own = ("candidates", candidate, "criteria", criterion)
    assert (before[*own, "n_scored"], after[*own, "n_scored"], after[*own, "n_unscored"]) == (5, 4, 1)
    assert after[*own, "unscored", "no_verdict"] == 1
    assert after[*own, "bounds", 0] <= after[*own, "mean"] <= after[*own, "bounds", 1]
    assert after[*own, "bounds", 0] < after[*own, "bounds", 1]
    assert after["comparisons", f"lite haiku {criterion}", "n"] == 4
    assert (before["coverage",], after["coverage",]) == (1, 19 / 20)
    assert (after["judges", "pro", "scored"], after["judges", "pro", "unscored", "no_verdict"]) == (19, 1)
