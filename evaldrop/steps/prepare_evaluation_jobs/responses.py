"""A run's responses as evaluation jobs are to judge them, or why a job cannot."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from evaldrop.errors import PromptError
from evaldrop.evaluation import Candidate
from evaldrop.evaluation.prompts import Prompt
from evaldrop.job_formats.limits import MAX_PROMPT_BYTES
from evaldrop.job_formats.rows import AskedPrompt
from evaldrop.run.definition import RunDefinition
from evaldrop.run.records import PreparedRecord
from evaldrop.run.results import Found, collect
from evaldrop.steps.build_scorecard.reading import ResultReader, is_to_be_judged
from evaldrop.steps.build_scorecard.results import take_unread_replies
from evaldrop.steps.prepare_evaluation_jobs.asked_text import one_text, own_turns, record_of
from evaldrop.steps.prepare_evaluation_jobs.row_keys import ResponseKey, digest_of
from evaldrop.steps.prepare_records.prepare import asked_turns, variables


class ResponseToJudge(NamedTuple):
    """
    A response that jobs are to judge.

    Attributes:
        key: Which it is.
        criteria: What is asked of it.
        row: As a dataset has it; None where none can have it.
        left_out: Why none can.
    """

    key: ResponseKey
    criteria: tuple[str, ...]
    row: AskedPrompt | None
    left_out: str = ""


class Responses:
    """
    Reads the responses of a run.

    Args:
        run: The run.
        manifests: URIs of its Map runs' manifests, the newest first.
    """

    def __init__(self, run: RunDefinition, manifests: Sequence[str]) -> None:
        self._run, self._manifests = run, manifests
        self._reader = ResultReader(run)
        self._prompts = {name: Prompt(name=name, text=file.text) for name, file in run.prompts.items()}

    def __iter__(self) -> Iterator[ResponseToJudge]:
        """Yield them in the dataset's order; anchors and perturbed copies are not judged by jobs."""
        for found in collect(self._run.folder, self._manifests):
            if found.record.asked_of_jobs and found.output is not None:
                yield from self._of(found)

    def _of(self, found: Found) -> Iterator[ResponseToJudge]:
        take_unread_replies(found, self._run.folder)
        criteria = tuple(dict.fromkeys(name for each in found.record.asked_of_jobs for name in each.criteria))
        for result, candidate in zip(self._reader.read(found), self._run.candidates, strict=True):
            response = result.response.response
            if response is not None and is_to_be_judged(result.response):
                yield self._judged(found.record, candidate, response, criteria)

    def _judged(
        self, record: PreparedRecord, candidate: Candidate, response: str, criteria: tuple[str, ...]
    ) -> ResponseToJudge:
        text, why = self._asked(record, candidate)
        key = ResponseKey(record.record_id, candidate.name, digest_of(text), digest_of(response))
        if not response.strip():
            why = "its response is empty, and a job judges none that is"
        if why:
            return ResponseToJudge(key, criteria, None, why)
        row = AskedPrompt(
            record_id=record.record_id,
            text=text,
            reference=next(iter(record.reference), None),
            category=record.category,
            responses={candidate.name: response},
        )
        return ResponseToJudge(key, criteria, row)

    def _asked(self, prepared: PreparedRecord, candidate: Candidate) -> tuple[str, str]:
        """Return what a candidate was asked, as one text, and why a job cannot be shown it."""
        if prepared.is_cut:
            return "", "its texts were too long to be kept whole in the run"
        record = record_of(prepared)
        # Of responses that come with a dataset no prompt is known: the question is the record's own.
        prompt = self._prompts.get(f"candidate/{self._run.evaluation.prompt_of(candidate)}")
        try:
            turns = asked_turns(prompt, record, variables(record)) if prompt else own_turns(record)
        except PromptError as error:
            return "", str(error)
        text = one_text(turns)
        if (size := len(text.encode())) > MAX_PROMPT_BYTES:
            return text, f"its prompt has {size:,} bytes; an evaluation job takes {MAX_PROMPT_BYTES:,}"
        return text, ""
