"""How often checks and judges say different things of one response, and where it is shown."""

import pytest

from evaldrop.report.trust import trust_tables
from evaldrop.steps.build_scorecard.build import build_scorecard
from tests.evaldrop.run_folders import record, response, row, run_json, write_run

CHECKS = [{"name": "days", "contains": "days"}, {"name": "euros", "contains": "€"}]
GOOD, BAD, MIXED = {"correctness": 1, "tone": 5}, {"correctness": 0, "tone": 1}, {"correctness": 1, "tone": 1}
BOTH_HOLD, ONE_HOLDS, NONE_HOLDS = "2 days, €5", "2 days", "soon"


def built(folder, answers, **run):
    """A run in which one candidate gave these texts, and a judge these scores of them."""
    rows = [
        row(f"r{n}", response("lite", text, scores=scores), response("haiku", BOTH_HOLD, scores=GOOD))
        for n, (text, scores) in enumerate(answers)
    ]
    records = [record(f"r{n}") for n in range(len(answers))]
    write_run(folder, run=run_json(**run), records=records, succeeded=rows)
    return build_scorecard(folder)


@pytest.fixture
def folder(tmp_path):
    return str(tmp_path / "support" / "run-1")


def test_a_check_that_fails_what_judges_pass_and_the_other_way_are_counted_apart(folder):
    answers = [
        *[(BOTH_HOLD, GOOD)] * 3,  # both pass
        *[(NONE_HOLDS, BAD)] * 2,  # both fail
        (ONE_HOLDS, GOOD),  # one check fails
        (NONE_HOLDS, GOOD),
        (BOTH_HOLD, BAD),
        (BOTH_HOLD, MIXED),  # one criterion fails
        (ONE_HOLDS, MIXED),  # one of each fails: they agree that something is wrong
        (BOTH_HOLD, None),  # nobody judged it
    ]
    found = built(folder, answers, checks=CHECKS).checks_against_judges
    assert (found["lite"].n, found["lite"].check_failed, found["lite"].judge_failed) == (10, 2, 2)
    assert (found["haiku"].n, found["haiku"].check_failed, found["haiku"].judge_failed) == (11, 0, 0)


def test_without_checks_nothing_is_compared(folder):
    assert built(folder, [(BOTH_HOLD, GOOD)]).checks_against_judges == {}


def test_a_verdict_that_counts_as_the_worst_is_no_disagreement(folder):
    """A judge that was asked and did not reply has said nothing."""
    found = built(folder, [(BOTH_HOLD, None)] * 2, checks=CHECKS, evaluation={"unscored": "worst"})
    assert found.candidates["lite"].criteria["tone"].mean == 1
    assert "lite" not in found.checks_against_judges


def test_each_count_of_the_table_opens_its_own_responses(folder):
    scorecard = built(folder, [(NONE_HOLDS, GOOD), (BOTH_HOLD, BAD), (BOTH_HOLD, BAD)], checks=CHECKS)
    (table,) = [
        table
        for table in trust_tables(scorecard.model_dump(mode="json"))
        if table.title.startswith("Checks and judges")
    ]
    opened = {column.heading: column.links[0] for column in table.columns[1:]}
    assert opened["n"].fragment == "#candidate=lite&checked=both&n=3"
    assert opened["check failed"].fragment == "#candidate=lite&checked=check_failed&n=1"
    assert opened["judge failed"].fragment == "#candidate=lite&checked=judge_failed&n=2"
