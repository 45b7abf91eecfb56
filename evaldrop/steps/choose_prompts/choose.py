"""
ChoosePrompts: takes what a turn brought, and says what the next one is, until every search has ended.

`prompts/search.json` holds all that was found, and which turn is under way; the next move follows from it
alone. A turn is taken once: whatever ends the function or the workflow, the same turn is gone through again,
without what has come of it already.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from evaldrop import storage
from evaldrop.errors import ModelRefused
from evaldrop.evaluation.improvement import BEDROCK, ImprovedPrompt
from evaldrop.evaluation.originals import improved_candidates, original_of
from evaldrop.prompt_search.kept import read_search, write_search
from evaldrop.prompt_search.search import (
    Finished,
    Propose,
    Tries,
    begin,
    ended,
    next_move,
    with_proposals,
    with_tried,
)
from evaldrop.prompt_search.size import prompt_tokens
from evaldrop.prompt_search.state import Search, SearchFile
from evaldrop.run.definition import PromptFile, RunDefinition
from evaldrop.steps.check_first_calls.check import Call, reason_of_refusal, refused
from evaldrop.steps.choose_prompts.money import Money, has_room, limit_of_tries, with_cost
from evaldrop.steps.choose_prompts.outcomes import TurnOutcome, read_trials, write_answers
from evaldrop.steps.choose_prompts.proposing import most_usd, read_proposals, wanted_prompts
from evaldrop.steps.choose_prompts.texts import texts_of
from evaldrop.steps.choose_prompts.trying import Trial, prepare_trials
from evaldrop.steps.choose_prompts.tuning_records import TuningRecords, split_records, tuning_records
from evaldrop.steps.choose_prompts.turns import (
    PROPOSALS_FILE,
    replies_of_turn,
    state_of_turn,
    turn_folder,
    write_lines,
)

JSON = dict[str, Any]


def choose_prompts(state: Mapping[str, Any]) -> JSON:
    """
    Return the workflow's state for the next turn of a run's searches, or for PrepareRecords.

    Args:
        state: `run`, and `prompt_search` with the turn that has ended; 0 before the first.

    Raises:
        ModelRefused: Somebody is refused for a reason that will not pass, and the run does not go on without.
        StorageError: A file cannot be read or written.
    """
    return Choosing(RunDefinition.load(state["run"]["folder"]), state["run"]).after(
        state["prompt_search"]["turn"]
    )


class Choosing:
    """
    Makes one move of all searches of a run.

    Args:
        run: The run.
        run_state: What the workflow's state says of it.
    """

    def __init__(self, run: RunDefinition, run_state: Mapping[str, Any]) -> None:
        self._run = run
        self._run_state = run_state
        self._settings = {candidate.name: improved for candidate, improved in improved_candidates(run.evaluation)}
        self._kept = read_search(run.folder) or self._begun()
        self._tuning = tuning_records(run)

    def after(self, turn: int) -> JSON:
        """Return the workflow's state after a turn."""
        if turn == self._kept.turn and turn > 0:
            self._take(turn)
        moves = dict(self._moves())
        proposing = {name: move for name, move in moves.items() if isinstance(move, Propose)}
        if proposing:
            return self._propose(proposing)
        trying = {name: move for name, move in moves.items() if isinstance(move, Tries)}
        if trying:
            return self._try(trying)
        return self._finish()
