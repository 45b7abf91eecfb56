"""
What a run will take, before anything is spent: calls, tokens, dollars, time.

Prompts are rendered for a sample of the records and their tokens counted at four bytes each; how long
responses will be is a guess where no replies are there that tell it, which is why there is a low, a likely
and a high figure.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from operator import add
from typing import Any, Literal, Self

import orjson

from evaldrop.bedrock.families.savings import cached_part
from evaldrop.datasets import Record
from evaldrop.errors import BudgetExceeded
from evaldrop.evaluation import Candidate, Evaluation, Judge
from evaldrop.evaluation.called_checks import (
    CHECK_GUARDRAIL,
    TEXT_UNIT,
    CalledCheck,
    called_checks,
    is_called_check,
)
from evaldrop.evaluation.definition import EVALUATION_JOB, GIVEN
from evaldrop.evaluation.delivery import DELIVERIES, Delivery
from evaldrop.evaluation.prices import ModelPrice, Prices, TokenUsage, cost_at, price_of
from evaldrop.evaluation.questions import compared_pairs
from evaldrop.evaluation.scorers import named_scorers
from evaldrop.job_formats.limits import MOST_PROMPT_TOKENS, MOST_VERDICT_TOKENS
from evaldrop.run.definition import RunDefinition
from evaldrop.run.records import with_texts_restored
from evaldrop.steps.prepare_records.kept_replies import ParentReplies
from evaldrop.steps.prepare_records.prepare import Preparing
from evaldrop.steps.validate_dataset.machinery import (
    CHILD_GB,
    EXPRESS_GB_HOUR_USD,
    EXPRESS_REQUEST_USD,
    TRANSITION_USD,
    machinery,
    parts_in_stack,
    result_bytes,
    scorers_usd,
)
from evaldrop.steps.validate_dataset.planned_lines import ZERO, Line, Range, Role
from evaldrop.steps.validate_dataset.planned_search import PlannedSearches
from evaldrop.steps.validate_dataset.reply_lengths import GUESSED, ReplyLengths

ChildType = Literal["EXPRESS", "STANDARD"]

BYTES_PER_TOKEN = 4
SAMPLE_RECORDS = 200

# Tokens a response may take where nothing better is known.
RESPONSE_TOKENS = (60, 250)

# Seconds a call takes, for the time a run needs; the real figure is the model's affair.
CANDIDATE_S, JUDGE_S = 2.5, 3.0


_NOBODY: Mapping[str, Range] = {}
# Tokens of one criterion's verdict.
VERDICT_TOKENS = Range(low=30, likely=80, high=MOST_VERDICT_TOKENS)

JOB_PROMPT_TOKENS = Range(low=250, likely=500, high=MOST_PROMPT_TOKENS)
"""Of AWS's own prompt of one metric of an evaluation job, without what it is filled with: an estimate."""

