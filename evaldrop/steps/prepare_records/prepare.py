"""
PrepareRecords: every prompt rendered, so that the workflow only selects.

Writes `records.jsonl`, a line per record with what is known about it and, under `calls`, what its child
workflow needs; `first.jsonl`, those of its lines that are evaluated before the others; and `rejected.jsonl`,
the rows that are not evaluated.
"""

import math
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from itertools import islice
from typing import IO, Any, NamedTuple

import orjson

from evaldrop import storage
from evaldrop.bedrock.families.requests import candidate_call, conversation, refuse_prefill, turns_for
from evaldrop.datasets import Joined, Record, Rejected, read_rows
from evaldrop.errors import BudgetExceeded, DatasetError, PromptError
from evaldrop.evaluation import Candidate
from evaldrop.evaluation.criteria import scorers_of
from evaldrop.evaluation.definition import GIVEN, layout
from evaldrop.evaluation.model_limits import limits_of
from evaldrop.evaluation.originals import improved_candidates
from evaldrop.evaluation.prompts import Prompt, Turn
from evaldrop.prompt_search.kept import read_parts, read_search, write_parts
from evaldrop.prompt_search.state import Part
from evaldrop.run.definition import RunDefinition
from evaldrop.run.parts import FIRST_LINES, PartFiles, cut_dataset, due
from evaldrop.run.records import (
    FIRST_FILE,
    RECORDS_FILE,
    RECORDS_FOLDER,
    REJECTED_FILE,
    part_of_records,
    share_texts,
)
from evaldrop.run.request import RunRequest
from evaldrop.scorecard.figures import usd
from evaldrop.steps.prepare_records.anchors import anchor_records
from evaldrop.steps.prepare_records.called_checks import CheckRequests
from evaldrop.steps.prepare_records.first_records import FirstRecords
from evaldrop.steps.prepare_records.judge_requests import (
    MAX_SHARED_JUDGE_BYTES,
    JudgeRequests,
    RecordCriteria,
)
from evaldrop.steps.prepare_records.kept_replies import ParentReplies, parent_replies
from evaldrop.steps.prepare_records.long_records import (
    Form,
    LongRequests,
    TooLongError,
    fitting,
    fitting_line,
    long_body,
)
from evaldrop.steps.prepare_records.perturbations import is_copy_id, perturbed_copies
from evaldrop.steps.prepare_records.reserve import Reserve, budget_of
from evaldrop.steps.prepare_records.rest import state_of_rest
from evaldrop.steps.prepare_records.shortening import shorten_values

JSON = dict[str, Any]

MAX_CHILD_INPUT_BYTES = 240 * 1024
"""A child's input may hold 256 KiB; what is left is for Step Functions' own envelope."""

POLL_S, REHEARSED_POLL_S = 60, 1
"""Seconds after which a batch job is looked at for the first time."""

LIKE_MOST = 200
"""Records of the first part that tell what requests share; what others bring travels with them."""

CONSTANTS = "constants"

MAX_REASONS = 20
"""Refused rows that an error shows; `rejected.jsonl` has them all."""


def prepare_records(request: RunRequest, folder: str, *, parts: Mapping[str, Any] | None = None) -> JSON:
    """
    Write a run's `records.jsonl`, `first.jsonl` and `rejected.jsonl`.

    Of a dataset in parts, `parts` is what the state has of them: the first time this returns what is due, and
    makes one of them when it has been done (`evaldrop.run.parts`).

    Returns:
        The state EvaluateRecords works on: reader, writer, candidates, judges and limits.

    Raises:
        DatasetError: More rows than tolerated cannot be evaluated; the message gives the first of them.
        BudgetExceeded: No record would be begun with the budget.
    """
    definition = RunDefinition.load(folder)
    if parts is None:
        preparing, wrote, first_records = _prepared_in_one_piece(request, definition)
    elif parts.get("stage") is None:
        return _first_of_parts(request, definition)
    else:
        preparing, wrote, first_records = _prepared_in_parts(definition)
    _refuse_too_many(wrote, definition=definition)
    _refuse_without_room(preparing)
    state = _state(request, definition, preparing, folder)
    if parts is not None:
        place = storage.place(storage.join(folder, RECORDS_FOLDER), root=definition.out)
        state |= {"reader": {"bucket": place.bucket, "key": f"{place.key}/"}, "parts": {}}
    if request.rest:
        return state_of_rest(state, definition, preparing.reserving)
    return _beginning_with(first_records.lines, state, definition) if first_records.lines else state


