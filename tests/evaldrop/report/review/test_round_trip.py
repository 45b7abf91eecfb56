"""Export, label, import, calibrate: the whole way, as a person and a script go it."""

import csv
import io
import json
from pathlib import Path

import pytest

from evaldrop.cli import main
from evaldrop.errors import InputError, StorageError
from evaldrop.report.review.exporting import export_review
from evaldrop.report.review.importing import import_review
from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.calibration import calibrate
from evaldrop.scorecard.calibration.labels import read_labels
from evaldrop.scorecard.read import read_run
from evaldrop.statistics.debiasing import clustered_ppi_mean
from evaldrop.steps.build_scorecard.build import build_scorecard
from tests.evaldrop.report.review.reviewed_runs import (
    FIRST,
    JUDGE,
    NOW,
    SECOND,
    bring_back,
    fill,
    person,
    scores,
    write_reviewed_run,
    write_uneven_run,
)
from tests.evaldrop.run_folders import LITE, PRO, judgement, record, response, row, run_json, write_run

RECORDS = 30


@pytest.fixture
def folder(tmp_path):
    return write_reviewed_run(tmp_path, records=RECORDS)


def test_labels_come_back_under_the_names_they_belong_to(folder, tmp_path):
    done = bring_back(folder, tmp_path)
    assert (done.answered, done.skipped, done.unanswered, done.is_random) == (48, 0, 0, True)
    labels = read_labels(folder)
    assert len(labels) == 48
    for label in labels:
        said = person(int(label.record_id[1:]), (FIRST, SECOND).index(label.candidate))
        assert label.score == float(said[label.criterion])
        assert label.sampling.seed == 1


def test_the_corrected_mean_is_ppi_over_the_drawn_records(folder, tmp_path):
    bring_back(folder, tmp_path)
    found = calibrate(RunDefinition.load(folder))
    seen = sorted({int(label.record_id[1:]) for label in read_labels(folder)})
    others = [n for n in range(RECORDS) if n not in seen]
    assert len(seen) == 12
    wanted = clustered_ppi_mean(
        [person(n, 1)["tone"] for n in seen],
        [scores(n, 1)["tone"] for n in seen],
        [scores(n, 1)["tone"] for n in others],
        labelled_groups=seen,
        unlabelled_groups=others,
        step=1,
    )
    mean = found.means[SECOND]["tone"]
    assert mean.mean == pytest.approx(wanted.mean)
    assert mean.standard_error == pytest.approx(wanted.standard_error)
    # Wider than Student's: twelve labels may have missed a fault of the judge that is not rare.
    assert mean.interval[0] <= wanted.interval[0] < wanted.interval[1] <= mean.interval[1]
    assert (mean.method, mean.n_labelled, mean.n_unlabelled) == ("ppi++", 12, 18)
    tone = found.criteria["tone"]
    assert tone.random_sample
    assert tone.reason is None
    assert tone.judges[JUDGE] == tone.joined
    assert tone.joined.n == 24
    assert found.means[FIRST]["correctness"].rogan_gladen is not None


def test_the_scorecard_has_raw_and_corrected_side_by_side(folder, tmp_path):
    before = read_run(folder).scorecard
    assert before.calibration == {}
    bring_back(folder, tmp_path)
    after = build_scorecard(folder)
    assert read_run(folder).scorecard == after
    raw = after.candidates[FIRST].criteria["tone"]
    assert raw.mean == before.candidates[FIRST].criteria["tone"].mean
    assert raw.calibrated.mean < raw.mean - 0.5  # people are a point less kind
    assert "by people" in Path(folder, "summary.md").read_text()
    rows = list(csv.DictReader(io.StringIO(Path(folder, "scorecard.csv").read_text())))
    tone = next(row for row in rows if (row["candidate"], row["criterion"]) == (FIRST, "tone"))
    assert float(tone["calibrated_mean"]) == pytest.approx(raw.calibrated.mean)
    assert tone["n_labelled"] == "12"


