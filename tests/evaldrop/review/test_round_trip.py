"""Export, label, import, calibrate: the whole way, as a person and a script go it."""

import csv
import io
import json
from pathlib import Path

import pytest

from evaldrop import storage
from evaldrop.calibration import calibrate
from evaldrop.cli import main
from evaldrop.errors import InputError, StorageError
from evaldrop.review.exporting import export_review
from evaldrop.review.importing import import_review
from evaldrop.review.labels import read_labels, write_labels
from evaldrop.runs import read_run
from evaldrop.scorecard import build_scorecard
from evaldrop.scorecard.source import read_run_file
from evaldrop.statistics import clustered_ppi_mean
from tests.evaldrop.review.reviewed_runs import FIRST, JUDGE, SECOND, scores, write_reviewed_run

NOW = "2026-11-21T10:00:00+00:00"
RECORDS = 30


@pytest.fixture
def folder(tmp_path):
    return write_reviewed_run(tmp_path, records=RECORDS)


def person(number, place, *, kind=0):
    """What people say: as the judge on correctness but for every seventh record, tone a point lower."""
    judged = scores(number, place)
    right = judged["correctness"] != (number % 7 == kind)
    return {"correctness": right, "tone": max(1, judged["tone"] - 1)}


def fill(exported, path, answer=person, **changes):
    """Fill an exported sheet in and save it; `changes`: item number and criterion, joined by _, to a cell."""
    key = {str(item["position"]): item for item in json.loads(Path(exported.key).read_text())["items"]}
    rows = list(csv.reader(io.StringIO(Path(exported.sheet).read_text(encoding="utf-8-sig"), newline="")))
    for row in rows[1:]:
        item = key[row[1]]
        said = answer(int(item["record_id"][1:]), (FIRST, SECOND).index(item["candidate"]))
        cell = "" if said is None else said[row[2]]
        if isinstance(cell, bool):
            cell = "yes" if cell else "no"
        row[3] = str(changes.get(f"item{row[1]}_{row[2]}", cell))
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream).writerows(rows)
    return str(path)


def bring_back(folder, tmp_path, *, rater="Ada", now=NOW, sample=24, answer=person, **changes):
    exported = export_review(folder, sample=sample, seed=1, to=str(tmp_path / "sent"))
    filled = fill(exported, tmp_path / f"{rater}.csv", answer, **changes)
    return import_review(filled, folder, rater=rater, imported_at=now)


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
    found = calibrate(read_run_file(folder))
    seen = sorted({int(label.record_id[1:]) for label in read_labels(folder)})
    others = [n for n in range(RECORDS) if n not in seen]
    assert len(seen) == 12
    wanted = clustered_ppi_mean(
        [person(n, 1)["tone"] for n in seen],
        [scores(n, 1)["tone"] for n in seen],
        [scores(n, 1)["tone"] for n in others],
        labelled_groups=seen,
        unlabelled_groups=others,
    )
    mean = found.means[SECOND]["tone"]
    assert mean.mean == pytest.approx(wanted.mean)
    assert mean.interval == pytest.approx(wanted.interval)
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
    grouped, single = (calibrate(read_run_file(place)).means[FIRST]["tone"] for place in (folder, alone))
    assert grouped.n_labelled == single.n_labelled == 12
    assert grouped.standard_error != pytest.approx(single.standard_error)


def test_several_people_are_compared_and_joined(folder, tmp_path):
    bring_back(folder, tmp_path)
    bring_back(folder, tmp_path, rater="Bob", answer=lambda *which: person(*which, kind=1))
    found = calibrate(read_run_file(folder)).criteria["correctness"]
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
    found = calibrate(read_run_file(folder))
    assert found.criteria["tone"].joined.n == 10
    assert not found.criteria["tone"].random_sample
    mean = found.means[FIRST]["tone"]
    assert mean.mean is None
    assert "nobody knows how they were chosen" in mean.reason


def test_the_first_records_of_the_dataset_are_no_random_sample(folder, tmp_path):
    """What the method's oracle shows to fail: the easy half labelled, the rest not."""
    bring_back(folder, tmp_path, answer=lambda n, place: person(n, place) if n < 15 else None)
    mean = calibrate(read_run_file(folder)).means[FIRST]["tone"]
    assert mean.mean is None
    assert "not the first ones of the random order" in mean.reason