def _prepared_in_one_piece(
    request: RunRequest, definition: RunDefinition
) -> tuple["Preparing", "Wrote", FirstRecords]:
    dataset, folder = definition.dataset, definition.folder
    tuned = _tuned(definition)
    with (
        parent_replies(definition) as parent,
        storage.open_read(dataset.uri, dataset.version) as stream,
        storage.open_write(storage.join(folder, RECORDS_FILE)) as records,
        storage.open_write(storage.join(folder, REJECTED_FILE)) as rejects,
    ):
        preparing = Preparing(definition, parent, is_sending=True)
        first_records = FirstRecords(candidates=preparing.called, judges=preparing.asking)
        source = dataset.uri.rpartition("/")[2]
        readings = read_rows(stream, source=source, fields=definition.evaluation.fields or None)
        writing = _Writing(preparing, records, rejects, first_records, f"{source} {readings.unit}")
        wrote = writing.write((reading.outcome for reading in readings.rows), tuned, request.limit)
        writing.write_anchors()
    return preparing, wrote, first_records


def _first_of_parts(request: RunRequest, definition: RunDefinition) -> JSON:
    """Settle what all parts share, by records that are like most, and return what is due."""
    dataset, preparing = cut_dataset(definition), Preparing(definition)
    for record in islice((row for row in dataset.outcomes(0) if isinstance(row, Record)), LIKE_MOST):
        preparing.prepare(record)
    PartFiles(definition.folder).write_json(CONSTANTS, preparing.judge_requests.constants)
    name = definition.evaluation_name
    run = {**request.model_dump(mode="json"), "folder": definition.folder, "name": name}
    return {"run": run, "parts": due("prepare", range(dataset.count))}


def prepare_part(folder: str, number: int) -> None:
    """Write a part of a run's prepared records, and what is known of it."""
    definition = RunDefinition.load(folder)
    dataset, files = cut_dataset(definition), PartFiles(folder)
    with (
        storage.open_write(part_of_records(folder, number)) as records,
        storage.open_write(files.uri("rejected", number, "jsonl")) as rejects,
    ):
        preparing = Preparing(definition, is_sending=True, constants=files.read_json(CONSTANTS))
        first_records = FirstRecords(candidates=preparing.called, judges=preparing.asking)
        writing = _Writing(preparing, records, rejects, first_records, f"{dataset.source} line")
        wrote = writing.write(dataset.outcomes(number), {}, None)
    found = {
        "lines": writing.lines,
        "wrote": [*wrote],
        "first": first_records.lines,
        "reserve": preparing.reserve.state(),
    }
    files.write("prepare", number, orjson.dumps(found))


def _prepared_in_parts(definition: RunDefinition) -> tuple["Preparing", "Wrote", FirstRecords]:
    """Return what the parts' functions wrote as one; the anchors are a part of their own, the last."""
    folder, files = definition.folder, PartFiles(definition.folder)
    count = cut_dataset(definition).count
    preparing = Preparing(definition, is_sending=True, constants=files.read_json(CONSTANTS))
    first_records = FirstRecords(candidates=preparing.called, judges=preparing.asking)
    whole, lines = Wrote(0, 0, 0, []), [0]
    with storage.open_write(storage.join(folder, REJECTED_FILE)) as rejects:
        for number in range(count):
            found = orjson.loads(files.read("prepare", number))
            whole = whole.followed_by(Wrote(*found["wrote"]))
            lines.append(lines[-1] + found["lines"])
            for line in found["first"]:
                first_records.offer(line)
            preparing.reserve.follow(found["reserve"])
            with storage.open_read(files.uri("rejected", number, "jsonl")) as stream:
                shutil.copyfileobj(stream, rejects, 1 << 20)
        with storage.open_write(part_of_records(folder, count)) as records:
            _Writing(preparing, records, rejects, first_records, "").write_anchors()
    # Of each file of records the place of its first line among all.
    files.write_json(FIRST_LINES, {"first": lines})
    return preparing, whole, first_records


class Wrote(NamedTuple):
    """How many rows were prepared, were refused, and are those a prompt was tuned on; the first reasons."""

    prepared: int
    rejected: int
    tuned: int
    reasons: list[str]

    def followed_by(self, other: "Wrote") -> "Wrote":
        """Return this and what follows as one."""
        return Wrote(
            self.prepared + other.prepared,
            self.rejected + other.rejected,
            self.tuned + other.tuned,
            [*self.reasons, *other.reasons][:MAX_REASONS],
        )


