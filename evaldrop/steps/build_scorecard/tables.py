"""Writes what a run's results are shown in, in the dataset's order: its tables, and the report's rows."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from evaldrop.report.rows import ReportRows
from evaldrop.run.definition import RunDefinition
from evaldrop.run.records import PreparedRecord
from evaldrop.run.tables import (
    RobustnessRow,
    TableWriter,
    comparison_schema,
    open_table,
    part_of_table,
    response_schema,
    robustness_schema,
    verdict_schema,
)
from evaldrop.scorecard.baseline.drops import earlier_scores
from evaldrop.scorecard.baseline.scores_table import SCORES_FILE, kept_criteria, score_row, score_schema
from evaldrop.scorecard.results import CandidateResult, RecordResults


class Tables:
    """
    The tables of a run, open.

    Beside the tallies and none of them: groups of rows, and which records the report carries, follow from
    the order of the records.

    Attributes:
        report: The rows of the report.
    """

    def __init__(
        self, run: RunDefinition, stack: ExitStack, part: int | None = None, budget: int | None = None
    ) -> None:
        def opened(name: str, schema: object) -> TableWriter:
            uri = run.file(name) if part is None else part_of_table(run.file(name), part)
            return stack.enter_context(open_table(uri, schema, simulated=run.simulated))

        self._responses = opened("responses.parquet", response_schema(run.evaluation.metrics))
        self._verdicts = opened("verdicts.parquet", verdict_schema())
        self._comparisons = opened("comparisons.parquet", comparison_schema())
        self._scores = opened(SCORES_FILE, score_schema(list(run.criteria)))
        self._robustness = (
            opened("robustness.parquet", robustness_schema()) if run.evaluation.robustness else None
        )
        self._kept, self._earlier = kept_criteria(list(run.criteria)), earlier_scores(run)
        if self._earlier is not None:
            stack.callback(self._earlier.close)
        self.report = ReportRows(run) if budget is None else ReportRows(run, budget)

    def add(self, record: PreparedRecord, results: RecordResults) -> None:
        """Write a line's rows; an anchor has none."""
        if results.anchor is not None:
            return
        if record.perturbed is not None:
            if self._robustness is not None:
                for row in _robustness_rows(record, results):
                    self._robustness.append(row, text=len(row.prompt) + len(row.response or ""))
            return
        for result in results.candidates:
            self._scores.append(
                score_row(result, self._kept, ordinal=results.ordinal, is_skipped=results.is_skipped)
            )
            self._add_result(result, results.ordinal)
        for compared, _, _ in results.compared:
            placed = compared._replace(ordinal=results.ordinal)
            self._comparisons.append(placed, text=len(compared.raw_reply or ""))
        drops = self._earlier.drops(record.record_id, results.candidates) if self._earlier else None
        self.report.add(
            results.ordinal,
            record,
            results.candidates,
            drops,
            then=self._earlier.then(record.record_id, results.candidates) if self._earlier else (),
            before=partial(self._earlier.before, record.record_id) if self._earlier else None,
            compared=results.compared,
            has_result=results.failure is None,
        )

    def _add_result(self, result: CandidateResult, ordinal: int) -> None:
        row = result.response._replace(ordinal=ordinal)
        text = len(row.prompt) + len(row.response or "") + len(row.thinking or "")
        self._responses.append(row.cells(), text=text)
        for verdict in result.verdicts:
            text = len(verdict.raw_reply or "") + len(verdict.rationale or "")
            self._verdicts.append(verdict._replace(ordinal=ordinal), text=text)


@contextmanager
def open_tables(
    run: RunDefinition, *, part: int | None = None, budget: int | None = None
) -> Iterator[Tables]:
    """
    Open every table of a run; they appear whole when all is written, or not at all.

    Args:
        run: The run.
        part: Of a large run, whose tables have parts.
        budget: Of the report's rows, in bytes, where it is another than a report's.
    """
    with ExitStack() as stack:
        yield Tables(run, stack, part, budget)


def _robustness_rows(record: PreparedRecord, results: RecordResults) -> Iterator[RobustnessRow]:
    copied = record.perturbed
    if copied is None or results.original is None:
        return
    for before, after in zip(results.original.candidates, results.candidates, strict=True):
        response = after.response
        names: list[str | None] = [*after.scores] or [None]
        for name in names:
            original, copy = (result.scores.get(name) if name else None for result in (before, after))
            yield RobustnessRow(
                record.record_id,
                copied.of,
                copied.perturbation,
                response.candidate,
                name,
                response.prompt,
                response.response,
                response.error,
                original.score if original else None,
                copy.score if copy else None,
            )
