"""
The records a report carries: compressed as they stream by, within a budget of bytes.

Rows are kept in strata - records with a problem, records on which candidates differ, the rest - each in gzip
chunks. When the budget is passed, the least telling stratum is thinned: every fifth chunk goes, and from then
on only four of five of its records are taken. So memory and page stay bounded, and what is left is spread
over the whole run.

What was sent and what judges replied, word for word, is in chunks of its own that a page unpacks only when
somebody wants to read them. They go first, down to a share that is theirs. Replies repeat the rationales, and
requests the prompt that the record's row holds already: such a passage is left out and a mark is put there,
control characters around a number, which no JSON text holds as they are. The page's script puts it back.
"""

import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

import orjson

from evaldrop.checks import CHECKED_BY
from evaldrop.report.latency import LatencyCounts
from evaldrop.run.definition import RunDefinition
from evaldrop.run.records import PreparedRecord
from evaldrop.scorecard.baseline.drops import Before, Drop, Then
from evaldrop.scorecard.results import UNKNOWN, CandidateResult, ComparedPair, end_of, is_wrong
from evaldrop.scorecard.scores import NOT_APPLICABLE
from evaldrop.verdicts import TIE

# Bytes of compressed rows. Base64 makes them a third more; page and scorecard take the rest of 10 MB.
BUDGET = 7_000_000
# The share of it that rows leave to what was sent and replied, word for word.
_SHARE_OF_DETAILS = 0.1
_EVERY = 5
_LEFT_OUT = b"null"
_CHUNK = 400_000

MARK = "\x01"
# Passages shorter than this are not worth a mark.
_SHORTEST_PASSAGE = 12

HAS_ERROR, HAS_UNSCORED, HAS_FAILED, HAS_DISAGREEMENT, IS_FLAGGED, HAS_REGRESSED = 1, 2, 4, 8, 16, 32

# What a page's row holds of each, in the order in which `templates/scripts/data/rows.js` reads it.
_OF_RECORD = attrgetter("record_id", "category", "prompt", "system", "context", "reference")
_OF_RESPONSE = attrgetter(
    "response", "error", "stop_reason", "input_tokens", "output_tokens", "latency_ms", "cost_usd", "reused",
    "metrics",
)  # fmt: skip
_OF_VERDICT = attrgetter("score", "passed", "unscored_reason", "rationale", "repeat")
_OF_COMPARISON = attrgetter("criterion", "unscored_reason", "rationale", "first_score", "second_score")
# Whom a judge preferred, of the pair (candidate, baseline).
_CANDIDATE, _BASELINE, _TIE = 0, 1, 2


class StratumCount(NamedTuple):
    """How many records of a stratum there were, and how many the report carries."""

    name: str
    seen: int
    kept: int


class Chunk(NamedTuple):
    """
    Some records: gzip of a JSON array of rows, and of their details in the same order; empty where left out.

    Their layout is `ReportRows.add`'s and `sent_and_received`'s; `templates/scripts/data/rows.js` reads it.
    """

    packed: bytes
    details: bytes
    records: int


class _Stratum:
    def __init__(self, name: str) -> None:
        self.name = name
        self.seen = self.unseen = 0
        self.rate = 1.0
        self.chunks: list[Chunk] = []
        self.rows: list[bytes] = []
        self.details: list[bytes] = []
        self.size = 0

    def wants_next(self) -> bool:
        self.seen += 1
        # Spread evenly and not drawn at random: the same run gives the same page.
        return int(self.seen * self.rate) > int((self.seen - 1) * self.rate)

    def append(self, row: bytes, details: bytes) -> None:
        self.rows.append(row)
        self.details.append(details)
        self.size += len(row)

    def seal(self) -> None:
        if self.rows:
            # Details repeat one another word for word: the fastest level finds nearly all of it.
            # Some that a part left out cannot be unpacked: then all of the chunk are.
            details = b"" if _LEFT_OUT in self.details else _packed(self.details, 1)
            self.chunks.append(Chunk(_packed(self.rows, 4), details, len(self.rows)))
            self.rows, self.details, self.size = [], [], 0

    def thin(self) -> None:
        before = len(self.chunks)
        # Of fewer chunks than five the last goes, or nothing would, and the caller would loop for ever.
        every = min(_EVERY, before)
        self.chunks = [chunk for place, chunk in enumerate(self.chunks, start=1) if place % every]
        # 0 closes the stratum: not even one chunk of it fits.
        self.rate *= len(self.chunks) / before

    def drop_details(self) -> bool:
        """Drop those of the last chunk that has some: the first ones stay, whatever is added."""
        for place, chunk in reversed(list(enumerate(self.chunks))):
            if chunk.details:
                self.chunks[place] = chunk._replace(details=b"")
                return True
        return False