def test_labels_of_another_run_are_compared_where_the_response_is_the_same(folder, tmp_path):
    bring_back(folder, tmp_path)
    again = write_reviewed_run(tmp_path, records=RECORDS, run_id="run-2")
    other = write_reviewed_run(tmp_path, records=RECORDS, run_id="run-3", answers="another answer")
    found = calibrate(read_run_file(again))
    assert found.criteria["tone"].joined.n == 24
    assert found.means[FIRST]["tone"].mean is None
    assert "sample of run run-1" in found.means[FIRST]["tone"].reason
    # Only the hostile responses are the same there, if they were drawn.
    matched = calibrate(read_run_file(other))
    assert matched is None or matched.criteria["tone"].n_labelled == 2


# What is wrong is told, and nothing is stored


def test_every_problem_is_told_with_its_line_and_nothing_is_stored(folder, tmp_path):
    with pytest.raises(InputError) as caught:
        bring_back(folder, tmp_path, item3_tone="9", item5_correctness="perhaps")
    told = str(caught.value).splitlines()
    assert len(told) == 2
    assert "line 7: '9' is no score on tone; use 1, 2, 3, 4, 5, or ? to pass" in told[0]
    assert "line 10: 'perhaps' is no score on correctness; use no, yes, or ? to pass" in told[1]
    assert read_labels(folder) == []


def review_file(exported, tmp_path, answers, **changes):
    key = json.loads(Path(exported.key).read_text())
    file = tmp_path / "answers.json"
    file.write_text(
        json.dumps({"kind": "evaldrop-review", "review_id": key["review_id"], "answers": answers, **changes})
    )
    return str(file)


@pytest.mark.parametrize(("answers", "problem"), [
    ([{"item": 99, "criterion": "tone", "score": 3}], "no item 99 in this review (1 to 24)"),
    ([{"item": 1, "criterion": "warmth", "score": 3}], 'item 1 was not asked for "warmth"'),
    ([{"item": 1, "criterion": "tone", "score": score} for score in (3, 4)], "two different scores"),
    ([{"item": 1, "criterion": "tone", "score": None}], "no row has a score"),
    ([], "no answers in it"),
])  # fmt: skip
def test_what_does_not_fit_the_review_is_refused(folder, tmp_path, answers, problem):
    exported = export_review(folder, sample=24, seed=1)
    with pytest.raises(InputError) as caught:
        import_review(review_file(exported, tmp_path, answers), folder, rater=None, imported_at=NOW)
    assert problem in str(caught.value)


@pytest.mark.parametrize("review", ["ffffffffff", "../../../run", "", "None"])
def test_a_review_of_another_run_is_refused(folder, tmp_path, review):
    exported = export_review(folder, sample=24, seed=1)
    file = review_file(exported, tmp_path, [{"item": 1, "criterion": "tone", "score": 3}], review_id=review)
    with pytest.raises(InputError, match="was not exported from"):
        import_review(file, folder, rater=None, imported_at=NOW)


def test_rows_of_two_reviews_are_refused(folder, tmp_path):
    file = tmp_path / "two.csv"
    file.write_text("review,item,criterion,score\nabc,1,tone,3\ndef,1,tone,3\n")
    with pytest.raises(InputError, match="rows of several reviews"):
        import_review(str(file), folder, rater=None, imported_at=NOW)


def test_a_broken_key_is_no_labels(folder, tmp_path):
    exported = export_review(folder, sample=24, seed=1)
    file = review_file(exported, tmp_path, [{"item": 1, "criterion": "tone", "score": 3}])
    Path(exported.key).write_text("{}")
    with pytest.raises(StorageError, match="not a review's key"):
        import_review(file, folder, rater=None, imported_at=NOW)


@pytest.mark.parametrize(("row", "problem"), [
    ("r99,xanthippe,tone,3", 'no response of candidate "xanthippe" to record "r99"'),
    ("r1,nobody,tone,3", 'no response of candidate "nobody"'),
    ("r1,xanthippe,warmth,3", 'no criterion "warmth" in this run'),
    ("r1,xanthippe,tone,6", "'6' is no score on tone"),
    ("r2,xanthippe,tone,4", "r2 / xanthippe / tone has two different scores"),
])  # fmt: skip
def test_labels_of_ones_own_are_checked_as_well(folder, tmp_path, row, problem):
    file = tmp_path / "own.csv"
    file.write_text(f"record_id,candidate,criterion,score\nr2,{FIRST},tone,3\n{row}\n")
    with pytest.raises(InputError, match="line 3: ") as caught:
        import_review(str(file), folder, rater=None, imported_at=NOW)
    assert problem in str(caught.value)


