"""
The records a report carries: compressed as they stream by, within a budget of bytes.

Rows are kept in strata - records with a problem, records on which candidates differ, the rest - each in gzip
chunks. When the budget is passed, the least telling stratum is thinned: every other chunk goes, and from then
on only every other of its records is taken. So memory and page stay bounded, and what is left is spread over
the whole run.
"""

import zlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from evaldrop.scorecard.prepared import PreparedRecord
from evaldrop.scorecard.reading import CandidateResult
from evaldrop.scorecard.scores import NOT_APPLICABLE
from evaldrop.scorecard.source import RunFile

# Bytes of compressed rows. Base64 makes them a third more; page and scorecard take the rest of 10 MB.
BUDGET = 6_500_000
_CHUNK = 200_000

HAS_ERROR, HAS_UNSCORED, HAS_FAILED, HAS_DISAGREEMENT = 1, 2, 4, 8


class StratumCount(NamedTuple):
    """How many records of a stratum there were, and how many the report carries."""

    name: str
    seen: int
    kept: int


class _Chunk(NamedTuple):
    packed: bytes
    records: int


class _Stratum:
    def __init__(self, name: str) -> None:
        self.name = name
        self.seen = 0
        self.stride = 1
        self.chunks: list[_Chunk] = []
        self.pending: list[bytes] = []
        self.pending_size = 0

    def wants_next(self) -> bool:
        self.seen += 1
        return self.stride > 0 and (self.seen - 1) % self.stride == 0

    def seal(self) -> None:
        if self.pending:
            packer = zlib.compressobj(4, wbits=31)
            packed = packer.compress(b"[" + b",".join(self.pending) + b"]") + packer.flush()
            self.chunks.append(_Chunk(packed, len(self.pending)))
            self.pending, self.pending_size = [], 0

    def thin(self) -> None:
        several = len(self.chunks) > 1
        self.chunks = self.chunks[::2] if several else []
        # 0 closes the stratum: not even one chunk of it fits.
        self.stride = self.stride * 2 if several else 0


class ReportRows:
    """Gathers the rows of a report; see the module."""

    def __init__(self, run: RunFile, budget: int = BUDGET) -> None:
        self._budget = budget
        self._criteria = {name: number for number, name in enumerate(run.criteria)}
        self._judges = {judge.name: number for number, judge in enumerate(run.judges)}
        self._strata = [_Stratum("problem"), _Stratum("disagreement"), _Stratum("other")]

    def add(self, ordinal: int, record: PreparedRecord, results: Sequence[CandidateResult]) -> None:
        """Offer a record; it is taken while its stratum has room."""
        flags = _flags(results)
        problem = flags & (HAS_ERROR | HAS_UNSCORED | HAS_FAILED)
        stratum = self._strata[0 if problem else 1 if flags else 2]
        if not stratum.wants_next():
            return
        row = orjson.dumps(self._row(ordinal, flags, record, results))
        stratum.pending.append(row)
        stratum.pending_size += len(row)
        if stratum.pending_size >= _CHUNK:
            stratum.seal()
            self._keep_within_budget()

    def chunks(self) -> list[bytes]:
        """Return the gzip chunks, each of a JSON array of rows."""
        for stratum in self._strata:
            stratum.seal()
        self._keep_within_budget()
        return [chunk.packed for stratum in self._strata for chunk in stratum.chunks]

    def counts(self) -> list[StratumCount]:
        """Return what was seen and what is kept, a count per stratum; call after `chunks`."""
        return [
            StratumCount(stratum.name, stratum.seen, sum(chunk.records for chunk in stratum.chunks))
            for stratum in self._strata
        ]

    def _keep_within_budget(self) -> None:
        while sum(len(chunk.packed) for stratum in self._strata for chunk in stratum.chunks) > self._budget:
            next(stratum for stratum in reversed(self._strata) if stratum.chunks).thin()

    def _row(
        self, ordinal: int, flags: int, record: PreparedRecord, results: Sequence[CandidateResult]
    ) -> Mapping[str, Any]:
        return {
            "n": ordinal,
            "id": record.record_id,
            "flags": flags,
            "prompt": record.prompt,
            "system": record.system,
            "context": record.context,
            "reference": record.reference,
            "category": record.category,
            "answers": [self._answer(result) for result in results],
        }

    def _answer(self, result: CandidateResult) -> Mapping[str, Any]:
        row = result.response
        return {
            "text": row.response,
            "error": row.error,
            "stop": row.stop_reason,
            "tokens": [row.input_tokens, row.output_tokens],
            "ms": row.latency_ms,
            "usd": row.cost_usd,
            "reused": row.reused,
            "flags": row.flags.split(",") if row.flags else [],
            "metrics": row.metrics,
            "verdicts": [
                [
                    self._criteria[verdict.criterion],
                    self._judges[verdict.judge],
                    verdict.score,
                    verdict.passed,
                    verdict.unscored_reason,
                    verdict.rationale,
                ]
                for verdict in result.verdicts
            ],
        }


def _flags(results: Sequence[CandidateResult]) -> int:
    flags = 0
    passed: dict[str, float] = {}
    for result in results:
        if result.response.response is None:
            flags |= HAS_ERROR
        for name, score in result.scores.items():
            if score.reason is not None and score.reason != NOT_APPLICABLE:
                flags |= HAS_UNSCORED
            if score.passed is not None:
                if score.passed < 0.5:
                    flags |= HAS_FAILED
                if passed.setdefault(name, score.passed) != score.passed:
                    flags |= HAS_DISAGREEMENT
    return flags
