"""Votes of the report's readers: stored whole or refused with every problem, and never a random sample."""

import json

import pytest

from evaldrop.errors import InputError
from evaldrop.report.review.importing import import_file
from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.calibration import calibrate
from evaldrop.scorecard.calibration.labels import read_labels
from tests.evaldrop.report.review.reviewed_runs import FIRST, NOW, SECOND, write_reviewed_run


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_reviewed_run(tmp_path_factory.mktemp("runs"), records=30)


def preference(number, preferred=FIRST):
    return {"record": f"r{number}", "candidate": FIRST, "baseline": SECOND, "preferred": preferred}


def score(number, value, **changes):
    return {"record": f"r{number}", "candidate": FIRST, "criterion": "tone", "score": value, **changes}


def voted(tmp_path, **changes):
    content = {
        "kind": "evaldrop-votes",
        "version": 1,
        "run_id": "run-1",
        "rater": "",
        "preferences": [],
        "scores": [],
    }
    file = tmp_path / "votes.json"
    file.write_text(json.dumps(content | changes))
    return str(file)


@pytest.mark.parametrize(("changes", "problems"), [
    ({"run_id": "run-2"}, ["votes on run 'run-2', not run-1"]),
    ({"preferences": "all"}, ["no saved votes"]),
    ({}, ["no vote in it"]),
    ({"preferences": [preference(1, "nobody"), {"record": 7}], "scores": [["r1"]]},
     ["preference 1: 'nobody' is none of", "preference 2: needs record", "score 1: needs record"]),
    ({"scores": [score(1, 9), score(2, 3, candidate="nobody"), score(3, 3, criterion="warmth")]},
     ["score 1: '9' is no score on tone", 'score 2: the run has no response of candidate "nobody"',
      'score 3: no criterion "warmth"']),
    ({"scores": [score(1, None), score(2, True)]}, ["score 1: needs", "score 2: needs"]),
])  # fmt: skip
def test_every_problem_is_told_and_nothing_is_stored(folder, tmp_path, changes, problems):
    with pytest.raises(InputError) as caught:
        import_file(voted(tmp_path, **changes), folder, rater=None, imported_at=NOW)
    for problem in problems:
        assert problem in str(caught.value)
    assert read_labels(folder) == []


def test_votes_cannot_be_said_to_be_drawn_at_random(folder, tmp_path):
    file = voted(tmp_path, scores=[score(1, 3)])
    with pytest.raises(InputError, match="picked these records by hand"):
        import_file(file, folder, rater=None, imported_at=NOW, drawn_at_random=True)


def test_votes_count_for_agreement_and_correct_no_mean(tmp_path):
    folder = write_reviewed_run(tmp_path, records=30)
    file = voted(tmp_path, rater="Ada", scores=[score(number, 1 + number % 5) for number in range(12)])
    import_file(file, folder, rater=None, imported_at=NOW)
    assert {(label.by_hand, label.sampling, label.rater) for label in read_labels(folder)} == {
        (True, None, "Ada")
    }
    found = calibrate(RunDefinition.load(folder))
    assert found.criteria["tone"].n_labelled == 12
    mean = found.means[FIRST]["tone"]
    assert mean.mean is None
    reason = found.criteria["tone"].reason
    assert "12 labelled responses were picked by hand while the report was read" in reason