def test_very_many_problems_are_not_all_told(folder, tmp_path):
    file = tmp_path / "own.csv"
    file.write_text("record_id,candidate,criterion,score\n" + "r99,x,tone,3\n" * 60)
    with pytest.raises(InputError, match="and 10 more problems"):
        import_review(str(file), folder, rater=None, imported_at=NOW)


# Storing


def test_an_import_changes_no_file_that_is_there(folder, tmp_path):
    first = Path(bring_back(folder, tmp_path).labels)
    content = first.read_bytes()
    second = Path(bring_back(folder, tmp_path, item1_tone="?", now="2026-11-21T11:00:00+00:00").labels)
    assert first != second
    assert first.read_bytes() == content
    assert second.name.startswith("20261121T110000Z-Ada-")


def test_a_line_that_is_no_label_is_named(folder, tmp_path):
    done = bring_back(folder, tmp_path)
    Path(done.labels).write_text('{"score": 3}\n')
    with pytest.raises(StorageError, match=r"jsonl line 1: not a label"):
        read_labels(folder)


def test_a_run_without_a_folder_above_it_has_nowhere_to_keep_labels(folder, tmp_path):
    bring_back(folder, tmp_path)
    labels = read_labels(folder)
    assert read_labels("/") == []
    with pytest.raises(StorageError, match="kept in the folder above"):
        write_labels("/", labels)


def test_on_s3_it_is_the_same(bucket, tmp_path):
    local = Path(write_reviewed_run(tmp_path, records=6))
    for path in local.rglob("*"):
        if path.is_file():
            place = f"s3://{bucket}/runs/support/run-1/{path.relative_to(local).as_posix()}"
            storage.write_bytes(place, path.read_bytes())
    folder = f"s3://{bucket}/runs/support/run-1"
    exported = export_review(folder, sample=6, seed=1)
    content = storage.read_bytes(exported.sheet).decode("utf-8-sig")
    filled = tmp_path / "filled.csv"
    rows = list(csv.reader(io.StringIO(content, newline="")))
    for number, row in enumerate(rows[1:]):
        row[3] = "yes" if row[2] == "correctness" else str(1 + number % 5)
    with filled.open("w", newline="") as stream:
        csv.writer(stream).writerows(rows)
    done = import_review(str(filled), folder, rater="Ada", imported_at=NOW)
    assert done.labels.startswith(f"s3://{bucket}/runs/support/labels/")
    assert calibrate(read_run_file(folder)).criteria["tone"].n_labelled == 6


# The commands


@pytest.fixture
def _plain(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "160")


@pytest.mark.usefixtures("_plain")
def test_the_commands_go_the_whole_way(folder, tmp_path, capsys):
    assert main(["review", "export", folder, "--sample", "24", "--to", str(tmp_path / "sent"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    exported = export_review(folder, sample=24, seed=1, to=str(tmp_path / "sent"))
    assert told["page"] == exported.page
    filled = fill(exported, tmp_path / "ada.csv")

    assert main(["calibrate", folder]) == 64
    assert "people have scored none of its responses" in capsys.readouterr().err

    assert main(["review", "import", filled, folder, "--rater", "Ada"]) == 0
    assert "48 labels by Ada; 0 passed on, 0 not answered" in capsys.readouterr().out

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
        "Ada and Bob: 3 responses, agreement 100 %, kappa –", "no true_negative_rate",
    ):  # fmt: skip
        assert words in shown


@pytest.mark.usefixtures("_plain")
def test_a_bad_file_ends_with_64_and_a_line_per_problem(folder, tmp_path, capsys):
    exported = export_review(folder, sample=24, seed=1)
    filled = fill(exported, tmp_path / "ada.csv", item1_tone="7", item2_tone="8")
    assert main(["review", "import", filled, folder]) == 64
    assert capsys.readouterr().err.count("is no score on tone") == 2
    assert main(["review", "export", folder, "-c", "warmth"]) == 64
