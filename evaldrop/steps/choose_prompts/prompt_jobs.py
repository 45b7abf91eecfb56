"""
Prompts that Bedrock's jobs make of train records: what a job is given, what it may cost, what it made.

The workflow creates the jobs and waits for them. What they call nobody tells by row.
"""

import hashlib
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, Final, NamedTuple

import orjson

from evaldrop import storage
from evaldrop.datasets import Record
from evaldrop.errors import EvaluationError, PromptError
from evaldrop.evaluation import Candidate
from evaldrop.evaluation.improvement import job_judge_for
from evaldrop.evaluation.reply_limits import reply_tokens
from evaldrop.job_formats.prompt_optimization import (
    MAX_SAMPLES,
    Sample,
    optimization_input,
    optimization_request,
    read_results,
    results_file,
)
from evaldrop.prompt_search.plain_text import file_of_plain
from evaldrop.prompt_search.search import proposal_id
from evaldrop.prompt_search.size import BYTES_PER_TOKEN, prompt_tokens
from evaldrop.prompt_search.state import FIRST, Proposal, Search
from evaldrop.run.definition import RunDefinition
from evaldrop.run.job_names import job_prefix
from evaldrop.steps.choose_prompts.texts import Variables
from evaldrop.steps.prepare_records.prepare import POLL_S, REHEARSED_POLL_S, variables

JSON = dict[str, Any]

FOLDER: Final = "prompts/jobs"
"""The folder of a run that its jobs' inputs and outputs are in."""
INPUT: Final = "input.jsonl"
OUT: Final = "out"

LIKELY_TRIES: Final = 10
"""Prompts that a job is taken to try, the first included: Bedrock does not say how many it tries."""
_VERDICT_TOKENS: Final = 500
_RUBRIC_TOKENS: Final = 1_500
"""Of a judge's request: Bedrock puts a rubric of its own before the criteria."""
_NOT_CREATED: Final = "NotCreated"


class PromptJob(NamedTuple):
    """
    A job that the workflow is to create.

    Attributes:
        told: What the workflow's state says of it.
        likely_usd: What it is likely to cost; 0 where no price is known.
    """

    told: JSON
    likely_usd: float


def prompt_job(
    run: RunDefinition, search: Search, records: Iterable[Record], seen: Variables
) -> PromptJob | Proposal:
    """
    Write a job's input; return the job, or a refused proposal where a job cannot be told the prompt.

    The same however often it is asked for: its token follows from the run and the candidate.

    Args:
        run: The run.
        search: The candidate's, before it has a proposal.
        records: Train records, the first of which are given to the job.
        seen: Variables that the run's records have.
    """
    candidate = _candidate(run, search)
    judge, is_own = job_judge_for(candidate.model, [each.model for each in run.evaluation.called_judges])
    samples = [_sample(record) for record in islice(records, MAX_SAMPLES)]
    first = search.proposal(FIRST).text
    try:
        content = optimization_input(
            search.candidate,
            first,
            samples,
            criteria=list(run.judged_criteria.values()),
            judge=judge if is_own else None,
            present=seen.present,
        )
    except (EvaluationError, PromptError) as error:
        return _refused(search, str(error))
    source = storage.join(_folder(run, search), INPUT)
    storage.write_bytes(source, content)
    request = optimization_request(
        candidate,
        name=f"{job_prefix(run.run_id)}prompt-{_digest(search.candidate)}",
        source=source,
        output=storage.join(_folder(run, search), OUT),
    )
    # A rehearsal's jobs take no longer than somebody watches them.
    poll_s = REHEARSED_POLL_S if run.simulated else POLL_S
    told = {"candidate": search.candidate, "request": request, "poll_s": poll_s, "attempt": 0}
    return PromptJob(told, _likely_usd(run, candidate, judge, orjson.loads(content)))