class _Writing:
    """
    Writes records as they are prepared, and rows that are refused, to files that are open.

    `lines` counts what was written of records: their copies and anchors, too.
    """

    def __init__(
        self,
        preparing: "Preparing",
        records: IO[bytes],
        rejects: IO[bytes],
        first_records: FirstRecords,
        place: str,
    ) -> None:
        self._preparing = preparing
        self._records = records
        self._rejects = rejects
        self._first_records = first_records
        self._place = place
        self.lines = 0

    def write(
        self, outcomes: Iterable[Record | Rejected | Joined], tuned: Mapping[str, Part], limit: int | None
    ) -> Wrote:
        """Write what became of rows: `limit` records at most, and none that a prompt was tuned on."""
        prepared = rejected = n_tuned = 0
        reasons: list[str] = []
        for row in outcomes:
            if isinstance(row, Joined):
                continue
            # Of what can be sent: rows that are refused take no place of the limit's.
            if prepared + n_tuned == limit:
                break
            # No number of the run's is of a record that a prompt was tuned on.
            if isinstance(row, Record) and row.id in tuned:
                n_tuned += 1
                continue
            if isinstance(row, Record):
                outcome = self._preparing.prepare(row)
            else:
                outcome = Refusal(row.line, " ".join(map(str, row.problems)), row.row)
            if isinstance(outcome, Refusal):
                self._rejects.write(orjson.dumps(outcome._asdict()) + b"\n")
                rejected += 1
                if len(reasons) < MAX_REASONS:
                    # What validation refused says its place itself.
                    place = f"{self._place} {row.line}: " if isinstance(row, Record) else ""
                    reasons.append(place + outcome.reason)
                continue
            self._write(outcome)
            self._first_records.offer(outcome)
            prepared += 1
            # Right behind their record: BuildScorecard holds one record for the copies to come.
            for copy in self._preparing.copies(row) if isinstance(row, Record) else ():
                self._write(copy)
        return Wrote(prepared, rejected, n_tuned, reasons)

    def write_anchors(self) -> None:
        """Write the run's anchors, which come behind all records."""
        for anchor in self._preparing.anchors():
            self._write(anchor)
            self._first_records.offer(anchor)

    def _write(self, line: JSON) -> None:
        self._records.write(orjson.dumps(line) + b"\n")
        self.lines += 1


def _tuned(definition: RunDefinition) -> Mapping[str, Part]:
    """Return the records that a prompt was tuned on, by this run or by the one whose responses it takes."""
    if definition.parent is None:
        return read_parts(definition.folder)
    tuned = read_parts(definition.parent.folder)
    if tuned:
        write_parts(definition.folder, tuned)
    return tuned


def _refuse_too_many(wrote: Wrote, *, definition: RunDefinition) -> None:
    tolerated = definition.evaluation.tolerated_invalid_percentage
    first, rejected = wrote.reasons, wrote.rejected
    read = wrote.prepared + wrote.tuned + rejected
    # The second part where all is tolerated: a run without one record would still begin.
    if rejected * 100 > tolerated * read or rejected == read:
        more = f"\n… and {rejected - len(first):,} more" if rejected > len(first) else ""
        raise DatasetError(
            f"{rejected:,} of {read:,} records cannot be evaluated; "
            f"tolerated_invalid_percentage is {tolerated:g}.\n" + "\n".join(first) + more
        )


def _refuse_without_room(preparing: "Preparing") -> None:
    """Refuse a budget with which no record would be begun: a scorecard of nothing would follow."""
    budget, least = preparing.budget, preparing.reserve.least
    if budget is not None and least is not None and least > budget["limit"]:
        raise BudgetExceeded(
            f"the budget of {usd(budget['limit'] / 1_000_000)} has no room for any record: the cheapest may "
            f"cost up to {usd(least / 1_000_000)}, with every reply at its max_tokens. Raise it (--budget, "
            "budget_usd), or lower max_tokens."
        )


class Refusal(NamedTuple):
    """A row that is not evaluated, as `rejected.jsonl` has it."""

    line: int
    reason: str
    row: Any