def test_records_in_groups_are_corrected_by_groups(tmp_path):
    folder = write_reviewed_run(tmp_path, records=RECORDS, groups=10)
    alone = write_reviewed_run(tmp_path / "alone", records=RECORDS)
    for place in (folder, alone):
        bring_back(place, tmp_path)
    grouped, single = (calibrate(RunDefinition.load(place)).means[FIRST]["tone"] for place in (folder, alone))
    assert grouped.n_labelled == single.n_labelled == 12
    assert grouped.standard_error != pytest.approx(single.standard_error)


def test_several_people_are_compared_and_joined(folder, tmp_path):
    bring_back(folder, tmp_path)
    bring_back(folder, tmp_path, rater="Bob", answer=lambda *which: person(*which, kind=1))
    found = calibrate(RunDefinition.load(folder)).criteria["correctness"]
    assert found.raters == {"Ada": 24, "Bob": 24}
    (pair,) = found.between_raters
    assert (pair.a, pair.b, pair.n) == ("Ada", "Bob", 24)
    assert pair.agreement < 1
    assert found.rater_alpha is not None
    assert len(list(Path(folder).parent.joinpath("labels").iterdir())) == 2


def test_labels_that_were_not_drawn_correct_no_mean_but_are_compared(folder, tmp_path):
    own = tmp_path / "own.csv"
    rows = [f"r{n},{FIRST},tone,{person(n, 0)['tone']}," for n in range(10)]
    own.write_text("\n".join(["record_id,candidate,criterion,score,rater", *rows]))
    done = import_review(str(own), folder, rater=None, imported_at=NOW)
    assert (done.raters, done.is_random) == (("unnamed",), False)
    found = calibrate(RunDefinition.load(folder))
    assert found.criteria["tone"].joined.n == 10
    assert not found.criteria["tone"].random_sample
    mean = found.means[FIRST]["tone"]
    assert mean.mean is None
    assert "nobody knows how they were chosen" in mean.reason


def test_the_first_records_of_the_dataset_are_no_random_sample(folder, tmp_path):
    """What the method's oracle shows to fail: the easy half labelled, the rest not."""
    bring_back(folder, tmp_path, answer=lambda n, place: person(n, place) if n < 15 else None)
    mean = calibrate(RunDefinition.load(folder)).means[FIRST]["tone"]
    assert mean.mean is None
    assert "not the first ones of the random order" in mean.reason


def test_labels_of_another_run_are_compared_where_the_response_is_the_same(folder, tmp_path):
    bring_back(folder, tmp_path)
    again = write_reviewed_run(tmp_path, records=RECORDS, run_id="run-2")
    other = write_reviewed_run(tmp_path, records=RECORDS, run_id="run-3", answers="another answer")
    found = calibrate(RunDefinition.load(again))
    assert found.criteria["tone"].joined.n == 24
    assert found.means[FIRST]["tone"].mean is None
    assert "sample of run run-1" in found.means[FIRST]["tone"].reason
    # Only the hostile responses are the same there, if they were drawn.
    matched = calibrate(RunDefinition.load(other))
    assert matched is None or matched.criteria["tone"].n_labelled == 2


# The commands


@pytest.fixture
def _plain(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "160")


