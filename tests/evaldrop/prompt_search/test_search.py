"""A search move by move, and what becomes of it when things go wrong."""

import random
from dataclasses import dataclass, field

import pytest

from evaldrop.evaluation.improvement import ImprovedPrompt
from evaldrop.prompt_search.calls import expected_calls
from evaldrop.prompt_search.parts import PartsOf
from evaldrop.prompt_search.search import (
    Finished,
    Propose,
    Tries,
    Try,
    begin,
    ended,
    next_move,
    proposal_id,
    with_proposals,
    with_results,
    with_tried,
)
from evaldrop.prompt_search.state import FIRST, Proposal, Search, Tried

SETTINGS = ImprovedPrompt(improve="answer.v1", rounds=2, proposals=2)
PARTS = PartsOf(tuple(f"t{n}" for n in range(40)), tuple(f"d{n}" for n in range(24)))


def begun():
    return begin("tuned", "haiku", "amazon.m", "text", 300)


def proposed(search, *refused, tokens=400):
    """A round of proposals, each refused for a reason or not."""
    return [
        Proposal(id=proposal_id(search.round + 1, number), parent=FIRST, text="t", tokens=tokens, refused=why)
        for number, why in enumerate(refused, start=1)
    ]


def answered(tries, qualities):
    """All that is asked, each prompt with one quality everywhere; 0.5 where nothing is said."""
    return {
        which: {
            record: Tried(quality=qualities.get(which, 0.5))
            for each in tries.tries
            if which in each.prompts
            for record in each.records
        }
        for each in tries.tries
        for which in each.prompts
    }


@dataclass
class Played:
    search: Search
    moves: list = field(default_factory=list)


def played(qualities, *, settings=SETTINGS, parts=PARTS, refused=(None, None)):
    """Play a search to its end."""
    game = Played(begun())
    for _ in range(100):
        move = next_move(game.search, settings, parts)
        game.moves.append(move)
        if isinstance(move, Finished):
            game.search = ended(game.search, move.why)
            return game
        if isinstance(move, Propose):
            game.search = with_proposals(game.search, proposed(game.search, *refused))
        else:
            game.search = with_tried(game.search, move, answered(move, qualities), parts=parts)
    raise AssertionError("it does not end")


def test_a_search_proposes_races_and_chooses_round_by_round():
    """The second round's parents are the incumbent, which is tried on train before, and the first prompt."""
    game = played({"r1p1": 0.75, "r1p2": 0.25, "r2p1": 1.0, "r2p2": 0.75})
    sample, dev = PARTS.train[:24], PARTS.dev
    first = Tries((Try((FIRST,), "train", sample), Try((FIRST,), "dev", dev)))

    assert game.moves == [
        first,
        Propose((FIRST, FIRST)),
        Tries((Try(("r1p1", "r1p2"), "dev", dev[:8]),)),
        Tries((Try(("r1p1",), "dev", dev[8:]),)),
        Tries((Try(("r1p1",), "train", sample),)),
        Propose(("r1p1", "r1p1")),
        Tries((Try(("r2p1", "r2p2"), "dev", dev[:8]),)),
        Tries((Try(("r2p1", "r2p2"), "dev", dev[8:]),)),
        Finished("r2p1", "all 2 rounds are over"),
    ]
    assert game.search.proposal("r1p2").dropped == "worse than original by 0.25 on 8 dev records"
    assert (game.search.winner, game.search.ended) == ("r2p1", "all 2 rounds are over")
    assert [each.round for each in game.search.proposals] == [0, 1, 1, 2, 2]


def test_a_search_goes_on_from_what_was_kept_of_it():
    """From its JSON after every move: the moves are those of a search that was never interrupted."""
    qualities = {"r1p1": 0.75, "r2p2": 1.0}
    search, moves = begun(), []
    while not isinstance(move := next_move(search, SETTINGS, PARTS), Finished):
        moves.append(move)
        assert next_move(search, SETTINGS, PARTS) == move
        if isinstance(move, Propose):
            search = with_proposals(search, proposed(search, None, None))
        else:
            search = with_tried(search, move, answered(move, qualities), parts=PARTS)
        search = Search.model_validate_json(search.model_dump_json())

    assert [*moves, move] == played(qualities).moves
    assert move.winner == "r2p2"


def test_the_first_prompt_wins_where_nothing_is_better():
    game = played({"r1p1": 0.5, "r1p2": 0.25, "r2p1": 0.5, "r2p2": 0.0})

    assert game.search.winner == FIRST