def _state(request: RunRequest, definition: RunDefinition, preparing: "Preparing", folder: str) -> JSON:
    reader = storage.place(storage.join(folder, RECORDS_FILE), root=definition.out)
    writer = storage.place(storage.join(folder, "results"), root=definition.out)
    evaluation, budget = definition.evaluation, preparing.budget
    wanted = request.max_in_flight or evaluation.max_concurrency
    state: JSON = {
        "run": {**request.model_dump(mode="json"), "folder": folder, "name": definition.evaluation_name},
        "reader": reader._asdict(),
        "writer": {"bucket": writer.bucket, "prefix": writer.key},
        "candidates": preparing.candidates,
        "judges": preparing.judge_requests.constants,
        "refused": {"candidates": {}, "judges": {}},
        "done": [],
        "earlier": [],
        "budget": budget,
        "max_concurrency": preparing.reserve.in_flight(budget["limit"], wanted) if budget else wanted,
        "tolerated_failure_percentage": evaluation.tolerated_failure_percentage,
    }
    # A rehearsal's jobs take no longer than somebody watches them.
    poll_s = REHEARSED_POLL_S if request.simulated else POLL_S
    if evaluation.job_judges:
        state["evaluation_jobs"] = {"poll_s": poll_s, "jobs": []}
    if scorers_of(definition.criteria):
        state["scorers"] = True
    if "batch" in definition.deliveries.values():
        timeout_h = evaluation.batch.timeout_h
        state["batch"] = {"stage": "candidates", "poll_s": poll_s, "timeout_h": timeout_h, "jobs": []}
    return state


def _beginning_with(lines: list[JSON], state: JSON, definition: RunDefinition) -> JSON:
    """Return a state with which EvaluateRecords begins with some records; its `rest` is for all of them."""
    uri = definition.file(FIRST_FILE)
    storage.write_bytes(uri, b"".join(orjson.dumps(line) + b"\n" for line in lines))
    return {
        **state,
        "reader": storage.place(uri, root=definition.out)._asdict(),
        # Of two records one that fails is half of them; it is evaluated again with the others.
        "tolerated_failure_percentage": 100,
        "rest": {name: state[name] for name in ("reader", "tolerated_failure_percentage")},
    }


