"""Which labels are about a run, and which may correct its means: only a random sample of that very run."""

import pytest

from evaldrop.scorecard.calibration.label import Label, Population, Sampling
from evaldrop.scorecard.calibration.matching import PeoplesScore, holds_mean, match_labels
from tests.evaldrop.scorecard.calibration.test_agreement import BINARY, MENU, ORDERED, TONE

SAMPLING = Sampling(
    seed=1, population=Population(records=50, responses=50), sample=Population(records=10, responses=10)
)


def label(number, score=1.0, **changes):
    fields = {
        "run_id": "run-1", "simulated": False, "review_id": "rev", "position": number, "sampling": SAMPLING,
        "record_id": f"r{number}", "candidate": "lite", "criterion": "right", "question": BINARY.question,
        "response_sha256": f"sha{number}", "rater": "Ada", "score": score,
        "reason": None if score is not None else "unanswered", "imported_at": "2026-11-21T10:00:00+00:00",
    }  # fmt: skip
    return Label(**{**fields, **changes})


def match(*labels, run_id="run-1"):
    digests = {(each.record_id, each.candidate): f"sha{each.record_id[1:]}" for each in labels}
    return match_labels(labels, {"right": BINARY, "tone": TONE}, digests, run_id).get("right")


def test_a_whole_review_is_a_random_sample():
    found = match(*(label(n, n % 2) for n in range(1, 11)))
    assert len(found.random) == 10
    assert found.reason is None
    assert found.of_people(BINARY)["r3", "lite"].worth == 1


def test_the_first_of_a_random_order_are_one_too():
    found = match(*(label(n, 1 if n <= 6 else None) for n in range(1, 11)))
    assert len(found.random) == 6
    assert found.reason is None


def test_labels_that_people_chose_to_give_are_refused_for_the_mean_but_not_for_agreement():
    found = match(*(label(n, 1 if n in (1, 2, 7) else None) for n in range(1, 11)))
    assert found.random == frozenset()
    assert "3 of 10 drawn responses are labelled, and not the first ones" in found.reason
    assert len(found.of_people(BINARY)) == 3


def test_what_one_person_left_out_another_may_fill_in():
    ada = [label(n, 1 if n != 3 else None) for n in range(1, 6)]
    bob = [label(n, 1 if n == 3 else None, rater="Bob") for n in range(1, 6)]
    assert match(*ada).random == frozenset()
    assert len(match(*ada, *bob).random) == 5


@pytest.mark.parametrize(("n_skipped", "is_random"), [(1, True), (2, False)])
def test_passing_on_more_than_one_in_ten_leaves_no_random_sample(n_skipped, is_random):
    skipped = [label(n, None, reason="cannot_tell") for n in range(1, n_skipped + 1)]
    found = match(*skipped, *(label(n) for n in range(n_skipped + 1, 11)))
    assert bool(found.random) is is_random
    assert found.n_skipped == n_skipped
    assert is_random or f"passed on {n_skipped} of 10" in found.reason


def test_labels_of_ones_own_are_refused_and_spoil_no_drawn_ones():
    own = [label(n, review_id=None, position=None, sampling=None) for n in (20, 21)]
    found = match(*own)
    assert found.random == frozenset()
    assert "were not drawn by" in found.reason
    both = match(*own, *(label(n) for n in range(1, 6)))
    assert both.random == {(f"r{n}", "lite") for n in range(1, 6)}
    assert both.reason.startswith("2 labelled responses were not drawn")


def test_a_sample_of_another_run_is_none_of_this_one():
    found = match(*(label(n) for n in range(1, 6)), run_id="run-2")
    assert found.random == frozenset()
    assert found.reason == "5 labelled responses are a sample of run run-1, not of this one."


def test_two_reviews_of_a_run_are_one_sample():
    other = [label(n, review_id="rev2", position=n - 4) for n in range(5, 9)]
    assert len(match(*(label(n) for n in range(1, 6)), *other).random) == 8


@pytest.mark.parametrize("change", [
    {"response_sha256": "other"}, {"question": "Is it wrong?"}, {"criterion": "gone"}, {"score": 7.0},
])  # fmt: skip
def test_another_response_question_criterion_or_scale_is_not_about_this_run(change):
    assert match(label(1, **change)) is None


def test_the_last_of_a_persons_answers_counts_and_an_unanswered_one_takes_none_back():
    later = "2026-11-21T11:00:00+00:00"
    found = match(label(1, 0), label(2, 1), label(1, 1, imported_at=later), label(2, None, imported_at=later))
    assert found.by_rater == {"Ada": {("r1", "lite"): 1, ("r2", "lite"): 1}}
    assert len(found.random) == 2


def test_several_people_are_joined_by_majority_or_by_the_mean():
    people = [label(1, score, rater=str(rater)) for rater, score in enumerate((1, 1, 0))]
    response = ("r1", "lite")
    assert match(*people).of_people(BINARY) == {response: PeoplesScore(1, 1)}
    assert match(*people[1:]).of_people(BINARY) == {response: PeoplesScore(0.5, 0.5, is_drawn=True)}
    warm = [label(1, score, rater=str(score), criterion="tone", question=TONE.question) for score in (1, 2)]
    found = match_labels(warm, {"tone": TONE}, {("r1", "lite"): "sha1"}, "run-1")["tone"]
    assert found.of_people(TONE) == {response: PeoplesScore(1.5, 0)}


def on_menu(criterion, *scores):
    people = [
        label(1, score, rater=f"{n}", criterion="kind", question=criterion.question)
        for n, score in enumerate(scores)
    ]
    found = match_labels(people, {"kind": criterion}, {("r1", "lite"): "sha1"}, "run-1")
    return found["kind"].of_people(criterion)["r1", "lite"]


def test_answers_that_are_names_are_joined_by_majority_and_a_draw_is_no_answer():
    """Two people's A (1) and one's C (0) are A; by the mean it would be 0.67, which is no answer at all."""
    assert on_menu(MENU, 1.0, 1.0, 0.0) == PeoplesScore(1, 1)
    assert on_menu(MENU, 1.0, 0.0) == PeoplesScore(0.5, 0.5, is_drawn=True)
    assert on_menu(MENU, 1.0, 0.5, 0.0).is_drawn


def test_a_menu_that_says_so_has_an_order_and_a_mean():
    assert on_menu(ORDERED, 1.0, 1.0, 0.0) == PeoplesScore(pytest.approx(2 / 3), 0)


@pytest.mark.parametrize(("criterion", "score", "is_kept"), [
    (TONE, 7 / 3, True), (TONE, 3.1, False), (BINARY, 2 / 3, True), (MENU, 0.7, False), (MENU, 0.5, True),
])  # fmt: skip
def test_means_of_people_are_labels_but_of_names(criterion, score, is_kept):
    assert holds_mean(criterion, score) == is_kept