def test_of_equally_good_prompts_the_shorter_one_wins():
    search = begun()
    search = with_tried(search, move := next_move(search, SETTINGS, PARTS), answered(move, {}), parts=PARTS)
    search = with_proposals(search, [*proposed(search, None, tokens=250)])
    while isinstance(move := next_move(search, SETTINGS, PARTS), Tries) and move.tries[0].part == "dev":
        search = with_tried(search, move, answered(move, {}), parts=PARTS)

    assert search.incumbent == "r1p1"


def test_two_rounds_of_refused_proposals_end_a_search():
    settings = SETTINGS.model_copy(update={"rounds": 10})
    game = played({}, settings=settings, refused=("quotes a dev record", "too long"))

    assert game.moves[1:] == [
        Propose((FIRST, FIRST)),
        Propose((FIRST, FIRST)),
        Finished(FIRST, "2 rounds in a row brought no prompt to try"),
    ]


def test_rounds_without_any_proposal_end_a_search():
    game = played({}, settings=SETTINGS.model_copy(update={"rounds": 10}), refused=())

    assert game.search.ended == "2 rounds in a row brought no prompt to try"
    assert game.search.round == 2


def test_a_round_with_one_prompt_to_try_is_none_of_the_idle_ones():
    game = played({"r1p2": 1.0}, refused=("too long", None))

    assert game.search.winner == "r1p2"
    assert all(each.dev == {} for each in game.search.proposals if each.refused)


def test_where_no_try_of_the_first_prompt_has_a_score_nothing_is_proposed():
    game = played({FIRST: None})

    assert game.moves[1:] == [Finished(FIRST, "no response to the original prompt got a score on dev")]


def test_where_every_try_of_the_proposals_fails_they_drop_out_and_the_first_prompt_wins():
    game = played({"r1p1": None, "r1p2": None, "r2p1": None, "r2p2": None})

    assert game.search.winner == FIRST
    assert {each.dropped for each in game.search.proposals[1:]} == {"failed on 8 of 8 dev records"}


def test_what_was_asked_and_did_not_come_is_not_asked_again():
    search = begun()
    move = next_move(search, SETTINGS, PARTS)
    results = answered(move, {})
    del results[FIRST]["d3"]
    search = with_tried(search, move, results, parts=PARTS)

    assert search.proposal(FIRST).dev["d3"] == Tried()
    assert list(search.proposal(FIRST).dev) == list(PARTS.dev)
    assert next_move(search, SETTINGS, PARTS) == Propose((FIRST, FIRST))


def test_a_few_missing_records_leave_a_prompt_in_the_race():
    search = begun()
    search = with_tried(search, move := next_move(search, SETTINGS, PARTS), answered(move, {}), parts=PARTS)
    search = with_proposals(search, proposed(search, None, None))
    move = next_move(search, SETTINGS, PARTS)
    results = answered(move, {"r1p1": 1.0})
    for record in ("d0", "d7"):
        del results["r1p1"][record]
    search = with_tried(search, move, results, parts=PARTS)

    assert next_move(search, SETTINGS, PARTS).tries[0].prompts == ("r1p1", "r1p2")


def test_the_searchs_budget_ends_it():
    settings = SETTINGS.model_copy(update={"budget_usd": 3.0})
    search = begun()
    search = with_tried(search, move := next_move(search, settings, PARTS), answered(move, {}), parts=PARTS)
    spent = search.model_copy(update={"cost_usd": 3.0})

    assert next_move(spent, settings, PARTS) == Finished(FIRST, "its budget of $3 is spent")
    assert isinstance(next_move(search.model_copy(update={"cost_usd": None}), settings, PARTS), Propose)


@pytest.mark.parametrize(("came", "winner"), [(8, FIRST), (12, "r1p1"), (24, "r1p1")])
def test_a_search_that_is_stopped_in_a_race_has_the_leader_from_half_of_dev_on(came, winner):
    """Before, chance alone would choose; and nobody has failed on records that were never asked."""
    search = begun()
    search = with_tried(search, move := next_move(search, SETTINGS, PARTS), answered(move, {}), parts=PARTS)
    search = with_proposals(search, proposed(search, None, None))
    while isinstance(move := next_move(search, SETTINGS, PARTS), Tries) and move.tries[0].part == "dev":
        results = {
            which: {record: tried for record, tried in of_it.items() if int(record[1:]) < came}
            for which, of_it in answered(move, {"r1p1": 1.0}).items()
        }
        if all(len(of_it) == len(move.tries[0].records) for of_it in results.values()) and came > 8:
            search = with_tried(search, move, results, parts=PARTS)
            continue
        search = ended(with_results(search, move, results), "the run's budget is spent")
        break
    search = ended(search, "the run's budget is spent")

    assert search.winner == winner
    assert all(each.dropped is None for each in search.proposals)


