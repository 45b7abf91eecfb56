"""
What a run without a scorecard has cost: by the results of its records that are there, the rest by its plan.

A call counts where a scorecard would count it. Of a record whose child gave no result nobody knows which of
its calls were answered: it is charged a record's share of the plan, which says so as `estimated_usd`.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from evaldrop import storage
from evaldrop.bedrock.billing import cost_of_reply
from evaldrop.bedrock.families.replies import Reply, read_reply
from evaldrop.evaluation import Candidate, Judge
from evaldrop.evaluation.definition import GIVEN
from evaldrop.evaluation.delivery import Delivery
from evaldrop.prompt_search.kept import read_search, turn_folder
from evaldrop.prompt_search.state import SearchFile
from evaldrop.run.definition import RunDefinition
from evaldrop.run.records import RECORDS_FILE
from evaldrop.run.results import (
    Manifest,
    failed_record,
    find_manifests,
    open_lines,
    parse_row,
    read_manifest,
    record_id_of,
    row_output,
)

JSON = Mapping[str, Any]


class SpentByRun(NamedTuple):
    """
    What a run has used.

    Attributes:
        cost_usd: None where a price or a reply's tokens are not known, or there is no plan to go by.
        estimated_usd: As much of it as is by the plan.
        missing: Records of which no file says whether they were begun.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = 0.0
    estimated_usd: float = 0.0
    missing: int = 0

    def fields(self) -> dict[str, Any]:
        """Return it as an ending has it."""
        return {name: value for name, value in self._asdict().items() if name != "missing"}


class _PaidCall(NamedTuple):
    model: str
    reply: Reply
    asked: Delivery


def spent_in(folder: str, *, has_fanned_out: bool = True) -> SpentByRun:
    """
    Return what a run has used, by its folder.

    Args:
        folder: The run's.
        has_fanned_out: Whether more than the first records may have been begun.

    Raises:
        StorageError: A file cannot be read, or is not what it should be.
    """
    prepared, search = storage.join(folder, RECORDS_FILE), read_search(folder)
    if search is None and not storage.exists(prepared):
        # It appears whole, before the first call.
        return SpentByRun()
    run = RunDefinition.load(folder)
    used, there, known = _PaidCalls(run), set[str](), set[str]()
    if search is not None:
        used.add_search(search)
        turn = turn_folder(folder, search.turn)
        for output in _outputs(map(read_manifest, find_manifests(turn))):
            used.add_of_turn(output, search)
    if not storage.exists(prepared):
        return used.with_share(0, 1, missing=0)
    manifests = [read_manifest(uri) for uri in find_manifests(folder)]
    for output in _outputs(manifests):
        # Without an ID it is nobody's: its record was done before.
        if record_id := output.get("record_id"):
            there.add(record_id)
            if used.add(output):
                known.add(record_id)
    failed = _named(uri for each in manifests for uri in each.failed)
    records = _count(prepared)
    if not has_fanned_out:
        return used.with_share(len((there | failed) - known), records, missing=0)
    not_begun = _named(uri for each in manifests[:1] for uri in each.pending) - there
    unknown = records - len(known | not_begun)
    return used.with_share(unknown, records, missing=records - len(there | failed | not_begun))


class _PaidCalls:
    """Tokens and dollars of the calls that were answered."""

    def __init__(self, run: RunDefinition) -> None:
        self._run = run
        self._candidates = {each.name: each for each in run.candidates}
        self._judges = {each.name: each for each in run.judges}
        self._input = self._output = 0
        self._usd: float | None = 0.0

    def add_search(self, search: SearchFile) -> None:
        """Add what the turns of a search have cost that were taken; their tokens are not kept."""
        for each in search.searches:
            self._add_usd(each.cost_usd)

    def add_of_turn(self, output: JSON, search: SearchFile) -> None:
        """Add what came of a turn that was not taken: a prompt that was asked for, or tries of some."""
        for each in search.searches:
            name = f"{each.candidate}."
            self._candidates |= {
                response["candidate"]: self._candidates[each.candidate]
                for response in output.get("responses") or ()
                if response["candidate"].startswith(name)
            }
            if "reply" in output and str(output.get("record_id")).startswith(name):
                self._add(_PaidCall(each.by, read_reply("converse", output["reply"]), "on_demand"))
        self.add(output)

    def _add(self, call: _PaidCall) -> None:
        self._input += call.reply.input_tokens or 0
        self._output += call.reply.output_tokens or 0
        price = self._run.prices.get(call.model)
        self._add_usd(None if price is None else cost_of_reply(price, call.reply, call.asked))

    def _add_usd(self, cost: float | None) -> None:
        self._usd = None if cost is None or self._usd is None else self._usd + cost

    def add(self, output: JSON) -> bool:
        """Add a record's calls; return whether all of them are known."""
        for call in self._calls(output):
            self._add(call)
        # A reply that lies in a file of its own is paid for, and of a size that nobody looks at here.
        return not any(response.get("unread") for response in output.get("responses") or ())

    def with_share(self, unknown: int, records: int, *, missing: int) -> SpentByRun:
        """Return the sum with the plan's share for the records whose calls are not known."""
        planned = ((self._run.estimate or {}).get("cost_usd") or {}).get("likely")
        cost, share = self._usd, 0.0
        if unknown and cost is not None:
            share = 0.0 if planned is None else planned * unknown / records
            cost = None if planned is None else cost + share
        return SpentByRun(self._input, self._output, cost, share, missing)

    def _calls(self, output: JSON) -> Iterator[_PaidCall]:
        for response in output.get("responses") or ():
            is_own = not (response.get("given") or response.get("reused") or response.get("api") == GIVEN)
            if is_own and response.get("reply") is not None:
                yield self._call(self._candidates[response["candidate"]], response, response["reply"])
            yield from self._judges_calls(response.get("judgements") or ())
        yield from self._judges_calls(output.get("comparisons") or ())

    def _judges_calls(self, answers: Iterable[JSON]) -> Iterator[_PaidCall]:
        for answer in answers:
            if not answer.get("kept") and not answer.get("skipped"):
                for reply in ("reply", "first_reply"):
                    if answer.get(reply) is not None:
                        yield self._call(self._judges[answer["judge"]], answer, answer[reply])

    def _call(self, called: Candidate | Judge, answer: JSON, raw: object) -> _PaidCall:
        reply = read_reply(answer.get("api") or called.api, raw)
        return _PaidCall(called.model, reply, self._run.asked_delivery(called, answer))


def _outputs(manifests: Iterable[Manifest]) -> Iterator[JSON]:
    """Yield what children gave; of one that ran twice both, for both were paid for."""
    for uri in (uri for each in manifests for uri in each.succeeded):
        with open_lines(uri) as lines:
            for line in lines:
                if line.strip():
                    yield row_output(parse_row(line))


def _named(uris: Iterable[str]) -> set[str]:
    """Return the records that rows without an output are about."""
    found = set()
    for uri in uris:
        with open_lines(uri) as lines:
            found |= {failed_record(parse_row(line))[0] for line in lines if line.strip()}
    return {record_id for record_id in found if record_id is not None}


def _count(records: str) -> int:
    with storage.open_read(records) as lines:
        return sum(record_id_of(line, records, 0) is not None for line in lines)
