"""
Whether what a scorecard says is as often true as it says: a part of the grid, by the functions of a run.

Seeds are fixed; limits are the promise and three standard errors of so few draws.
"""

import re
from math import sqrt
from pathlib import Path

import pytest

from benchmarks.coverage.__main__ import main
from benchmarks.coverage.grid import grid
from benchmarks.coverage.tables import load, rendered, with_tables

PAGE = Path(__file__).parents[2] / "docs" / "method.md"
PARTS = ["estimates", "alike", "skewed", "lost", "printed", "detectable"]


def measured(part, name, draws):
    found = grid()[part][name].what.measure(draws, seed=11)
    return {key: float(value) for key, value in found._asdict().items()}


def at_most(share, draws):
    """Return the largest share of draws that is no proof of more than `share`."""
    return share + 3 * sqrt(share * (1 - share) / draws)


@pytest.mark.parametrize(
    "name",
    [
        "Likert, 95% at 5, the rest at 1, n = 50",
        "Likert, 85% at 5, the rest at 1, n = 20",
        "pass rate, 98% pass, n = 50",
        "overall, 2 mixed criteria, n = 20",
        "pass rate, 90% pass; few equal groups, n = 300",
        "pass rate, 50% pass; few unequal groups, n = 300",
        "Likert, 85% at 5; many unequal groups, n = 100",
    ],
)
def test_intervals_cover_and_gates_at_the_limit_do_not_pass(name):
    """Student's interval covers the first 81 %; groups counted as equal let the last but one pass in 5 %."""
    found = measured("estimates", name, 250)
    assert 1 - found["covers"] <= at_most(0.06, 250)
    assert found["passes_at_least"] <= at_most(0.025, 250)
    assert found["passes_at_most"] <= at_most(0.025, 250)
    # Nor by saying nothing: of few groups alone little can be said.
    assert found["width"] < (0.75 if "few" in name else 0.4)


@pytest.mark.parametrize(
    ("name", "draws"),
    [
        ("2 candidates alike × 1 criteria, 100 records", 300),
        ("3 candidates alike × 2 criteria, 100 records", 150),
    ],
)
def test_nothing_is_decided_between_candidates_that_are_alike(name, draws):
    """Without Holm the second would be 20 %."""
    found = measured("alike", name, draws)
    assert found["of_criteria"] <= at_most(0.05, draws)
    assert found["of_overall"] <= at_most(0.05, draws)


@pytest.mark.parametrize(
    "name",
    [
        "Likert, 3 of 100 fall by 4, 12 rise by 1",
        "range, 5 of 100 fall by all of it, the others rise a little",
        "Likert, 5 of 1000 move by 1 either way",
    ],
)
def test_rare_large_changes_do_not_decide_for_the_frequent_small_ones(name):
    """Student's interval and the rule of three alone give 12 % for five of a hundred that fall."""
    assert measured("skewed", name, 300)["of_criteria"] <= at_most(0.05, 300)


@pytest.mark.parametrize("how", ["at random", "the worst", "against it"])
@pytest.mark.parametrize("lost", ["1 of 3 criteria", "3 of 3 criteria"])
def test_what_is_missing_decides_nothing(how, lost):
    """Compared on what each side has alone, 10 % of 100 gave 65 % false decisions of quality overall."""
    found = measured("lost", f"10% of 100 lost, {how}, {lost}", 60)
    assert found["of_criteria"] <= at_most(0.05, 60)
    assert found["of_overall"] <= at_most(0.05, 60)


def test_a_fiftieth_missing_of_a_thousand_decides_nothing():
    found = measured("lost", "2% of 1000 lost, against it, 1 of 3 criteria", 60)
    assert found["of_overall"] <= at_most(0.05, 60)


