"""
ChoosePrompts: takes what a turn brought, and says what the next one is, until every search has ended.

`prompts/search.json` holds all that was found, and which turn is under way; the next move follows from it
alone. A turn is taken once: whatever ends the function or the workflow, the same turn is gone through again,
without what has come of it already.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, TypeVar

from evaldrop import storage
from evaldrop.errors import ModelRefused, StorageError
from evaldrop.evaluation.improvement import BEDROCK, BEDROCK_JOB
from evaldrop.evaluation.originals import improved_candidates, original_of
from evaldrop.evaluation.prompts import Prompt
from evaldrop.prompt_search.kept import read_search, turn_folder, write_search
from evaldrop.prompt_search.search import (
    Finished,
    Move,
    Propose,
    Tries,
    begin,
    ended,
    next_move,
    with_proposals,
    with_results,
    with_tried,
)
from evaldrop.prompt_search.size import prompt_tokens
from evaldrop.prompt_search.state import FIRST, Search, SearchFile
from evaldrop.run.definition import PromptFile, RunDefinition
from evaldrop.steps.check_first_calls.check import reason_of_refusal, refusal_in_words, refused
from evaldrop.steps.check_first_calls.refusals import is_lasting
from evaldrop.steps.choose_prompts.money import (
    Room,
    limit_of_tries,
    with_cost,
    with_likely_cost,
    without_cost,
)
from evaldrop.steps.choose_prompts.optimizing import optimized_prompt
from evaldrop.steps.choose_prompts.outcomes import TurnOutcome, read_trials, write_answers
from evaldrop.steps.choose_prompts.prompt_jobs import (
    PromptJob,
    is_refused,
    prompt_job,
    prompt_of_job,
)
from evaldrop.steps.choose_prompts.proposing import (
    WantedPrompt,
    checked,
    most_usd,
    read_proposals,
    wanted_prompts,
)
from evaldrop.steps.choose_prompts.texts import Variables, variables_of
from evaldrop.steps.choose_prompts.trying import Trial, prepare_trials
from evaldrop.steps.choose_prompts.tuning_records import split_records, tuning_records
from evaldrop.steps.choose_prompts.turns import (
    PROPOSALS_FILE,
    replies_of_turn,
    state_of_turn,
    write_lines,
)

JSON = dict[str, Any]
Asked = TypeVar("Asked", Propose, Tries)

_WITHOUT_SEARCH: Final = "To go on with the prompts that are there: --go-on."
BUDGET_SPENT: Final = "its budget, or the run's, has no room for more"


def choose_prompts(state: Mapping[str, Any]) -> JSON:
    """
    Return the workflow's state for the next turn of a run's searches, or for PrepareRecords.

    Args:
        state: `run`, and `prompt_search` with the turn that has ended, 0 before the first; `jobs` where
            that was one of jobs.

    Raises:
        ModelRefused: Somebody is refused for a reason that will not pass, and the run does not go on without.
        StorageError: A file cannot be read or written.
    """
    return Choosing(RunDefinition.load(state["run"]["folder"]), state["run"]).after(
        state["prompt_search"]["turn"], state.get("jobs", ())
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
        self._settings = {each.name: improved for each, improved in improved_candidates(run.evaluation)}
        self._kept = read_search(run.folder) or begun_search(run)
        self._tuning = tuning_records(run)

    def after(self, turn: int, jobs: Sequence[JSON] = ()) -> JSON:
        """Return the workflow's state after a turn, of whose jobs is told how they ended."""
        # A turn of which this is not known was taken, and the state that said so did not arrive.
        if turn == self._kept.turn:
            self._take(turn, jobs)
            self._kept = self._kept.model_copy(update={"turn": turn + 1})
        while True:
            moves = self._moves()
            proposing, by_job = self._proposing(moves)
            if by_bedrock := [name for name in proposing if self._search(name).by == BEDROCK]:
                self._optimize(by_bedrock[0])
            elif proposing:
                wanted = self._wanted(proposing)
                if wanted is not None:
                    return self._ask(wanted)
            elif trying := _of_kind(moves, Tries):
                return self._try(trying)
            elif by_job:
                # The last, for they take hours: what the others find wrong shows before.
                if jobs_asked := self._asked_of_jobs(by_job):
                    return self._await_jobs(jobs_asked)
            else:
                return self._finish()

    def _proposing(self, moves: Mapping[str, Move]) -> tuple[dict[str, Propose], list[str]]:
        """Return the searches that ask a model or Bedrock's optimiser, and those that ask a job."""
        proposing = _of_kind(moves, Propose)
        by_job = [name for name in proposing if self._search(name).by == BEDROCK_JOB]
        return {name: move for name, move in proposing.items() if name not in by_job}, by_job

    def _moves(self) -> dict[str, Move]:
        """Return the next move of each search that goes on, by candidate; those that are over are ended."""
        moves: dict[str, Move] = {}
        for search in self._kept.searches:
            if search.ended is not None:
                continue
            move = next_move(search, self._settings[search.candidate], self._tuning.parts)
            if isinstance(move, Finished):
                self._replace(search.model_copy(update={"winner": move.winner, "ended": move.why}))
            else:
                moves[search.candidate] = move
        return moves

    def _take(self, turn: int, jobs: Sequence[JSON]) -> None:
        moves = self._moves()
        proposing, by_job = self._proposing(moves)
        if proposing:
            self._take_proposals(turn, proposing)
        elif trying := _of_kind(moves, Tries):
            self._take_tries(turn, trying)
        else:
            self._take_jobs(by_job, jobs)

    def _take_proposals(self, turn: int, proposing: Mapping[str, Propose]) -> None:
        replies = replies_of_turn(self._run, turn)
        for name, move in proposing.items():
            search = self._search(name)
            found = read_proposals(self._run, search, self._settings[name], move.parents, replies)
            going_on = with_cost(with_proposals(search, found.proposals), found.cost_usd, is_proposing=True)
            if found.errors and len(found.errors) == len(found.proposals) and is_lasting(found.errors[0]):
                who = f"who writes prompts for {name}"
                if not self._run_state.get("go_on"):
                    said = refusal_in_words(who, search.by, found.errors[0], self._run)
                    raise ModelRefused(f"{said.rstrip('.')}. {_WITHOUT_SEARCH}")
                going_on = ended(going_on, "whoever was to write prompts is refused")
            self._replace(going_on)

    def _take_tries(self, turn: int, trying: Mapping[str, Tries]) -> None:
        trials = self._trials(trying)
        outcome = read_trials(self._run, turn, trials)
        refused_ones = self._refused(outcome)
        for name, move in trying.items():
            own = [each for each in trials if each.search.candidate == name]
            prompts = {each.proposal: outcome.prompts[each.name] for each in own}
            tried = {which: each.tried for which, each in prompts.items()}
            search = self._search(name)
            if name in outcome.skipped:
                # It ends below: what the budget skipped is no prompt's failure, and drops nobody.
                search = with_results(search, move, tried)
            else:
                search = with_tried(search, move, tried, parts=self._tuning.parts)
            for each in prompts.values():
                search = with_cost(search, each.cost_usd, is_proposing=False)
            self._keep_answers(own, outcome)
            if name in refused_ones:
                search = ended(search, "it could not be tried: a model is refused")
            elif name in outcome.skipped:
                search = ended(search, BUDGET_SPENT)
            self._replace(search)

    def _keep_answers(self, trials: Iterable[Trial], outcome: TurnOutcome) -> None:
        train = set(self._tuning.parts.train)
        for name in {each.name for each in trials}:
            answers = outcome.prompts[name].answers
            if of_train := {which: answer for which, answer in answers.items() if which in train}:
                write_answers(self._run, name, of_train)

    def _refused(self, outcome: TurnOutcome) -> set[str]:
        """Return the candidates that cannot be tried, for they or the judge are refused for good."""
        # Afterwards everybody has answered: then an error says something of a prompt.
        new = {each.candidate for each in self._kept.searches if each.round == 0 and each.by != BEDROCK_JOB}
        candidates = {
            name: error for name, error in refused("candidate", outcome.calls).items() if name in new
        }
        judges = refused("judge", outcome.calls) if new else {}
        if (candidates or judges) and not self._run_state.get("go_on"):
            records = outcome.records
            raise ModelRefused(
                reason_of_refusal(self._run, candidates, judges, records=records, going_on=False)
            )
        return {each.candidate for each in self._kept.searches} if judges else set(candidates)

    def _wanted(self, proposing: Mapping[str, Propose]) -> list[WantedPrompt] | None:
        """Return what is asked for; None where a search has ended over it, and the moves are others."""
        room = Room(self._run, self._kept, self._settings)
        always = self._variables.always
        found = []
        for name, move in proposing.items():
            search, settings = self._search(name), self._settings[name]
            wanted = wanted_prompts(
                self._run, search, settings, move.parents, always=always, records=self._tuning.records
            )
            # Fewer where there is no room for all.
            asked = [
                each for each in wanted if room.take(search, most_usd(self._run, search.by, each.request))
            ]
            if not asked:
                self._replace(ended(search, BUDGET_SPENT))
                return None
            found += asked
        return found

    def _optimize(self, name: str) -> None:
        search = self._search(name)
        proposal, usd = optimized_prompt(self._run, search, self._variables)
        found = checked(self._run, search, self._settings[name], [proposal])
        self._replace(with_cost(with_proposals(search, found), usd, is_proposing=True))

    def _asked_of_jobs(self, by_job: Iterable[str]) -> list[JSON]:
        """Return the jobs that are to be created; searches that have none of them end."""
        room, asked = Room(self._run, self._kept, self._settings), []
        for name in by_job:
            search = self._search(name)
            records = [self._tuning.records[which] for which in self._tuning.parts.train]
            job = prompt_job(self._run, search, records, self._variables)
            if not isinstance(job, PromptJob):
                self._replace(with_proposals(search, [job]))
            # One that was asked for before is counted already.
            elif search.cost_usd is None or room.take(search, job.likely_usd):
                self._replace(with_likely_cost(search, job.likely_usd))
                asked.append(job.told)
            else:
                self._replace(ended(search, BUDGET_SPENT))
        return asked

    def _await_jobs(self, jobs: Sequence[JSON]) -> JSON:
        number = "a job" if len(jobs) == 1 else f"{len(jobs)} jobs"
        self._write(f"waiting for {number} of Bedrock's to make a prompt")
        told = {"turn": self._kept.turn, "next": "optimize"}
        return {"run": dict(self._run_state), "prompt_search": told, "jobs": list(jobs)}

    def _take_jobs(self, by_job: Iterable[str], jobs: Iterable[JSON]) -> None:
        told = {each["candidate"]: each for each in jobs}
        for name in by_job:
            search = self._search(name)
            proposal = prompt_of_job(self._run, search, told.get(name), self._variables)
            found = checked(self._run, search, self._settings[name], [proposal])
            paid = without_cost(search) if is_refused(told.get(name)) else search
            self._replace(with_proposals(paid, found))

    @cached_property
    def _variables(self) -> Variables:
        return variables_of(self._run)

    def _ask(self, wanted: Iterable[WantedPrompt]) -> JSON:
        turn = self._kept.turn
        there = {name for name, came in replies_of_turn(self._run, turn).items() if "reply" in came}
        lines = [
            {"record_id": each.name, "request": each.request} for each in wanted if each.name not in there
        ]
        write_lines(storage.join(turn_folder(self._run.folder, turn), PROPOSALS_FILE), lines)
        self._write(f"{self._rounds(next_round=True)}, asking for {len(lines)}")
        return state_of_turn(self._run, turn, run_state=self._run_state, is_try=False)

    def _try(self, trying: Mapping[str, Tries]) -> JSON:
        searches = [self._search(name) for name in trying]
        state = prepare_trials(
            self._run,
            self._kept.turn,
            self._trials(trying),
            self._tuning.records,
            run_state=self._run_state,
            limit=limit_of_tries(self._run, self._kept, searches, self._settings),
        )
        n = sum(len({which for each in move.tries for which in each.prompts}) for move in trying.values())
        parts = dict.fromkeys(each.part for move in trying.values() for each in move.tries)
        self._write(f"{self._rounds()}, trying {n} on {' and '.join(parts)}")
        return state

    def _rounds(self, *, next_round: bool = False) -> str:
        """Return which round it is, of the search that has the most to go."""
        going_on = [each for each in self._kept.searches if each.ended is None and each.by != BEDROCK_JOB]
        settings = [self._settings[each.candidate] for each in going_on]
        most = max(each.rounds if each.is_search else 1 for each in settings)
        number = min(each.round for each in going_on) + next_round
        return f"round {number} of {most}" if number else "the first prompt"

    def _write(self, doing: str) -> None:
        self._kept = self._kept.model_copy(update={"doing": doing})
        write_search(self._run.folder, self._kept)

    def _trials(self, trying: Mapping[str, Tries]) -> list[Trial]:
        return [
            Trial(self._search(name), which, each.records)
            for name, move in trying.items()
            for each in move.tries
            for which in each.prompts
        ]

    def _finish(self) -> JSON:
        # First: a run whose prompts are there searches no more.
        self._write("")
        made = {}
        for search in self._kept.searches:
            candidate = next(each for each in self._run.candidates if each.name == search.candidate)
            text = search.proposal(search.winner or FIRST).text
            made[f"candidate/{self._run.evaluation.prompt_of(candidate)}"] = PromptFile(
                sha256=Prompt(name="candidate/made", text=text).sha256, text=text
            )
        self._run.changed(prompts={**self._run.prompts, **made}).save()
        return {"run": {**self._run_state, "has_searched": True}}

    def _search(self, candidate: str) -> Search:
        return next(each for each in self._kept.searches if each.candidate == candidate)

    def _replace(self, search: Search) -> None:
        searches = tuple(
            search if each.candidate == search.candidate else each for each in self._kept.searches
        )
        self._kept = self._kept.model_copy(update={"searches": searches})


def begun_search(run: RunDefinition) -> SearchFile:
    """Return the searches of a run before their first move, and split its records."""
    searches = []
    for candidate, improved in improved_candidates(run.evaluation):
        original = original_of(run.evaluation, candidate)
        if original is None or improved.by is None:
            raise StorageError(f"{run.folder}: run.json has no prompt that {candidate.name} begins with")
        text = run.prompts[f"candidate/{run.evaluation.prompt_of(original)}"].text
        searches.append(begin(candidate.name, original.name, improved.by, text, prompt_tokens(text)))
    judge = next((each.name for each in run.evaluation.called_judges), None)
    return SearchFile(turn=1, records=split_records(run), judge=judge, searches=tuple(searches))


def _of_kind(moves: Mapping[str, Move], kind: type[Asked]) -> dict[str, Asked]:
    return {name: move for name, move in moves.items() if isinstance(move, kind)}