class Preparing:
    """
    Renders one record after another; what is the same for all of them is made once.

    Args:
        definition: The run.
        parent: What a rejudged run takes from its parent; its candidates are not called at all.
        is_sending: Whether long requests are written to where the workflow finds them; else they are counted.
        constants: What requests of judges share, where that is settled; by default it is gathered.
    """

    def __init__(
        self,
        definition: RunDefinition,
        parent: ParentReplies | None = None,
        *,
        is_sending: bool = False,
        constants: Mapping[str, JSON] | None = None,
    ) -> None:
        evaluation = definition.evaluation
        self._parent = parent
        self._definition = definition
        self._evaluation = evaluation
        self._prompts = {
            name: Prompt(name=name, text=file.text) for name, file in definition.prompts_now.items()
        }
        self._request_keys = {
            candidate.name: _request_key(candidate, evaluation.prompt_of(candidate))
            for candidate in evaluation.candidates
        }
        self.candidates = [
            candidate_call(
                candidate,
                request_key=self._request_keys[candidate.name],
                delivery=definition.delivery_of("candidate", candidate.name),
            )
            | ({"api": GIVEN} if parent else {})
            for candidate in evaluation.candidates
        ]
        self.called = [call["name"] for call in self.candidates if call["api"] != GIVEN]
        self._criteria = RecordCriteria(definition)
        self.judge_requests = JudgeRequests(definition, self._prompts, self._criteria, parent, constants)
        self._check_requests = CheckRequests(definition)
        self.judge_requests.constants.update(self._check_requests.constants)
        self.asking = [
            *(judge.name for judge in evaluation.called_judges),
            *(check.name for check in definition.called_checks),
        ]
        self.budget = _without_proposals(budget_of(definition), definition)
        self.reserve = Reserve(definition, self.candidates, self.judge_requests.constants)
        # A child gets its record's requests, and the constant parts of all of them; twice the budget's, for
        # what a record reserves is by the same names.
        shared = len(orjson.dumps(self.candidates)) + 2 * len(orjson.dumps(self.budget))
        self.room = MAX_CHILD_INPUT_BYTES - MAX_SHARED_JUDGE_BYTES - shared
        self._long = LongRequests(definition.folder, definition.out)
        self._is_sending = is_sending
        self._shown_to_judges = frozenset[str]().union(
            *(prompt.variables for name, prompt in self._prompts.items() if name.startswith("judge/"))
        )

    def prepare(self, record: Record) -> JSON | Refusal:
        """Return a record as a line of `records.jsonl`, or why it cannot be sent."""
        if self._evaluation.robustness and is_copy_id(record.id):
            reason = f"{record.id} is what a perturbed copy is called. Give the record another id."
            return Refusal(record.line, reason, record.model_dump(mode="json"))
        return self._prepare(record)

    def _prepare(self, record: Record) -> JSON | Refusal:
        before = self._parent.of(record.id).calls.get("shortened", {}) if self._parent else {}
        try:
            calls = fitting(self._forms(record), room=self.room, limit=before.get("limit"))
            line = fitting_line(self._line(record, self.reserving(calls)))
        except PromptError as error:
            return Refusal(record.line, str(error), record.model_dump(mode="json"))
        except TooLongError as error:
            # Without the texts that may be megabytes long; the line says where they are.
            kept = record.model_dump(mode="json", exclude={"prompt", "messages", "context"})
            return Refusal(record.line, str(error), kept)
        if self._is_sending and "long" in calls:
            # Made again rather than held: a record's bodies may be 20 MB a candidate.
            for candidate, body in self._long_bodies(record):
                self._long.write(record.id, candidate, body)
        return line

    def reserving(self, calls: JSON) -> JSON:
        """Return calls with what they reserve of the budget, if there is one."""
        return calls if self.budget is None else {**calls, "reserve": self.reserve.of(calls)}

    def _line(self, record: Record, calls: JSON) -> JSON:
        return {
            "record_id": record.id,
            "line": record.line,
            "prompt": record.prompt_text,
            "system": record.system,
            "context": record.context,
            "reference": list(record.reference),
            "category": record.category,
            "group": record.group,
            "expected_blocked": record.expected_blocked,
            "metadata": record.metadata,
            "not_applicable": self._criteria.not_applicable(record),
            **({"asked_of_jobs": asked} if (asked := self._criteria.asked_of_jobs(record)) else {}),
            **_as_the_dataset_has_it(record),
            "calls": calls,
        }

    def anchors(self) -> Iterator[JSON]:
        """Yield the run's anchors as lines of `records.jsonl`; see `anchor_records`."""
        for anchor in anchor_records(self._definition, self._questions_of_anchor):
            if self._parent:
                before = self._parent.of(anchor["record_id"])
                # The response may be another one under the same number.
                if before.calls.get("given") == anchor["calls"]["given"]:
                    self._parent.keep(before, anchor["calls"]["judgements"], [])
            yield {**anchor, "calls": self.reserving(anchor["calls"])}

    def _questions_of_anchor(self, record: Record) -> tuple[list[JSON], Mapping[str, str]]:
        judgements = self.judge_requests.judgements(record, variables(record))
        return list(judgements), self._criteria.not_applicable(record)

    def copies(self, record: Record) -> Iterator[JSON]:
        """Yield a record's perturbed copies as lines of `records.jsonl`, right behind the record."""
        robustness = self._evaluation.robustness
        for copy in perturbed_copies(record, robustness) if robustness else ():
            prepared = self._prepare(copy.record)
            # A copy that outgrew its child's payload is none; its record is evaluated all the same.
            if isinstance(prepared, dict):
                # Copies are not compared: a preference between two of them would be in no number.
                prepared["calls"]["comparisons"] = []
                # What a copy loses is told by the judges that the run calls.
                prepared.pop("asked_of_jobs", None)
                yield {**prepared, "perturbed": {"of": copy.of, "perturbation": copy.perturbation}}

    def _forms(self, record: Record) -> Callable[[Form], JSON]:
        """Return what makes a record's calls in a form; its long requests are measured once."""
        long = cache(
            lambda: {
                candidate.name: self._long.request(record.id, candidate, body)
                for candidate, body in self._long_bodies(record)
            }
        )
        return lambda form: self._calls(record, form) | ({"long": long()} if form.is_apart else {})

    def _calls(self, record: Record, form: Form) -> JSON:
        values = variables(record)
        given = {
            self._definition.given.get(name, name): {"text": text} for name, text in record.responses.items()
        }
        shown, left_out = (values, {}) if form.limit is None else shorten_values(values, form.limit)
        judgements = [
            *self.judge_requests.judgements(record, shown),
            *self._check_requests.judgements(record),
        ]
        comparisons = list(self.judge_requests.comparisons(record, shown))
        if self._parent:
            before = self._parent.of(record.id)
            given = before.given()
            self._parent.keep(before, judgements, comparisons)
        calls = {
            "record_id": record.id,
            "requests": {} if self._parent or form.is_apart else self._requests(record, values, given),
            "given": given,
            "judgements": judgements,
            "comparisons": comparisons,
        }
        if characters := sum(n for name, n in left_out.items() if name in self._shown_to_judges):
            calls["shortened"] = {"limit": form.limit, "characters": characters}
        return share_texts(calls, shown) if form.is_shared else calls

    def _long_bodies(self, record: Record) -> Iterator[tuple[Candidate, bytes]]:
        given = {self._definition.given.get(name, name) for name in record.responses}
        for candidate in () if self._parent else self._evaluation.candidates:
            if candidate.model != GIVEN and candidate.name not in given:
                turns = self._turns(candidate, record, variables(record))
                refuse_prefill(candidate, turns)
                yield candidate, long_body(candidate, turns)

    def _requests(self, record: Record, values: Mapping[str, Any], given: Mapping[str, Any]) -> JSON:
        requests: JSON = {}
        turns: dict[str, list[Turn]] = {}
        for candidate in self._evaluation.candidates:
            if candidate.model == GIVEN or candidate.name in given:
                continue
            key = self._request_keys[candidate.name]
            if key not in requests:
                turns[key] = self._turns(candidate, record, values)
                requests[key] = conversation(turns[key], layout(candidate))
            # Of each: those who share a request need not refuse the same.
            refuse_prefill(candidate, turns[key])
        return requests

    def _turns(self, candidate: Candidate, record: Record, values: Mapping[str, Any]) -> list[Turn]:
        """Return a candidate's messages; a conversation is sent as it is, below the prompt's system text."""
        prompt = self._prompts[f"candidate/{self._evaluation.prompt_of(candidate)}"]
        return turns_for(candidate, asked_turns(prompt, record, values))


