"""Reads judges' preferences between two responses: rows of the table, and the calls behind them."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from evaldrop.bedrock.families.replies import Reply, read_reply
from evaldrop.evaluation import Pairwise, plain_name
from evaldrop.evaluation.criteria import Scale
from evaldrop.run.definition import RunDefinition
from evaldrop.run.records import PreparedRecord
from evaldrop.run.results import Found
from evaldrop.run.tables import ComparisonRow
from evaldrop.scorecard.results import JudgeCall
from evaldrop.scorecard.scores import JUDGE_ERROR
from evaldrop.steps.build_scorecard.reading import cost_usd
from evaldrop.verdicts import TIE, JudgeReply, Preference, read_pair_scores, read_preference

IDENTICAL, MISSING = "identical", "missing"


class ComparedPair(NamedTuple):
    """A comparison, the judge's call where there was one, and why there was none: `identical`, `missing`."""

    row: ComparisonRow
    call: JudgeCall | None
    skipped: str | None = None


class ComparisonReader:
    """Reads the comparisons of one run."""

    def __init__(self, run: RunDefinition) -> None:
        self._run = run
        self._judges = {judge.name: judge for judge in run.judges}
        # A run without pairwise has no comparisons to read.
        pairwise = run.evaluation.pairwise or Pairwise(all_pairs=True)
        self._asks_scores, self._tie = pairwise.verdict == "scores", pairwise.tie
        self._names = (plain_name(pairwise.names[0]), plain_name(pairwise.names[1]))
        self._scale = Scale.between(*pairwise.scale)

    def read(self, found: Found) -> list[ComparedPair]:
        """Return every comparison in a child's output; identical responses are ties without a call."""
        comparisons = (found.output or {}).get("comparisons") or ()
        return [self._read(found.record, comparison) for comparison in comparisons]

    def _read(self, record: PreparedRecord, comparison: Mapping[str, Any]) -> ComparedPair:
        candidate, baseline = comparison["candidate"], comparison["baseline"]
        first = comparison.get("first") or candidate
        asked = (comparison["judge"], comparison.get("criterion"))
        start = (record.record_id, candidate, baseline, *asked, first)
        if (skipped := comparison.get("skipped")) is not None:
            preferred, reason = (TIE, None) if skipped == IDENTICAL else (None, str(skipped))
            return ComparedPair(ComparisonRow(*start, preferred, reason, None, None), None, skipped)
        judge = self._judges[comparison["judge"]]
        error = comparison.get("error")
        # The last reply counts; what it leaves unscored the first one may still answer.
        raws = [comparison[key] for key in ("reply", "first_reply") if comparison.get(key) is not None]
        replies = [read_reply(comparison.get("api") or judge.api, raw) for raw in raws]
        said = self._preference(replies)
        second = baseline if first == candidate else candidate
        places = {"first": first, "second": second, TIE: TIE, None: None}
        raw = {"error": error} if error is not None else comparison.get("reply")
        scores: tuple[float | None, float | None] = said.scores or (None, None)
        row = ComparisonRow(
            *start,
            places[said.place],
            said.unscored_reason,
            said.rationale or None,
            orjson.dumps(raw).decode(),
            *scores,
            record.left_out,
        )
        call = JudgeCall.of(judge.name, comparison, replies, cost_usd(self._run, judge.model, replies))
        return ComparedPair(row, call)

    def _preference(self, replies: Sequence[Reply]) -> Preference:
        if not replies:
            return Preference(place=None, unscored_reason=JUDGE_ERROR)
        said = [self._read_one(reply) for reply in replies]
        return next((one for one in said if one.place is not None), said[0])

    def _read_one(self, reply: Reply) -> Preference:
        heard = JudgeReply(text=reply.text, tool_input=reply.tool_input, stop_reason=reply.stop_reason)
        if self._asks_scores:
            return read_pair_scores(heard, self._scale)
        return read_preference(heard, self._names, tie=self._tie)