@pytest.mark.parametrize("name", ["2 × 3, 50 records, one better", "3 × 2, 300 records, one better"])
def test_intervals_that_are_printed_because_decided_are_seldom_false(name):
    """Single intervals of the decided cover 87 to 90 %."""
    found = measured("printed", name, 150)
    assert found["decided"] > 0.5
    assert found["by_criteria"] <= at_most(0.05, 150)
    assert found["by_overall"] <= at_most(0.05, 150)
    assert found["covers"] > found["single_covers"]


@pytest.mark.parametrize(
    "name",
    [
        "2 × 1, 100 records, Likert, 95% at 5, the rest at 1",
        "2 × 1, 20 records, Likert, middling",
        "2 × 1, 300 records, yes/no, 90% yes",
        "3 × 2, 50 records, overall",
    ],
)
def test_a_difference_as_large_as_is_said_to_be_seen_is_decided(name):
    """Reckoned with steps of one point, the first was decided in 54 %."""
    assert 1 - measured("detectable", name, 120)["power"] <= at_most(0.2, 120)


@pytest.mark.parametrize("part", PARTS)
def test_the_page_shows_the_kept_results(part):
    """`python -m benchmarks.coverage --write docs/method.md` writes both."""
    page = PAGE.read_text(encoding="utf-8")
    marked = re.search(rf"<!-- coverage: {part} -->\n(.*?)<!-- end -->", page, re.DOTALL)
    assert marked[1].strip() == rendered(part, load()[part])
    # A cell that is added to the grid is measured, and one that is taken away is not shown.
    assert list(load()[part]) == list(grid()[part])


@pytest.mark.parametrize("part", PARTS)
def test_the_kept_results_keep_the_promises(part):
    for name, cell in load()[part].items():
        known = {key: value for key, value in cell.items() if value is not None}
        assert known.get("covers", 1.0) >= (0.88 if part == "printed" else 0.94), name
        for key in ("of_criteria", "of_overall", "by_criteria", "by_overall"):
            assert known.get(key, 0.0) <= 0.07, name
        for key in ("passes_at_least", "passes_at_most"):
            assert known.get(key, 0.0) <= 0.04, name
        assert known.get("power", 1.0) >= 0.77, name


@pytest.mark.parametrize(
    ("part", "name", "draws"),
    [
        ("estimates", "Likert, 95% at 5, the rest at 1, n = 20", 150),
        ("estimates", "pass rate, 50% pass, n = 50", 150),
        ("alike", "2 candidates alike × 3 criteria, 100 records", 100),
        ("skewed", "Likert, 3 of 20 fall by 4, 12 rise by 1", 150),
        ("printed", "2 × 1, 300 records, one better", 80),
        ("detectable", "2 × 1, 100 records, yes/no, 90% yes", 80),
    ],
)
def test_the_kept_results_are_what_the_grid_gives(part, name, draws):
    kept, found = load()[part][name], measured(part, name, draws)
    for key in found.keys() - {"width", "detectable", "decided"}:
        # Two draws of this number differ by no more, in four of their standard errors.
        share = min(0.98, max(0.02, kept[key]))
        assert found[key] == pytest.approx(kept[key], abs=4 * sqrt(2 * share * (1 - share) / draws)), key
    for key in found.keys() & {"width", "detectable"}:
        assert found[key] == pytest.approx(kept[key], rel=0.2), key


def test_a_part_is_measured_printed_and_written_between_its_marks(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("benchmarks.coverage.tables.KEPT", tmp_path / "results.json")
    monkeypatch.setattr("benchmarks.coverage.__main__.grid", lambda: small)
    small = {"lost": dict(list(grid()["lost"].items())[-9:-7])}
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- coverage: lost -->\n<!-- end -->\nafter\n")
    monkeypatch.setattr("sys.argv", ["coverage", "--only", "lost", "--quick", "--write", str(page)])
    main()
    table = rendered("lost", load()["lost"])
    assert table.count("\n") == 3
    assert page.read_text() == f"before\n<!-- coverage: lost -->\n\n{table}\n\n<!-- end -->\nafter\n"
    assert table in capsys.readouterr().out
    # Written again, nothing changes.
    assert with_tables(page.read_text(), load()) == page.read_text()