def _without_proposals(budget: JSON | None, definition: RunDefinition) -> JSON | None:
    """Return a budget less what has been paid for proposals of prompts, of which its table knows nothing."""
    if budget is None or not improved_candidates(definition.evaluation):
        return budget
    kept = read_search(definition.folder)
    paid = sum(search.counted_usd for search in kept.searches) if kept else 0.0
    return {**budget, "limit": budget["limit"] - math.ceil(paid * 1_000_000)}


def asked_turns(prompt: Prompt, record: Record, values: Mapping[str, Any]) -> list[Turn]:
    """
    Return what a prompt's file makes of a record, before it is put as a model takes it.

    Raises:
        PromptError: The prompt cannot be filled in.
    """
    # The reference is the answer: a candidate must not see it.
    shown = {name: value for name, value in values.items() if name != "reference"}
    # A single message is the prompt itself, and the prompt's file says how it is put.
    if len(record.messages) < 2:
        return prompt.render(shown)
    system = prompt.render(shown, only=lambda role: role == "system")
    return [*system, *(Turn(message.role, message.content) for message in record.messages)]


def _as_the_dataset_has_it(record: Record) -> JSON:
    """Return what a report needs, beside a record's texts, to give the record back as a dataset has it."""
    kept: JSON = {}
    if record.criteria:
        kept["criteria"] = record.criteria
    if record.checks:
        kept["checks"] = list(record.checks)
    if record.messages:
        # Their texts are the prompt's, which would be here twice.
        kept["messages"] = [{"role": each.role, "characters": len(each.content)} for each in record.messages]
    return kept


def _request_key(candidate: Candidate, prompt: str) -> str:
    """Return the name of a request that all candidates share who take the same."""
    known = limits_of(candidate.model, candidate.family)
    return f"{prompt}/{layout(candidate)}{'/no-system' if known.system is False else ''}"


def variables(record: Record) -> JSON:
    """
    Return the variables a prompt may use for a record.

    These are the record's fields under their canonical names, those it has, and its metadata.
    """
    fields = {
        "id": record.id,
        "prompt": record.prompt_text,
        "system": record.system,
        "context": record.context,
        "reference": list(record.reference),
        "category": record.category,
    }
    # The fields last: metadata may hold any name, `prompt` among them.
    return {**record.metadata, **{name: value for name, value in fields.items() if value}}
