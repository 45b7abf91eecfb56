"""People's preferences between two responses: imported, and held against the judge's."""

import json

import pytest

from evaldrop.errors import InputError
from evaldrop.report.review.importing import import_file
from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.calibration import calibrate
from tests.evaldrop.report.review.reviewed_runs import NOW
from tests.evaldrop.steps.build_scorecard.preferences.test_win_rates import build, compared

RECORDS = 40


@pytest.fixture
def folder(tmp_path):
    """The judge prefers haiku on every record, but for a tie (an order each) on every fourth."""
    both = {
        f"r{n}": [compared("haiku", "first"), compared("lite", "first" if n % 4 == 0 else "second")]
        for n in range(RECORDS)
    }
    place = str(tmp_path / "support" / "run-1")
    build(place, both)
    return place


def bring(folder, path, rows, *, header="record,candidate,baseline,preferred,rater", drawn_at_random=False):
    path.write_text("\n".join([header, *rows]))
    return import_file(str(path), folder, rater=None, imported_at=NOW, drawn_at_random=drawn_at_random)


def found(folder):
    (pair,) = calibrate(RunDefinition.load(folder)).preferences
    return pair


def test_preferences_of_every_record_are_a_census(folder, tmp_path):
    """People are even where the judge takes haiku in three of four."""
    rows = [f"r{n},haiku,lite,{('haiku', 'lite', 'tie', 'tie')[n % 4]},Ada" for n in range(RECORDS)]
    done = bring(folder, tmp_path / "mine.csv", rows)
    assert (done.answered, done.raters) == (RECORDS, ("Ada",))
    pair = found(folder)
    assert (pair.n, pair.win_rate, pair.judge_win_rate) == (40, 0.5, 0.875)
    assert (pair.corrected_win_rate, pair.rests_on, pair.reason) == (0.5, "people", None)
    assert pair.interval[0] < 0.5 < pair.interval[1]
    assert pair.agreement == 0  # haiku where the judge is even, something else where it takes haiku
    assert pair.ac1 is not None


def test_of_some_records_they_correct_the_win_rate_only_when_these_were_drawn(folder, tmp_path):
    rows = [f"r{n};haiku;lite;tie" for n in range(0, RECORDS, 2)]
    header = "record;candidate;baseline;preferred"
    bring(folder, tmp_path / "chosen.csv", rows, header=header)
    assert found(folder).corrected_win_rate is None
    assert "--drawn-at-random" in found(folder).reason
    bring(folder, tmp_path / "drawn.csv", rows, header=header, drawn_at_random=True)
    pair = found(folder)
    assert pair.corrected_win_rate == pytest.approx(0.5)
    assert pair.interval[0] < 0.5 < pair.interval[1]


def test_the_other_way_round_is_the_same_pair_turned(folder, tmp_path):
    lines = [
        json.dumps({"record_id": f"r{n}", "candidate": "lite", "baseline": "haiku", "preferred": "baseline"})
        for n in range(RECORDS)
    ]
    (tmp_path / "mine.jsonl").write_text("\n".join(lines))
    import_file(str(tmp_path / "mine.jsonl"), folder, rater="Bob", imported_at=NOW)
    pair = found(folder)
    assert (pair.candidate, pair.win_rate, pair.judge_win_rate) == ("lite", 0, 0.125)
    assert pair.agreement == 0.75


def test_several_people_are_compared_and_the_majority_counts(folder, tmp_path):
    """Ada and Bob say the same on 30 of 40, Ada and Cleo never, so two of three always are level or agree."""
    said = {
        "Ada": lambda n: "haiku",
        "Bob": lambda n: "lite" if n % 4 == 0 else "haiku",
        "Cleo": lambda n: "tie",
    }
    rows = [f"r{n},haiku,lite,{say(n)},{rater}" for rater, say in said.items() for n in range(RECORDS)]
    bring(folder, tmp_path / "all.csv", rows)
    pair = found(folder)
    kappas = {(one.a, one.b): (one.agreement, one.kappa) for one in pair.between_raters}
    assert kappas["Ada", "Bob"] == (0.75, 0)  # all of one's answers are alike: nothing beyond chance
    assert kappas["Ada", "Cleo"] == (0, 0)
    assert pair.n == 30  # where all three differ, nobody knows
    assert pair.win_rate == 1


def test_people_who_are_level_leave_a_random_sample_as_it_is(folder, tmp_path):
    """Two people differ on every second record: without those, what is left were the easy ones."""
    rows = [f"r{n},haiku,lite,haiku,Ada" for n in range(RECORDS)]
    rows += [f"r{n},haiku,lite,{'lite' if n % 2 else 'haiku'},Bob" for n in range(RECORDS)]
    bring(folder, tmp_path / "two.csv", rows)
    pair = found(folder)
    assert (pair.n, pair.win_rate) == (20, 1)
    assert (pair.corrected_win_rate, pair.n_labelled, pair.rests_on) == (0.75, RECORDS, "people")


def test_where_all_people_say_the_same_the_interval_is_clopper_and_pearsons(folder, tmp_path):
    bring(folder, tmp_path / "all.csv", [f"r{n},haiku,lite,lite,Ada" for n in range(RECORDS)])
    pair = found(folder)
    assert pair.interval == pytest.approx((0, 1 - 0.025 ** (1 / RECORDS)))
    assert pair.judge_lean == pytest.approx(0.875)
    assert pair.judge_lean_p_value < 1e-6


def test_a_wrong_row_refuses_the_file_with_its_line(folder, tmp_path):
    with pytest.raises(InputError, match="line 2: 'sonnet' is none of haiku, lite and tie"):
        bring(folder, tmp_path / "mine.csv", ["r1,haiku,lite,sonnet,Ada"])
    with pytest.raises(InputError, match='no response of candidate "opus" to record "r1"'):
        bring(folder, tmp_path / "mine.csv", ["r1,haiku,opus,tie,Ada"])
    assert calibrate(RunDefinition.load(folder)) is None