class ReportRows:
    """Gathers the rows of a report, and in `latencies` every call's, also of records that are not carried."""

    def __init__(self, run: RunDefinition, budget: int = BUDGET) -> None:
        self._budget = budget
        self._budget_of_details = int(budget * _SHARE_OF_DETAILS)
        self._criteria = {name: number for number, name in enumerate(run.criteria)}
        names = (*(judge.name for judge in run.judges), CHECKED_BY)
        self._judges = {name: number for number, name in enumerate(names)}
        self._candidates = {candidate.name: number for number, candidate in enumerate(run.candidates)}
        self.latencies = LatencyCounts()
        self._strata = [_Stratum("problem"), _Stratum("disagreement"), _Stratum("other")]

    def add(
        self,
        ordinal: int,
        record: PreparedRecord,
        results: Sequence[CandidateResult],
        drops: Sequence[Sequence[Drop]] | None = None,
        *,
        then: Sequence[Then | None] = (),
        before: Callable[[str], Before | None] | None = None,
        compared: Sequence[ComparedPair] = (),
        has_result: bool = True,
    ) -> None:
        """
        Offer a record; it is taken while its stratum has room.

        Args:
            ordinal: Its place among the run's records.
            record: The record.
            results: What came of it, a result per candidate.
            drops: For each result what is worse than in the baseline; None without a baseline.
            then: For each result what the baseline has of its record and candidate.
            before: Given a candidate's name, what it answered in the baseline. Asked for results that
                dropped, and only of a record that is taken.
            compared: What judges preferred on it.
            has_result: Whether anything came of it at all.
        """
        fallen = drops or [()] * len(results)
        for result in results:
            self.latencies.add(result.response.candidate, result.response.latency_ms)
        flags = _flags(results) | (HAS_REGRESSED if any(fallen) else 0)
        problem = flags & ~HAS_DISAGREEMENT
        stratum = self._strata[0 if problem else 1 if flags else 2]
        if not stratum.wants_next():
            return
        answers = [
            self._answer(result, lost, earlier, self._before(result, before) if before and lost else None)
            for result, lost, earlier in zip(results, fallen, then or [None] * len(results), strict=True)
        ]
        preferences = [self._preference(pair) for pair in compared]
        # Lists, not objects: a large page parses the names of keys once, in the script.
        more = _trimmed(record.metadata, preferences, _dataset_fields(record, has_result=has_result))
        row = orjson.dumps([ordinal, flags, *_OF_RECORD(record), answers, *more])
        stratum.append(row, orjson.dumps(sent_and_received(record, results)))
        if stratum.size >= _CHUNK:
            stratum.seal()
            self._keep_within_budget()

    def state(self) -> dict[str, Any]:
        """Return the rows of a part of a run as plain data; call once, at its end."""
        for stratum in self._strata:
            stratum.seal()
        return {
            "latencies": self.latencies.state(),
            "strata": [
                [stratum.seen, [[*map(_unpacked_text, each[:2])] for each in stratum.chunks]]
                for stratum in self._strata
            ],
        }

    def follow(self, state: Mapping[str, Any]) -> None:
        """Add the rows of the part that follows, which `state` gave; as many as there is room for."""
        self.latencies.follow(state["latencies"])
        for stratum, (seen, chunks) in zip(self._strata, state["strata"], strict=True):
            rows = [*_rows_of(chunks)]
            # The part may have taken fewer than it saw: those that it has stand for all.
            stratum.unseen += seen - len(rows)
            for row, details in rows:
                if stratum.wants_next():
                    stratum.append(row, details)
                if stratum.size >= _CHUNK:
                    stratum.seal()
                    self._keep_within_budget()

    def chunks(self) -> list[Chunk]:
        """Return what the report carries."""
        for stratum in self._strata:
            stratum.seal()
        self._keep_within_budget()
        return [chunk for stratum in self._strata for chunk in stratum.chunks]

    def counts(self) -> list[StratumCount]:
        """Return what was seen and what is kept, a count per stratum; call after `chunks`."""
        return [
            StratumCount(
                stratum.name, stratum.seen + stratum.unseen, sum(chunk.records for chunk in stratum.chunks)
            )
            for stratum in self._strata
        ]

    def _keep_within_budget(self) -> None:
        while True:
            chunks = [chunk for stratum in self._strata for chunk in stratum.chunks]
            details = sum(len(chunk.details) for chunk in chunks)
            if details + sum(len(chunk.packed) for chunk in chunks) <= self._budget:
                return
            if details > self._budget_of_details:
                for stratum in reversed(self._strata):
                    if stratum.drop_details():
                        break
            else:
                next(stratum for stratum in reversed(self._strata) if stratum.chunks).thin()

    def _answer(
        self,
        result: CandidateResult,
        drops: Sequence[Drop],
        then: Then | None,
        before: Sequence[Any] | None,
    ) -> Sequence[Any]:
        return [
            *_OF_RESPONSE(result.response),
            [
                [
                    self._criteria[verdict.criterion],
                    self._judges[verdict.judge],
                    *_OF_VERDICT(verdict),
                    *([1] if verdict.first_reply is not None else []),
                ]
                for verdict in result.verdicts
            ],
            result.response.flags,
            is_wrong(result.response),
            [[self._criteria[drop.criterion], drop.was, drop.now] for drop in drops],
            *_trimmed(
                len(result.response.thinking or ""),
                before,
                self._panel_scores(result),
                result.retries,
                self._then(then),
            ),
        ]

    def _before(
        self, result: CandidateResult, before: Callable[[str], Before | None]
    ) -> Sequence[Any] | None:
        """Return `[response, error, [[criterion, score]]]`; neither of the two where it cannot be read."""
        then = before(result.response.candidate)
        if then is None:
            return None
        scores = [[self._criteria[name], score] for name, score in then.scores.items()]
        return [*(then.response or (None, None)), scores]

    def _panel_scores(self, result: CandidateResult) -> Sequence[Any]:
        """Return `[criterion, score, passed, reason]` where that is not what the only verdict says."""
        scores, verdicts = result.scores, result.verdicts
        # Nearly every response of a large run: a verdict for each criterion, and nothing to add to them.
        if len(scores) == len(verdicts) and all(score.reason is None for score in scores.values()):
            return ()
        times = Counter(verdict.criterion for verdict in verdicts)
        return [
            [self._criteria[name], *score]
            for name, score in scores.items()
            if times[name] > 1 or (score.reason is not None and score.score is not None)
        ]

    def _then(self, then: Then | None) -> Sequence[Any]:
        """Return whether the baseline has a response, and its score on each criterion."""
        return [then.answered, *(then.scores.get(name) for name in self._criteria)] if then else []

    def _preference(self, pair: ComparedPair) -> Sequence[Any]:
        """Return who was compared, by whom, in which order and what came out; `preferences.js` reads it."""
        row = pair.row
        whom = {row.candidate: _CANDIDATE, row.baseline: _BASELINE, TIE: _TIE}
        return [
            self._candidates[row.candidate],
            self._candidates[row.baseline],
            self._judges.get(row.judge),
            whom[row.first_shown],
            None if row.preferred is None else whom[row.preferred],
            *_OF_COMPARISON(row),
            pair.skipped,
        ]


