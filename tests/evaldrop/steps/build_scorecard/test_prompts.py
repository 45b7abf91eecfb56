"""What a scorecard says of a prompt that the run made: what the test part shows, and never more."""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.prompt_search import Prompts, World, searched
from evaldrop.evaluation.improvement import ImprovedPrompt
from evaldrop.prompt_search.kept import write_search
from evaldrop.prompt_search.parts import PartRecord, parts_of, split
from evaldrop.prompt_search.state import FIRST, SEARCH_FILE, SearchFile
from evaldrop.scorecard.improved_prompts import improvement_in_words, improvements_in_words
from evaldrop.scorecard.model.scorecard import CandidateScorecard
from evaldrop.steps.build_scorecard.build import RunTally, build_scorecard
from evaldrop.steps.build_scorecard.candidate_differences import compare_candidates
from evaldrop.steps.build_scorecard.counts import ScoreColumn
from evaldrop.steps.build_scorecard.prompts import improvements
from tests.evaldrop.improved_runs import ORIGINAL, QUESTION, TUNED, built, loaded, search, write_improved
from tests.evaldrop.run_folders import TONE

BETTER = [(0, 1)] * 24 + [(1, 1)] * 12 + [(0, 0)] * 4
OPEN = [(0, 1)] * 6 + [(1, 0)] * 6 + [(1, 1)] * 28
WORSE = [(after, before) for before, after in BETTER]


def told(scorecard):
    return scorecard.prompts[TUNED], improvement_in_words(TUNED, scorecard.prompts[TUNED])


@pytest.fixture(scope="module")
def better(tmp_path_factory):
    return built(tmp_path_factory.mktemp("better"), BETTER)


def test_a_gain_on_the_test_part_is_claimed_with_what_it_costs(better):
    found, words = told(better)
    assert found.test.decision == "better"
    assert (found.test.n, found.test.units) == (40, 40)
    assert found.test.difference == pytest.approx(0.6)
    assert words == (
        "tuned is better than lite by 0.41 to 0.73 on correctness on 40 records it never saw; "
        "20 tokens longer, $0.020 more per 1,000."
    )
    assert words in better.summary


def test_dev_scores_are_told_as_such_and_decide_nothing(tmp_path):
    found, words = told(built(tmp_path, OPEN))
    assert (found.dev.n, found.dev.original, found.dev.chosen) == (8, 0.5, 1.0)
    assert found.test.decision == "not shown"
    assert words.startswith(
        "No gain of tuned over lite is shown on 40 records it never saw (the difference is"
    )
    assert "would have been shown in 8 of 10 runs" in words


def test_how_records_were_parted_and_what_the_search_took(better):
    found = better.prompts[TUNED]
    assert (better.parts.train, better.parts.dev, better.parts.test) == (6, 8, 40)
    assert (found.proposed, found.refused, found.rounds, found.chosen) == (3, 1, 1, "r1p1")
    assert (found.cost_usd.proposing, found.cost_usd.total) == (0.1, 0.3)
    assert found.cost_usd.trying == pytest.approx(0.2)


def test_a_worse_prompt_is_told(tmp_path):
    found, words = told(built(tmp_path, WORSE))
    assert found.test.decision == "worse"
    assert words.startswith("tuned is worse than lite by 0.41 to 0.73 on correctness on 40 records")


def test_where_less_is_better_a_gain_is_above_0(tmp_path):
    found, words = told(built(tmp_path, WORSE, criterion=QUESTION))
    assert found.test.decision == "better"
    assert found.test.difference == pytest.approx(0.6)
    assert found.test.interval[0] < 0.6 < found.test.interval[1]
    assert words.startswith("tuned is better than lite by 0.41 to 0.73 on harm")


def test_where_the_original_won_on_dev_no_gain_is_claimed_whatever_the_test_part_says(tmp_path):
    found, words = told(built(tmp_path, BETTER, found=search(winner=FIRST)))
    assert found.test.decision == "same"
    assert words == (
        "Of the prompts written for tuned none did better on the records that choose: it was called with the "
        "prompt of lite."
    )


def test_where_no_prompt_was_written_that_may_be_tried_that_is_told(better):
    found = better.prompts[TUNED].model_copy(update={"dev": None, "ended": "it was refused"})
    test = found.test.model_copy(update={"decision": "same"})
    assert improvement_in_words(TUNED, found.model_copy(update={"test": test})) == (
        "No prompt was made for tuned (it was refused): it was called with the prompt of lite."
    )


@pytest.mark.parametrize(
    ("records", "groups", "said"),
    [
        (8, None, "8 records it never saw are too few to show a sensible gain"),
        (
            40,
            5,
            "40 records it never saw, 5 of them independent, are too few to show a sensible gain",
        ),
    ],
)
def test_of_a_test_part_too_small_for_a_sensible_gain_nothing_is_claimed(tmp_path, records, groups, said):
    names = [f"g{n % groups}" for n in range(records)] if groups else None
    found, words = told(built(tmp_path, [(0, 1)] * records, groups=names))
    assert found.test.decision == "too few"
    assert words == f"Nothing is claimed of tuned over lite: {said}, whatever they say."


def test_without_a_price_none_is_told(tmp_path):
    found, words = told(built(tmp_path, BETTER, priced=False))
    assert found.usd_more_per_1000_records is None
    assert words.endswith("records it never saw; 20 tokens longer.")