# Of the calls that a prompt cache could serve, those that find it: at the dearest, none.
CACHE_HITS = Range(low=0.99, likely=0.98, high=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """
    The whole run in one delivery, as far as its candidates and judges can be delivered so.

    Attributes:
        cost_usd: What those with a known price cost.
        duration_s: Of batch the most that its jobs may take, of the others what is likely.
        others: Who is not delivered so, as a run's `deliveries` name them: they go on demand.
        assumed: Models of which no source tells the price in this delivery.
        said: What a reader needs to know of its time.
    """

    delivery: Delivery
    cost_usd: Range
    duration_s: float
    others: tuple[str, ...]
    assumed: tuple[str, ...]
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """
    The whole of it.

    Attributes:
        records: Records that will be evaluated: without those that a prompt is tuned on.
        lines: Of each candidate and judge, without what a search for prompts takes of them.
        copies: Perturbed copies of them, which are called for like records.
        orchestration_usd: What Step Functions takes on AWS; nothing on one machine.
        parts: In how many parts a stack of the usual settings works on the dataset; 0 in one piece.
        functions_usd: What evaldrop's functions take on AWS.
        storage_usd: What their requests to S3 take.
        scorers_usd: What scorers of one's own take there, at a guess of their time.
        duration_s: On demand, at `max_concurrency` records at a time.
        options: The run in each delivery.
        most_s: In what time a run ends whose jobs take as long as they may; None without jobs.
        chosen: Why `auto` came to the deliveries of the lines; empty where nothing is `auto`.
        prompt_search: What searches for prompts take; None where there is none.
        checks: Names of the checks, which take no call and cost nothing.
    """

    records: int
    lines: tuple[Line, ...]
    orchestration_usd: float
    duration_s: float
    max_concurrency: int
    prices_date: str
    parts: int = 0
    functions_usd: float = 0.0
    storage_usd: float = 0.0
    scorers_usd: float = 0.0
    copies: int = 0
    options: tuple[Option, ...] = ()
    chosen: str = ""
    most_s: float | None = None
    prompt_search: PlannedSearches | None = None
    checks: tuple[str, ...] = ()

    @property
    def deliveries(self) -> dict[str, Delivery]:
        """What is not on demand, as a run's `deliveries` have it."""
        return {line.key: line.delivery for line in self.lines if line.delivery != "on_demand"}

    @property
    def calls(self) -> int:
        """Number of calls to Bedrock, those of searches included."""
        searching = self.prompt_search.calls if self.prompt_search else 0
        return sum(line.calls for line in self.lines) + searching

    @property
    def most_calls(self) -> int:
        """As many as there may be without retries: a search seldom makes all that it may."""
        searching = self.prompt_search.most_calls if self.prompt_search else 0
        return sum(line.calls for line in self.lines) + searching

    @property
    def all_lines(self) -> tuple[Line, ...]:
        """The lines, and those of searches."""
        return (*self.lines, *(self.prompt_search.lines if self.prompt_search else ()))

    @property
    def unknown(self) -> tuple[str, ...]:
        """Models that will be called and whose price is unknown."""
        return tuple(sorted({line.model for line in self.all_lines if line.calls and line.cost_usd is None}))

    @property
    def guessed(self) -> tuple[str, ...]:
        """Whose replies are of a length that nothing tells, as a run's `deliveries` name them."""
        guessed = (line.key for line in self.all_lines if line.calls and line.lengths_of == "guess")
        return tuple(dict.fromkeys(guessed))

    @property
    def cost_usd(self) -> Range:
        """What the models with a known price will cost."""
        searching = self.prompt_search.cost_usd if self.prompt_search else ZERO
        return sum((line.cost_usd for line in self.lines if line.cost_usd), searching)

    @property
    def machinery_usd(self) -> float:
        """What all takes on AWS that is not a model."""
        return self.orchestration_usd + self.functions_usd + self.storage_usd + self.scorers_usd

    def to_json(self) -> dict[str, Any]:
        """Return the plan as `run.json` and `evaldrop plan --json` give it."""
        return {
            **asdict(replace(self, prompt_search=None)),
            "prompt_search": self.prompt_search.to_json() if self.prompt_search else None,
            "calls": self.calls,
            "machinery_usd": self.machinery_usd,
            "guessed": list(self.guessed),
            "deliveries": self.deliveries,
            # Never the known part alone under this key: it would be read as the whole cost.
            "cost_usd": None if self.unknown else asdict(self.cost_usd),
            "known_cost_usd": asdict(self.cost_usd),
            "unknown_prices": list(self.unknown),
            "checks": list(self.checks),
        }


def make_plan(
    counting: "Counting",
    sample: Sequence[Record],
    *,
    records: int,
    prices: Prices,
    lengths: ReplyLengths = GUESSED,
    longer: Mapping[str, Range] | None = None,
    dataset_bytes: int = 0,
) -> Plan:
    """
    Return the plan of a run.

    Args:
        counting: The run's, with the calls of its long records, if it has any.
        sample: Records that represent those that are not counted yet.
        records: How many records there will be.
        prices: Where dollars come from.
        lengths: What is known of replies.
        longer: By how many tokens a candidate's prompt will be longer than the one that is counted.
        dataset_bytes: Of a dataset that a stack may work on in parts; 0 of others.
    """
    left = records - counting.n
    for record in sample:
        counting.add(record, weight=left / len(sample))
    counting.add_anchors()
    lines = tuple(counting.lines(prices, lengths, longer or {}))
    copies, definition = round(counting.n_copies), counting.definition
    children = records + copies
    evaluation = definition.evaluation
    concurrency = definition.options.get("max_in_flight") or evaluation.max_concurrency
    calls = sum(line.calls for line in lines)
    written = result_bytes(calls, sum(line.output_tokens.likely for line in lines))
    around = machinery(
        records=children,
        calls=calls,
        children_usd=orchestration_usd(evaluation, children),
        parts=parts_in_stack(dataset_bytes, written),
    )
    return Plan(
        records=records,
        lines=lines,
        orchestration_usd=around.children_usd + around.parts_usd,
        parts=around.parts,
        functions_usd=around.functions_usd,
        storage_usd=around.storage_usd,
        scorers_usd=_scorers_usd(evaluation, lines, children),
        duration_s=max(1.0, children / min(concurrency, max(children, 1))) * seconds_of_record(evaluation),
        max_concurrency=concurrency,
        prices_date=prices.date,
        copies=copies,
        checks=definition.free_checks,
    )


def _scorers_usd(evaluation: Evaluation, lines: Iterable[Line], records: int) -> float:
    """Return what an evaluation's scorers take of a stack; replies that are there are scored, too."""
    candidates = [line for line in lines if line.role == "candidate" and line.calls]
    tokens = sum(line.input_tokens.likely + line.output_tokens.likely for line in candidates)
    calls = sum(line.calls for line in candidates)
    return scorers_usd(
        named_scorers(evaluation).values(),
        responses=records * len(evaluation.candidates),
        response_bytes=BYTES_PER_TOKEN * tokens / calls if calls else 0.0,
    )


def orchestration_usd(evaluation: Evaluation, records: int, *, children: ChildType = "EXPRESS") -> float:
    """
    Return what Step Functions in us-east-1 takes for a run's children, in USD, without retries.

    An Express child is paid by its request and its memory over time, a Standard one by its transitions;
    either is one transition of the Map more.
    """
    if children == "STANDARD":
        return records * TRANSITION_USD * (1 + child_transitions(evaluation))
    gb_hours = seconds_of_record(evaluation) / 3600 * CHILD_GB
    return records * (TRANSITION_USD + EXPRESS_REQUEST_USD + gb_hours * EXPRESS_GB_HOUR_USD)


def child_transitions(evaluation: Evaluation) -> int:
    """Return how many states a record's child workflow enters when every call succeeds at once."""
    candidates, criteria = len(evaluation.candidates), len(evaluation.criteria)
    states = 5 + candidates * (4 + 4 * judge_calls(evaluation, criteria))
    if evaluation.pairwise:
        orders = 2 if evaluation.pairwise.orders == "both" else 1
        states += 3 + 4 * orders * sum(1 for _ in compared_pairs(evaluation)) * len(evaluation.called_judges)
    # To reserve and to settle.
    return states + 2 * (evaluation.budget_usd is not None)


def judge_calls(evaluation: Evaluation, criteria: int) -> int:
    """Return how many calls of its judges a response gets on so many criteria."""
    return sum(
        judge.repeats * (criteria if judge.mode == "per_criterion" else min(criteria, 1))
        for judge in evaluation.called_judges
    )


def seconds_of_record(evaluation: Evaluation) -> float:
    """Return about how long a record's calls take, in s."""
    return CANDIDATE_S + (JUDGE_S if evaluation.called_judges else 0)


def refuse_above_budget(plan: Plan, budget_usd: float | None, *, is_default: bool = False) -> None:
    """
    Refuse a plan whose likely cost is above the budget; `is_default` where a stack's settings state it.

    Raises:
        BudgetExceeded: The message says by how much and what to do.
    """
    likely = plan.cost_usd.likely
    if budget_usd is not None and likely > budget_usd:
        whose, do, search = "", "raise", ""
        if plan.prompt_search is not None:
            search = "have fewer rounds or proposals of prompts, "
        if is_default:
            whose, do = ", this stack's default for an evaluation that states none", "state"
        raise BudgetExceeded(
            f"the likely cost is ${likely:,.2f}, above budget_usd: {budget_usd:g}{whose}. "
            f"Evaluate fewer records (--limit), drop a candidate, {search}or {do} budget_usd."
        )


class Counting:
    """
    Adds up the calls that records need.

    Args:
        definition: The run.
        parent: What a rejudged run takes from its parent.

    Attributes:
        n: How many records were added as themselves.
        n_copies: How many perturbed copies all the records have.
    """

    def __init__(self, definition: RunDefinition, parent: ParentReplies | None) -> None:
        self.definition = definition
        self._evaluation = definition.evaluation
        self.preparing = Preparing(definition, parent)
        self._requests = {call["name"]: call.get("request_key") for call in self.preparing.candidates}
        # Every call takes its tools along.
        self._offered = {
            each.name: tokens([tool.spec() for tool in each.tools])
            for each in definition.candidates
            if each.tools
        }
        self.n = 0
        self.n_copies = 0.0
        # Tokens of references, and how many there are.
        self._references = [0, 0]
        # By role and name: a judge may be called as a candidate is.
        self._calls: defaultdict[tuple[Role, str], float] = defaultdict(float)
        self._input: defaultdict[tuple[Role, str], float] = defaultdict(float)
        self._cached: defaultdict[tuple[Role, str], float] = defaultdict(float)
        self._tools: defaultdict[tuple[Role, str], float] = defaultdict(float)
        self._verdicts: defaultdict[str, float] = defaultdict(float)
        self._responses: defaultdict[str, float] = defaultdict(float)

    @property
    def n_calls(self) -> float:
        """Calls that have been added up so far."""
        return sum(self._calls.values())

    def add(self, record: Record, *, weight: float | None = None) -> str | None:
        """Add a record, which represents `weight` of them or itself alone; return why it cannot be sent."""
        prepared = self.preparing.prepare(record)
        if not isinstance(prepared, dict):
            return prepared.reason
        if weight is None:
            self.n += 1
            weight = 1
        if record.reference:
            self._references[0] += tokens(record.reference[0])
            self._references[1] += 1
        self._count(with_texts_restored(prepared["calls"]), weight)
        self._count_jobs(prepared, weight)
        for copy in self.preparing.copies(record):
            self.n_copies += weight
            self._count(with_texts_restored(copy["calls"]), weight)
        return None

    def merge(self, other: Self) -> None:
        """Add the records of another one."""
        self.n += other.n
        self.n_copies += other.n_copies
        self._references = [sum(both) for both in zip(self._references, other._references, strict=True)]
        for mine, theirs in zip(self._sums, other._sums, strict=True):
            for key, n in theirs.items():
                mine[key] += n

    def state(self) -> list[Any]:
        """Return what was added up as plain data."""
        return [
            self.n,
            self.n_copies,
            self._references,
            *(list(map(list, each.items())) for each in self._sums),
        ]

    def restore(self, state: Sequence[Any]) -> None:
        """Take up what `state` gave."""
        self.n, self.n_copies, references, *sums = state
        self._references = list(references)
        for mine, pairs in zip(self._sums, sums, strict=True):
            mine.update({tuple(key) if isinstance(key, list) else key: n for key, n in pairs})

    @property
    def _sums(self) -> tuple[defaultdict[Any, float], ...]:
        return (
            self._calls, self._input, self._cached, self._tools, self._verdicts, self._responses,
        )  # fmt: skip

    def _count(self, calls: dict[str, Any], weight: float) -> None:
        long = calls.get("long", {})
        for name, key in self._requests.items():
            if name in calls["given"] or (name not in long and key not in calls["requests"]):
                continue
            sent = long[name]["bytes"] // BYTES_PER_TOKEN if name in long else tokens(calls["requests"][key])
            self._calls["candidate", name] += weight
            # A body that goes by way of S3 holds them already.
            offered = 0 if name in long else self._offered.get(name, 0)
            self._input["candidate", name] += weight * (sent + offered)
        given = _given_tokens(calls)
        for judgement in calls["judgements"]:
            # The parent's replies are paid for already.
            kept = len(judgement.get("kept_replies", ()))
            judged = list(judgement["fences"])
            self._count_judge(judgement, [judged], given, calls=weight * (len(judged) - kept))
        for comparison in calls["comparisons"]:
            compared = [[comparison["first"]], [comparison["second"]]]
            self._count_judge(comparison, compared, given, calls=0 if "kept" in comparison else weight)

    def _count_jobs(self, prepared: dict[str, Any], weight: float) -> None:
        """Add what evaluation jobs ask about a record's responses: a call for each of them and criterion."""
        given = _given_tokens(prepared["calls"])
        shown = tokens(prepared["prompt"]) + sum(map(tokens, prepared["reference"][:1]))
        names = list(self._requests)
        for asked in prepared.get("asked_of_jobs", ()):
            judge = asked["judge"]
            self._calls["judge", judge] += weight * len(names)
            self._input["judge", judge] += weight * (
                len(names) * shown + sum(given.get(name, 0) for name in names)
            )
            self._responses[judge] += weight * sum(name not in given for name in names)
            self._verdicts[judge] += weight * len(names)

    def add_anchors(self) -> None:
        """Add the anchors: each is judged once, not once per record."""
        for anchor in self.preparing.anchors():
            given = _given_tokens(anchor["calls"])
            for judgement in anchor["calls"]["judgements"]:
                if not judgement.get("kept_replies"):
                    self._count_judge(judgement, [list(judgement["fences"])], given, calls=1)

    def _count_judge(
        self, request: dict[str, Any], shown: list[list[str]], given: dict[str, int], *, calls: float
    ) -> None:
        """
        Add a judge's calls.

        Args:
            request: What is the same in each of them.
            shown: For each place of a response in a call, the candidates of whom one is there.
            given: Tokens of the responses that are there already.
            calls: How many calls there are.
        """
        name = request["judge"]
        if is_called_check(name):
            self._count_check(request, shown, given, calls=calls)
            return
        # Beyond the room that the state has for constants, a request carries its own.
        constants = request.get("call") or self.preparing.judge_requests.constants[request["request_key"]]
        # Fences of all responses are about as long as one another; a comparison has its own in its texts.
        fence: Mapping[str, str] = next(iter(request.get("fences", {}).values()), {})
        parts = (
            request["before"],
            "".join(fence.values()) or request.get("between", ""),
            request["after"],
            constants.get("request") or constants.get("body"),
        )
        self._calls["judge", name] += calls
        self._input["judge", name] += calls * sum(map(tokens, parts))
        if kept := cached_part(constants.get("request")):
            self._cached["judge", name] += calls * tokens(kept)
        if tool := constants.get("request", {}).get("ToolConfig"):
            self._tools["judge", name] += calls * tokens(tool)
        # A comparison has one verdict.
        self._verdicts[name] += calls * len(request.get("criteria", "1"))
        for names in shown:
            known = [given[one] for one in names if one in given]
            self._input["judge", name] += calls * sum(known) / len(names)
            self._responses[name] += calls * (1 - len(known) / len(names))

    def _count_check(
        self, request: dict[str, Any], shown: list[list[str]], given: dict[str, int], *, calls: float
    ) -> None:
        """Add a check's calls: each about a response, or about the reference in its `before`."""
        name = request["judge"]
        self._calls["judge", name] += calls
        if request["before"]:
            self._input["judge", name] += calls * tokens(request["before"])
            return
        for names in shown:
            known = [given[one] for one in names if one in given]
            self._input["judge", name] += calls * sum(known) / len(names)
            self._responses[name] += calls * (1 - len(known) / len(names))

    def lines(
        self, prices: Prices, lengths: ReplyLengths, longer: Mapping[str, Range] = _NOBODY
    ) -> Iterable[Line]:
        """Yield the calls of each candidate and judge, with replies as long as is known."""
        for candidate in self._evaluation.candidates:
            if candidate.model != GIVEN:
                calls = self._calls["candidate", candidate.name]
                guess = self._response(candidate.inference.max_tokens).times(calls)
                read = longer.get(candidate.name, ZERO).times(calls)
                yield self._line("candidate", candidate, read, guess, prices, lengths)
        response = self._read_response(lengths)
        for judge in self._evaluation.judges:
            read = response.times(self._responses[judge.name])
            if judge.api == EVALUATION_JOB:
                read += JOB_PROMPT_TOKENS.times(self._calls["judge", judge.name])
            limit = (judge.inference.max_tokens or VERDICT_TOKENS.high) * self._calls["judge", judge.name]
            guess = VERDICT_TOKENS.times(self._verdicts[judge.name]).map(partial(min, limit))
            yield self._line("judge", judge, read, guess, prices, lengths)
        for check in called_checks(self._evaluation.checks):
            yield self._line_of_check(check, response, prices)

    def _line_of_check(self, check: CalledCheck, response: Range, prices: Prices) -> Line:
        """Return the calls of a check: an embedding's tokens, or a guardrail's text units."""
        calls = self._calls["judge", check.name]
        sent = response.times(self._responses[check.name])
        sent = sent.map(partial(add, self._input["judge", check.name]))
        if check.api == CHECK_GUARDRAIL:
            # A response is one text unit at least.
            sent = sent.map(lambda n: max(calls, n * BYTES_PER_TOKEN / TEXT_UNIT))
        cost = tokens_cost(price_of(check.model, prices), "on_demand", sent, ZERO, 0)
        return Line(
            role="judge",
            name=check.name,
            model=check.model,
            calls=round(calls),
            input_tokens=sent,
            output_tokens=ZERO,
            cost_usd=cost,
            costs=dict.fromkeys(DELIVERIES, cost),
        )

    def _read_response(self, lengths: ReplyLengths) -> Range:
        """Return the tokens of a response as judges read it: as long as candidates' were, if known."""
        guess = self._response(None)
        known = [tokens for key, tokens in lengths.tokens.items() if key.startswith("candidate/")]
        return _as_known(sum(known) / len(known), guess) if known else guess

    def _response(self, limit: int | None) -> Range:
        """Return the tokens of one response: a reference's length is the best hint there is."""
        low, likely = map(float, RESPONSE_TOKENS)
        total, count = self._references
        if count:
            likely = max(low, 1.5 * total / count)
        high = limit or max(each.inference.max_tokens or 4096 for each in self._evaluation.candidates)
        return Range(low=min(low, high), likely=min(likely, high), high=high)

    def _line(
        self,
        role: Role,
        called: Candidate | Judge,
        read: Range,
        guess: Range,
        prices: Prices,
        lengths: ReplyLengths,
    ) -> Line:
        key, calls = f"{role}/{called.name}", self._calls[role, called.name]
        known, billed = lengths.tokens.get(key), lengths.billed.get(key, 1.0)
        output = (guess if known is None else _as_known(known * calls, guess)).times(billed)
        outputs = dict.fromkeys(DELIVERIES, output)
        if (in_batch := lengths.in_batch.get(key)) is not None:
            outputs["batch"] = _as_known(in_batch * calls, guess).times(billed)
        # What judges read of responses comes on top of the requests that were counted.
        sent = read.map(partial(add, self._input[role, called.name])).times(billed)
        cached = self._cached[role, called.name] * billed
        # Converse rows of a job take no tools: the verdict is asked for in text.
        without_tools = sent.map(lambda n: n - self._tools[role, called.name] * billed)
        read_by = {each: without_tools if each == "batch" else sent for each in DELIVERIES}
        price = price_of(called.model, prices)
        costs = {each: tokens_cost(price, each, read_by[each], outputs[each], cached) for each in DELIVERIES}
        if called.api == EVALUATION_JOB:
            costs = dict.fromkeys(DELIVERIES, costs["on_demand"])
        return Line(
            role=role,
            name=called.name,
            model=called.model,
            calls=round(calls),
            input_tokens=sent,
            output_tokens=output,
            cost_usd=costs["on_demand"],
            cached_tokens=cached,
            costs=costs,
            lengths_of=lengths.source(key),
        )


def _as_known(likely: float, guess: Range) -> Range:
    """Return a guess with what replies have told as the likely figure."""
    return Range(low=min(guess.low, likely), likely=likely, high=max(guess.high, likely))


def tokens_cost(
    price: ModelPrice | None, delivery: Delivery, sent: Range, output: Range, cached: float
) -> Range | None:
    """Return what calls cost in a delivery; None when the price is unknown."""
    if price is None:
        return None
    kept = 0.0 if delivery == "batch" else cached

    def dollars(level: Literal["low", "likely", "high"]) -> float:
        hits = getattr(CACHE_HITS, level)
        taken, given = round(getattr(sent, level)), round(getattr(output, level))
        usage = TokenUsage(taken, given, round(kept * hits), round(kept * (1 - hits)))
        return cost_at(price, usage, delivery) or 0.0

    return Range(low=dollars("low"), likely=dollars("likely"), high=dollars("high"))


def _given_tokens(calls: dict[str, Any]) -> dict[str, int]:
    """Return the tokens of a record's responses that are there already, by candidate."""
    return {name: tokens(reply["text"]) for name, reply in calls["given"].items() if reply.get("text")}


def tokens(content: Any) -> int:
    """Return about how many tokens a text or a request's JSON has."""
    text = content.encode() if isinstance(content, str) else orjson.dumps(content)
    return max(1, len(text) // BYTES_PER_TOKEN)