def _trimmed(*values: Any) -> list[Any]:
    """Return the values up to the last that says something: most rows have none of them."""
    said = [place for place, value in enumerate(values, start=1) if value]
    return [value or None for value in values[: said[-1]]] if said else []


def _dataset_fields(record: PreparedRecord, *, has_result: bool) -> dict[str, Any]:
    """Return what else is known of a record; messages as roles and how long they are in the prompt."""
    fields = {
        "group": record.group,
        "expected_blocked": record.expected_blocked,
        "criteria": record.criteria or None,
        "checks": list(record.checks) or None,
        "messages": _turns(record) or None,
        "is_cut": record.is_cut or None,
        "no_result": None if has_result else True,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _turns(record: PreparedRecord) -> list[tuple[str, int]]:
    """Return a conversation's roles and lengths as JavaScript counts: a text's units of 16 bits."""
    turns, start = [], 0
    for role, characters in record.messages:
        if len(record.messages) > 1:
            start += len(f"{role}: ")
        said = record.prompt[start : start + characters]
        turns.append((role, len(said.encode("utf-16-le", "surrogatepass")) // 2))
        start += characters + len("\n\n")
    return turns


def _flags(results: Sequence[CandidateResult]) -> int:
    flags = 0
    passed: dict[str, float] = {}
    for result in results:
        if result.response.response is None:
            flags |= HAS_ERROR
        if result.response.flags:
            flags |= IS_FLAGGED
        if is_wrong(result.response):
            flags |= HAS_FAILED
        for name, score in result.scores.items():
            if score.reason is not None and score.reason != NOT_APPLICABLE:
                flags |= HAS_UNSCORED
            if score.passed is not None:
                if score.passed < 0.5:
                    flags |= HAS_FAILED
                if passed.setdefault(name, score.passed) != score.passed:
                    flags |= HAS_DISAGREEMENT
    expected = [result.response for result in results if result.response.expected_blocked is not None]
    if len({end_of(response) for response in expected} - {UNKNOWN}) > 1:
        flags |= HAS_DISAGREEMENT
    return flags


def _unpacked_text(packed: bytes) -> str:
    return zlib.decompress(packed, wbits=31).decode() if packed else ""


def _rows_of(chunks: Sequence[Sequence[str]]) -> Iterator[tuple[bytes, bytes]]:
    """Yield a row and its details; those that were left out are nothing."""
    for rows, details in chunks:
        read = orjson.loads(rows)
        known = orjson.loads(details) if details else [None] * len(read)
        yield from zip(map(orjson.dumps, read), map(orjson.dumps, known), strict=True)


def _packed(rows: Sequence[bytes], level: int) -> bytes:
    # 31 makes it gzip, which a browser's DecompressionStream reads.
    packer = zlib.compressobj(level, wbits=31)
    return packer.compress(b"[" + b",".join(rows) + b"]") + packer.flush()


def sent_and_received(record: PreparedRecord, results: Sequence[CandidateResult]) -> Sequence[Any]:
    """
    Return `[requests, judgements, replies]` of a record.

    `requests`: request key to JSON text, the prompt marked; of a long record `long/<candidate>` to what the
    model was invoked with, which says where the whole text is. `judgements`: `[judge, repeat, before, after,
    {candidate: [open, close]}]`, before and after a response, the prompt marked. `replies`: per candidate the
    different raw replies of its verdicts, JSON text with the rationale of verdict n marked as n; a verdict's
    place in them is beside. Where a candidate thought, its thoughts are a fourth, a text or null for each.
    """
    thoughts = [result.response.thinking for result in results]
    calls = record.calls
    prompt = [record.prompt]
    requests = {**(calls.get("requests") or {})}
    requests |= {f"long/{name}": long["arguments"] for name, long in calls.get("long", {}).items()}
    return [
        {key: _marked(_json(request), prompt) for key, request in requests.items()},
        [_judgement(judgement, prompt) for judgement in calls.get("judgements") or ()],
        [_replies(result) for result in results],
        *([thoughts] if any(thoughts) else []),
    ]


def _judgement(judgement: Mapping[str, Any], prompt: Sequence[str]) -> Sequence[Any]:
    fences = judgement.get("fences") or {}
    return [
        judgement["judge"],
        judgement.get("repeat") or 0,
        _marked(_json(judgement.get("before") or ""), prompt),
        _marked(_json(judgement.get("after") or ""), prompt),
        {name: [fence["open"], fence["close"]] for name, fence in fences.items()},
    ]


def _replies(result: CandidateResult) -> Sequence[Any]:
    """Return the different replies and, per verdict, which are its own: `[replies, [[last, first]]]`."""
    places: dict[str, int] = {}
    whose = [
        [
            None if raw is None else places.setdefault(raw, len(places))
            for raw in (verdict.raw_reply, verdict.first_reply)
        ]
        for verdict in result.verdicts
    ]
    rationales = [verdict.rationale or "" for verdict in result.verdicts]
    return [[_marked(raw, rationales) for raw in places], whose]


def _marked(text: str, passages: Sequence[str]) -> str:
    for number, passage in enumerate(passages):
        if len(passage) >= _SHORTEST_PASSAGE:
            # The passage as JSON text holds it, with its escapes but without its quotes.
            text = text.replace(_json(passage)[1:-1], f"{MARK}{number}{MARK}")
    return text


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