@pytest.mark.usefixtures("_plain")
def test_the_commands_go_the_whole_way(folder, tmp_path, capsys, monkeypatch):
    assert main(["review", "export", folder, "--sample", "24", "--to", str(tmp_path / "sent"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    exported = export_review(folder, sample=24, seed=1, to=str(tmp_path / "sent"))
    assert told["page"] == exported.page
    filled = fill(exported, tmp_path / "ada.csv")

    assert main(["calibrate", folder]) == 64
    assert "people have scored none of its responses" in capsys.readouterr().err

    assert main(["review", "import", filled, folder, "--rater", "Ada"]) == 0
    assert "48 labels by Ada; 0 passed on, 0 not answered" in capsys.readouterr().out

    monkeypatch.setenv("COLUMNS", "80")
    assert main(["calibrate", folder]) == 0
    shown = capsys.readouterr().out
    assert "…" not in shown, "a name or a number without room"
    assert "judge  " in shown
    monkeypatch.setenv("COLUMNS", "160")
    assert main(["calibrate", folder]) == 0
    shown = capsys.readouterr().out
    for words in (
        "24 responses labelled (Ada 24)",
        "Spearman",
        "people \\ judge",
        "corrected",
        "Rogan-Gladen",
    ):
        assert words in shown
    assert read_run(folder).scorecard.calibration == {}

    assert main(["calibrate", folder, "--apply", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["calibration"]["tone"]["judges"][JUDGE]["n"] == 24
    assert told["candidates"][FIRST]["tone"]["calibrated"]["method"] == "ppi++"
    assert read_run(folder).scorecard.calibration.keys() == {"correctness", "tone"}

    assert main(["report", folder]) == 0
    assert f"by people's labels {FIRST}:" in capsys.readouterr().out


@pytest.mark.usefixtures("_plain")
def test_a_refused_correction_says_why_on_the_terminal(folder, tmp_path, capsys):
    own = tmp_path / "own.csv"
    rows = [f"r{n},{FIRST},correctness,yes,{who}" for n in range(1, 4) for who in ("Ada", "Bob")]
    own.write_text("\n".join(["record_id,candidate,criterion,score,rater", *rows]))
    assert main(["review", "import", str(own), folder, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["raters"] == ["Ada", "Bob"]
    assert main(["calibrate", folder]) == 0
    shown = capsys.readouterr().out
    for words in (
        "left out of the correction 3 labelled responses were not drawn", "no corrected mean: not corrected",
        "Ada and Bob: 3 responses, agreement 100 % (29–100 %), kappa –", "no true_negative_rate",
    ):  # fmt: skip
        assert words in shown


@pytest.mark.usefixtures("_plain")
def test_a_bad_file_ends_with_64_and_a_line_per_problem(folder, tmp_path, capsys):
    exported = export_review(folder, sample=24, seed=1)
    filled = fill(exported, tmp_path / "ada.csv", item1_tone="7", item2_tone="8")
    assert main(["review", "import", filled, folder]) == 64
    assert capsys.readouterr().err.count("is no score on tone") == 2
    assert main(["review", "export", folder, "-c", "warmth"]) == 64


# What is not there


def test_a_failed_response_is_not_shown_and_what_does_not_apply_is_not_asked(tmp_path):
    folder = write_uneven_run(tmp_path)
    key = json.loads(Path(export_review(folder, sample=99, seed=1).key).read_text())
    assert key["sampling"]["population"] == {"records": 8, "responses": 15}
    asked = {(item["record_id"], item["candidate"]): item["criteria"] for item in key["items"]}
    assert ("r0", SECOND) not in asked
    assert asked["r1", FIRST] == ["tone"]
    assert asked["r2", FIRST] == ["correctness", "tone"]


@pytest.mark.usefixtures("_plain")
def test_each_judge_stands_alone_and_all_together(tmp_path, capsys):
    folder = write_uneven_run(tmp_path)
    exported = export_review(folder, sample=99, seed=1)
    capsys.readouterr()
    filled = fill(
        exported, tmp_path / "ada.csv",
        lambda n, _place: {"correctness": n % 2 == 0, "tone": 1 + (n + (n == 3)) % 5}, item4_tone="?",
    )  # fmt: skip
    assert main(["review", "import", filled, folder, "--rater", "Ada"]) == 0
    assert "27 labels by Ada; 1 passed on, 0 not answered" in capsys.readouterr().out
    assert main(["calibrate", folder]) == 0
    shown = capsys.readouterr().out
    assert "all together" in shown
    assert "14 responses labelled (Ada 14), 1 passed on" in shown
    found = calibrate(RunDefinition.load(folder)).criteria["tone"]
    assert found.judges["pro"].n == found.joined.n == 14
    assert found.judges["lite-judge"].n < 14


@pytest.mark.usefixtures("_plain")
def test_export_says_what_was_drawn_and_what_is_next(folder, capsys):
    assert main(["review", "export", folder, "--sample", "10", "--seed", "4"]) == 0
    shown = capsys.readouterr().out
    assert "10 of 60 responses: 5 of 30 records, drawn at random (seed 4)" in shown
    assert f"\nevaldrop review import FILE {folder}\n" in shown


def test_a_run_without_tables_or_criteria_has_nothing_to_review(folder):
    Path(folder, "responses.parquet").unlink()
    with pytest.raises(StorageError, match=r"evaldrop report .* makes the tables"):
        export_review(folder, sample=10, seed=1)
    run = json.loads(Path(folder, "run.json").read_text())
    Path(folder, "run.json").write_text(json.dumps({**run, "criteria": []}))
    with pytest.raises(InputError, match="no criterion, so there is nothing to score"):
        export_review(folder, sample=10, seed=1)


def test_labels_on_a_menu_of_names_are_joined_by_majority(tmp_path):
    """Three people on three answers: the judge that says what two of three say agrees wholly."""
    menu = {"choices": {"one": 1.0, "two": 0.0, "tie": 0.5}}
    kind = {"name": "tone", "question": "Which?", "scale": menu}
    folder = str(tmp_path / "support" / "menu")
    said = [("one", "two", "tie")[n % 3] for n in range(12)]
    rows = [
        row(f"r{n}", response(FIRST, f"text {n}", judgements=[judgement({"tone": said[n]}, judge=JUDGE)]))
        for n in range(12)
    ]
    evaluation = {"candidates": [{"name": FIRST, "model": LITE}], "judges": [{"name": JUDGE, "model": PRO}]}
    run = run_json(evaluation=evaluation, criteria=[kind], run_id="menu")
    records = [record(f"r{n}", judges=(JUDGE,), criteria=("tone",)) for n in range(12)]
    write_run(folder, run=run, records=records, succeeded=rows)
    build_scorecard(folder)
    third = [("two", "tie", "one")[n % 3] for n in range(12)]
    path = tmp_path / "labels.csv"
    lines = [
        f"r{n},{FIRST},tone,{answers[n]},{rater}"
        for rater, answers in {"A": said, "B": said, "C": third}.items()
        for n in range(12)
    ]
    path.write_text("\n".join(["record_id,candidate,criterion,score,rater", *lines]))
    import_review(str(path), folder, rater=None, imported_at=NOW)
    found = calibrate(RunDefinition.load(folder)).criteria["tone"]
    assert (found.joined.n, found.joined.agreement, found.joined.kappa) == (12, 1.0, 1.0)
    assert found.joined.kappa_weights == "none"
    kappas = {(one.a, one.b): one.kappa for one in found.between_raters}
    assert kappas == {("A", "B"): 1.0, ("A", "C"): pytest.approx(-0.5), ("B", "C"): pytest.approx(-0.5)}


def test_means_of_people_are_labels_of_a_scale(folder, tmp_path):
    path = tmp_path / "means.csv"
    path.write_text(
        "record_id,candidate,criterion,score\n"
        f'r1,{FIRST},tone,2.33\nr2,{FIRST},tone,"3,5"\nr3,{FIRST},correctness,0.67\n'
    )
    import_review(str(path), folder, rater="three people", imported_at=NOW)
    assert [label.score for label in read_labels(folder)] == [2.33, 3.5, 0.67]
    found = calibrate(RunDefinition.load(folder)).criteria
    assert found["tone"].n_labelled == 2
    assert found["correctness"].joined.n == 1
    path.write_text(f"record_id,candidate,criterion,score\nr1,{FIRST},tone,5.2\n")
    with pytest.raises(InputError, match="is no score on tone"):
        import_review(str(path), folder, rater=None, imported_at=NOW)