def _likely_usd(run: RunDefinition, candidate: Candidate, judge: str, asked: JSON) -> float:
    """
    Return what a job is likely to cost, by its input; 0 without a price.

    As many prompts are tried on all samples as `LIKELY_TRIES`, each reply as long as it may be, each judged
    once. What the job's own calls that write prompts take is in it too, for most replies are shorter.
    """
    samples = asked.pop("evaluationSamples")
    shown = _tokens(orjson.dumps(samples)) + len(samples) * _tokens(asked["promptTemplate"].encode())
    written = len(samples) * reply_tokens(candidate)
    judged = shown + written + len(samples) * (_RUBRIC_TOKENS + _tokens(orjson.dumps(asked)))
    return LIKELY_TRIES * (
        _usd(run, candidate.model, shown, written) + _usd(run, judge, judged, len(samples) * _VERDICT_TOKENS)
    )


def _usd(run: RunDefinition, model: str, read: float, written: float) -> float:
    price = run.prices.get(model)
    return 0.0 if price is None else (read * price.input + written * price.output) / 1e6


def _tokens(text: bytes) -> float:
    return len(text) / BYTES_PER_TOKEN


def is_refused(told: Mapping[str, Any] | None) -> bool:
    """Tell whether Bedrock would not create a job, by what the workflow's state says of it in the end."""
    return told is not None and told["status"] == _NOT_CREATED


def prompt_of_job(
    run: RunDefinition, search: Search, told: Mapping[str, Any] | None, seen: Variables
) -> Proposal:
    """
    Return the prompt that a job has made; refused, with the reason, where it has made none.

    Args:
        run: The run.
        search: The candidate's, before it has a proposal.
        told: What the workflow's state says of the job: `status`, `message`, and `arn` where it was created.
        seen: Variables that the run's records have.

    Raises:
        StorageError: The job's output cannot be read.
    """
    if told is None:
        return _refused(search, "the workflow does not say how its job ended")
    if is_refused(told):
        return _refused(search, f"the job was not created: {_line(told['message'])}")
    first = search.proposal(FIRST).text
    made = _made(run, search, told)
    if isinstance(made, str):
        return _refused(search, made)
    text, why = made
    try:
        file = file_of_plain(text, first, present=seen.present, always=seen.always)
    except PromptError as error:
        return _refused(search, str(error))
    return Proposal(id=_id(search), parent=FIRST, text=file, tokens=prompt_tokens(file), why=why)


def _made(run: RunDefinition, search: Search, told: Mapping[str, Any]) -> tuple[str, str] | str:
    """Return a job's text and what it says of it, or why there is none."""
    job_id = str(told["arn"]).rpartition("/")[2]
    below = storage.join(_folder(run, search), OUT, job_id)
    uri = results_file(storage.list_files(below))
    if uri is None:
        why = f": {message}" if (message := _line(told.get("message"))) else ""
        return f"the job ended without a prompt, {told['status']}{why}"
    with storage.open_read(uri) as lines:
        made = read_results(lines, search.candidate, _candidate(run, search).model)
    if isinstance(made, str):
        return made
    if made.before is None or made.after is None:
        return made.text, ""
    return made.text, (
        f"The job says {made.before:.2f} to {made.after:.2f} by its own judge, on the {made.samples} train "
        "records that it chose by: no proof."
    )


def _refused(search: Search, why: str) -> Proposal:
    return Proposal(id=_id(search), parent=FIRST, text="", refused=why)


def _id(search: Search) -> str:
    return proposal_id(search.round + 1, 1)


def _candidate(run: RunDefinition, search: Search) -> Candidate:
    return next(each for each in run.candidates if each.name == search.candidate)


def _folder(run: RunDefinition, search: Search) -> str:
    return storage.join(run.folder, FOLDER, search.candidate)


def _sample(record: Record) -> Sample:
    values = variables(record)
    references = values.pop("reference", None)
    return Sample(variables=values, reference=references[0] if references else None)


def _digest(name: str) -> str:
    # A candidate's name may be as long as a job's, and have what that has not.
    return hashlib.blake2b(name.encode(), digest_size=5).hexdigest()


def _line(message: object) -> str:
    """Return what Bedrock says of a job on one line."""
    return " ".join(str(message or "").split())[:300]
