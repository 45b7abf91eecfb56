"""What came of a turn's tries: qualities for the search, answers for whoever proposes next, and costs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from pydantic import TypeAdapter

from evaldrop import storage
from evaldrop.evaluation.criteria import Criterion
from evaldrop.prompt_search.kept import turn_folder
from evaldrop.prompt_search.state import Tried
from evaldrop.run.definition import RunDefinition
from evaldrop.run.results import find_manifests
from evaldrop.scorecard.results import CandidateResult, RecordResults
from evaldrop.scorecard.scores import NOT_APPLICABLE, RecordScore
from evaldrop.steps.build_scorecard.results import read_results
from evaldrop.steps.check_first_calls.check import Call
from evaldrop.steps.choose_prompts.trying import Trial, run_of_trials
from evaldrop.steps.choose_prompts.turns import id_of_record


class TrainAnswer(NamedTuple):
    """What a prompt brought on a train record: the response, and what the judge said of it."""

    response: str
    rationales: tuple[str, ...]


@dataclass
class PromptOutcome:
    """
    What came of one prompt in a turn.

    Attributes:
        tried: By record ID; a record that nothing came of is there without a quality.
        answers: Likewise, where there is a response.
        cost_usd: None where a price or a reply's tokens are unknown.
    """

    tried: dict[str, Tried] = field(default_factory=dict)
    answers: dict[str, TrainAnswer] = field(default_factory=dict)
    cost_usd: float | None = 0.0

    def add_cost(self, cost_usd: float | None) -> None:
        """Add what a call cost."""
        known = self.cost_usd is not None and cost_usd is not None
        self.cost_usd = self.cost_usd + cost_usd if known else None  # type: ignore[operator]


class TurnOutcome(NamedTuple):
    """
    What came of a turn.

    Attributes:
        prompts: By the name of the prompt's candidate.
        calls: The calls that were made: of candidates by the names of those they are tried for.
        records: Records with a result.
        skipped: Candidates of whose records some were not begun, for the budget was spent.
    """

    prompts: dict[str, PromptOutcome]
    calls: list[Call]
    records: int
    skipped: set[str]


def read_trials(run: RunDefinition, turn: int, trials: Sequence[Trial]) -> TurnOutcome:
    """
    Return what came of a turn's tries.

    Raises:
        StorageError: A file cannot be read.
    """
    tried = run_of_trials(run, turn, trials)
    asked = {
        record_id: [each.name for each in trials if record_id in each.records]
        for trial in trials
        for record_id in trial.records
    }
    # Also where nothing comes: a search that waits for it would ask for ever.
    outcomes = {trial.name: PromptOutcome() for trial in trials}
    for trial in trials:
        outcomes[trial.name].tried |= dict.fromkeys(trial.records, Tried())
    of = {trial.name: trial.search.candidate for trial in trials}
    calls: list[Call] = []
    records, skipped = 0, set[str]()
    for record, results in read_results(tried, find_manifests(turn_folder(run.folder, turn))):
        record_id = id_of_record(turn, record.record_id)
        wanted = set(asked.get(record_id, ()))
        _add_repeats(outcomes, results)
        if results.is_skipped:
            skipped |= {of[name] for name in wanted}
            for name in wanted:
                del outcomes[name].tried[record_id]
            continue
        records += results.failure is None
        for result in results.candidates:
            if (name := result.response.candidate) in wanted and not result.is_missing:
                _add(outcomes[name], record_id, result, tried.criteria)
                calls += _calls(of[name], result)
    return TurnOutcome(outcomes, calls, records, skipped)


def _add(
    outcome: PromptOutcome, record_id: str, result: CandidateResult, criteria: Mapping[str, Criterion]
) -> None:
    row = result.response
    outcome.tried[record_id] = Tried(
        quality=quality_of(result.scores, criteria) if row.response is not None else None,
        input_tokens=row.input_tokens,
        output_tokens=row.output_tokens,
    )
    if row.response is not None:
        said = [each.rationale for each in result.verdicts if each.rationale]
        outcome.answers[record_id] = TrainAnswer(row.response, tuple(said))
    _add_costs(outcome, result)


def _add_costs(outcome: PromptOutcome, result: CandidateResult) -> None:
    # A call without a reply is billed to nobody that it can be read from.
    if result.error is None or result.response.cost_usd is not None:
        outcome.add_cost(result.response.cost_usd)
    for call in result.judge_calls:
        if call.is_answered or call.cost_usd is not None:
            outcome.add_cost(call.cost_usd)


def _add_repeats(outcomes: Mapping[str, PromptOutcome], results: RecordResults) -> None:
    for repeat in results.repeats:
        for result in repeat.candidates:
            if result.response.candidate in outcomes and not result.is_missing:
                _add_costs(outcomes[result.response.candidate], result)


def _calls(candidate: str, result: CandidateResult) -> Iterable[Call]:
    yield Call("candidate", candidate, _error(result.error))
    for call in result.judge_calls:
        yield Call("judge", call.judge, _error(call.error))


def _error(error: object) -> dict[str, object] | None:
    return dict(error) if isinstance(error, Mapping) else None


def quality_of(scores: Mapping[str, RecordScore], criteria: Mapping[str, Criterion]) -> float | None:
    """
    Return a response's quality in [0, 1], by the criteria's weights; None where a verdict is missing.

    A criterion that does not apply to the record has no part in it.
    """
    total = weights = 0.0
    for name, score in scores.items():
        if score.reason == NOT_APPLICABLE:
            continue
        if score.score is None:
            return None
        criterion = criteria[name]
        total += criterion.weight * criterion.normalise(score.score)
        weights += criterion.weight
    return total / weights if weights else None


ANSWERS = "prompts/answers"
_Answers = TypeAdapter(dict[str, TrainAnswer])


def write_answers(run: RunDefinition, name: str, answers: Mapping[str, TrainAnswer]) -> None:
    """Keep what a prompt brought on train records, for whoever makes the next ones of it."""
    storage.write_bytes(_answers_uri(run, name), _Answers.dump_json(dict(answers)))


def read_answers(run: RunDefinition, name: str) -> dict[str, TrainAnswer]:
    """Return what `write_answers` has kept of a prompt."""
    uri = _answers_uri(run, name)
    if not storage.exists(uri):
        return {}
    return _Answers.validate_json(storage.read_bytes(uri))


def _answers_uri(run: RunDefinition, name: str) -> str:
    return storage.join(run.folder, ANSWERS, f"{name}.json")