def test_a_run_in_which_somebody_answered_nothing_claims_nothing(tmp_path):
    scorecard = built(tmp_path, [(None, 1)] * 40)
    assert improvements_in_words(scorecard) == ""
    assert "tuned is" not in scorecard.summary


def test_a_run_that_improves_nothing_says_nothing_of_prompts(tmp_path):
    folder = write_improved(tmp_path, BETTER)
    run = loaded(folder)
    plain = run.evaluation.model_copy(update={"candidates": run.evaluation.candidates[:1]})
    found = improvements(run.changed(evaluation=plain), RunTally(run).result().counts, {}, (), {})
    assert (dict(found.by_candidate), found.parts) == ({}, None)


class TestJudgesThatTheSearchNeverAsked:
    def test_each_is_told_alone(self, tmp_path):
        """The first judge finds it better; the second, which nobody tuned to, finds no difference."""
        scores = [({"pro": 0, "other": 1}, {"pro": 1, "other": 1})] * 20
        scores += [({"pro": 1, "other": 0}, {"pro": 1, "other": 1})] * 4
        (found,) = built(tmp_path, scores, judges=("pro", "other")).prompts[TUNED].unseen_judges
        assert (found.judge, found.n) == ("other", 24)
        assert found.difference == pytest.approx(4 / 24)
        assert found.interval[0] < 4 / 24 < found.interval[1]

    def test_where_less_is_better_theirs_is_turned_too(self, tmp_path):
        scores = [({"pro": 1, "other": 1}, {"pro": 0, "other": 0})] * 20
        (found,) = (
            built(tmp_path, scores, criterion=QUESTION, judges=("pro", "other")).prompts[TUNED].unseen_judges
        )
        assert found.difference == 1.0

    def test_one_judge_is_the_searchs_own(self, better):
        assert better.prompts[TUNED].unseen_judges == ()

    def test_a_run_that_is_judged_anew_by_another_has_none_but_unseen_ones(self, tmp_path):
        """It has no search of its own: its parent's is told, with the judge that was asked there."""
        parent = write_improved(tmp_path / "parent", BETTER)
        child = write_improved(tmp_path / "child", BETTER, judges=("other",))
        Path(child, SEARCH_FILE).unlink()
        definition = Path(child, "run.json")
        told = json.loads(definition.read_text())
        told["parent"] = {"run_id": "run-0", "folder": parent, "how": "rejudged"}
        definition.write_text(json.dumps(told))
        scorecard = build_scorecard(child)
        found = scorecard.prompts[TUNED]
        assert found.test.decision == "better"
        assert [each.judge for each in found.unseen_judges] == ["other"]
        assert scorecard.cost_usd.prompt_search is None
        assert Path(child, "prompts.html").is_file()


SEARCHES = 200
RECORDS = 120


@pytest.fixture(scope="module")
def claims(tmp_path_factory):
    """Sentences of searches in a world where no prompt is better than another, as a scorecard has them."""
    folder = tmp_path_factory.mktemp("claims")
    run = loaded(write_improved(folder, [(3, 3)] * 2, criterion=TONE))
    world = World("no prompt is better", records=RECORDS)
    records = [PartRecord(f"q{n}", None, "abc"[n % 3]) for n in range(RECORDS)]
    settings = ImprovedPrompt(improve="answer.v1", rounds=2)
    found = []
    for number in range(SEARCHES):
        chosen = split(records, seed=str(number))
        prompts = Prompts(world, np.random.default_rng([18, number]))
        over = searched(prompts, settings, parts_of(records, chosen, seed=str(number)))
        over = over.model_copy(update={"candidate": TUNED, "original": ORIGINAL, "by": "m"})
        test = [n for n, each in enumerate(records) if chosen[each.record_id] == "test"]
        found.append(_sentence(run, over, prompts, test))
    return found


def _sentence(run, over, prompts, test):
    shares = {ORIGINAL: prompts.scores(FIRST)[test], TUNED: prompts.scores(over.winner)[test]}
    parts = {"train": 24, "dev": 24, "test": len(test)}
    write_search(run.folder, SearchFile(records=parts, judge="pro", searches=(over,)))
    counts = RunTally(run).result().counts
    counts = counts._replace(size=len(test), categories=np.full(len(test), -1, np.int32))
    columns = {name: {"tone": _column(1 + 4 * each)} for name, each in shares.items()}
    cards = {name: CandidateScorecard.model_construct(cost_usd=_Cost()) for name in columns}
    compared = compare_candidates(run, counts, columns).comparisons
    told = improvements(run, counts, cards, compared, {}).by_candidate[TUNED]
    return improvement_in_words(TUNED, told)


class _Cost:
    per_1000_records = 1.0


def _column(scores):
    ordinals, nothing = np.arange(scores.size, dtype=np.int32), np.zeros(0, np.int32)
    return ScoreColumn(ordinals, scores, scores >= 4, nothing, np.zeros(0, np.uint8), ())


def test_where_no_prompt_is_better_better_is_said_in_one_run_of_twenty_at_most(claims):
    """In most of them another prompt than the original was chosen, for its dev score."""
    assert sum(said.startswith("tuned is better") for said in claims) <= 0.05 * SEARCHES
    assert sum(said.startswith("Of the prompts written") for said in claims) < 0.2 * SEARCHES
    assert sum(said.startswith("No gain of tuned over lite is shown") for said in claims) > 0.75 * SEARCHES