def test_what_has_ended_stays_ended():
    search = ended(begun(), "the run's budget is spent")

    assert ended(search, "all rounds are over") == search
    assert next_move(search, SETTINGS, PARTS) == Finished(FIRST, "the run's budget is spent")


def test_without_dev_records_there_is_no_search():
    assert next_move(begun(), SETTINGS, PartsOf((), ())) == Finished(
        FIRST, "there are too few records to choose prompts by"
    )


def test_without_train_records_prompts_are_proposed_from_scores_alone():
    game = played({"r1p1": 1.0, "r2p1": 0.75}, parts=PartsOf((), PARTS.dev))

    assert {each.part for move in game.moves if isinstance(move, Tries) for each in move.tries} == {"dev"}
    assert game.search.winner == "r1p1"


def test_dev_smaller_than_a_batch_is_met_at_once():
    game = played({"r1p1": 0.75}, parts=PartsOf(PARTS.train, PARTS.dev[:3]))
    races = [move for move in game.moves if isinstance(move, Tries) and FIRST not in move.tries[0].prompts]

    assert races[0] == Tries((Try(("r1p1", "r1p2"), "dev", PARTS.dev[:3]),))
    assert game.search.winner == "r1p1"


@pytest.mark.parametrize("seed", range(40))
def test_whatever_comes_back_nothing_is_asked_twice_and_the_winner_was_in_no_way_turned_away(seed):
    """Refusals, failures, missing records and an end at any time; calls are at most the planned ones."""
    rng = random.Random(seed)
    settings = ImprovedPrompt(improve="answer.v1", rounds=rng.randint(1, 4), proposals=rng.randint(1, 5))
    parts = PartsOf(PARTS.train[: rng.choice([0, 3, 40])], tuple(f"d{n}" for n in range(rng.randint(1, 60))))
    failing, stopping = rng.choice([0, 0.1, 0.5]), rng.choice([0, 0.1])
    search, asked, proposals = begun(), set(), 0
    while not isinstance(move := next_move(search, settings, parts), Finished):
        if rng.random() < stopping:
            search = ended(search, "the run's budget is spent")
        elif isinstance(move, Propose):
            proposals += len(move.parents)
            refused = (rng.choice([None, None, "too long"]) for _ in move.parents)
            search = with_proposals(search, proposed(search, *refused, tokens=rng.randint(100, 900)))
        else:
            calls = [
                (each, which, record)
                for each in move.tries
                for which in each.prompts
                for record in each.records
            ]
            results = {which: {} for _, which, _ in calls}
            for each, which, record in calls:
                assert (which, each.part, record) not in asked
                asked.add((which, each.part, record))
                quality = None if rng.random() < failing else rng.choice([0.0, 0.5, 1.0])
                if rng.random() > failing:
                    results[which][record] = Tried(quality=quality)
            search = with_tried(search, move, results, parts=parts)
            raced = {each.id: len(each.dev) for each in search.proposals if each.dev and not each.dropped}
            assert len({met for which, met in raced.items() if which.startswith(f"r{search.round}p")}) <= 1
    winner = ended(search, move.why).proposal(move.winner)

    assert (winner.refused, winner.dropped) == (None, None)
    assert len(asked) <= expected_calls(settings, parts).most.tries
    assert proposals <= expected_calls(settings, parts).most.proposing


def test_an_incumbent_is_overtaken_by_a_later_round_and_never_by_a_worse_one():
    better = played({"r1p1": 0.75, "r2p2": 1.0})
    worse = played({"r1p1": 0.75, "r2p2": 0.6})

    assert (better.search.winner, worse.search.winner) == ("r2p2", "r1p1")


def test_ids_that_are_there_already_are_refused():
    search = with_proposals(begun(), proposed(begun(), None))
    with pytest.raises(ValueError, match="IDs are there already"):
        with_proposals(search, proposed(begun(), None))


@pytest.mark.parametrize(
    "settings",
    [
        ImprovedPrompt(instructions="Short sentences."),
        ImprovedPrompt(improve="answer.v1", by="bedrock"),
        ImprovedPrompt(improve="answer.v1", by="bedrock_job"),
    ],
    ids=["instructions", "bedrock", "bedrock_job"],
)
def test_where_there_is_no_choice_one_prompt_is_asked_for_and_is_the_winner(settings):
    search = begun()
    written = with_proposals(search, proposed(search, None))
    refused = with_proposals(search, proposed(search, "does not compile"))

    assert next_move(search, settings, PARTS) == Propose((FIRST,))
    assert next_move(written, settings, PARTS) == Finished("r1p1", "one prompt was written")
    assert next_move(refused, settings, PARTS) == Finished(
        FIRST, "the prompt that was written was refused: does not compile"
    )
    assert next_move(with_proposals(search, []), settings, PARTS) == Finished(FIRST, "no prompt was written")
