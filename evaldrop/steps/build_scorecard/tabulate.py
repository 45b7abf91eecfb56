"""Reads a run's results once: rows into its tables, counts and scores into its tallies."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

from evaldrop.report.rows import ReportRows
from evaldrop.run.definition import RunDefinition
from evaldrop.run.records import PreparedRecord
from evaldrop.run.results import Found, collect
from evaldrop.run.tables import (
    TableWriter,
    comparison_schema,
    open_table,
    response_schema,
    robustness_schema,
    verdict_schema,
)
from evaldrop.scorecard.baseline.drops import earlier_scores
from evaldrop.scorecard.baseline.scores_table import SCORES_FILE, kept_criteria, score_row, score_schema
from evaldrop.scorecard.results import CandidateResult
from evaldrop.steps.build_scorecard.guardrails import GuardrailTally
from evaldrop.steps.build_scorecard.pairwise import ComparedPair, ComparisonReader
from evaldrop.steps.build_scorecard.panels import PanelTally
from evaldrop.steps.build_scorecard.reading import ResultReader, take_unread_replies
from evaldrop.steps.build_scorecard.reuse import mark_reused
from evaldrop.steps.build_scorecard.robustness import RobustnessTally
from evaldrop.steps.build_scorecard.tally import RunTally
from evaldrop.steps.build_scorecard.win_rates import PairwiseTally


class _Tables(NamedTuple):
    responses: TableWriter
    verdicts: TableWriter
    comparisons: TableWriter
    scores: TableWriter
    robustness: TableWriter | None


class Tallies(NamedTuple):
    """All that statistics and the report are made of; no texts but the report's, within its budget."""

    run: RunTally
    pairwise: PairwiseTally
    panel: PanelTally
    rows: ReportRows
    robustness: RobustnessTally
    guardrails: GuardrailTally


def read_results(run: RunDefinition, manifests: Sequence[str]) -> Tallies:
    """
    Write every table of a run and return what was counted on the way.

    Args:
        run: The run.
        manifests: URIs of its Map runs' manifests, the newest first.

    Raises:
        StorageError: A file cannot be read or written, or is not what it should be.
    """
    tally = RunTally(
        [candidate.name for candidate in run.candidates],
        [judge.name for judge in run.judges],
        run.evaluation.metrics,
    )
    panel = PanelTally([judge.name for judge in run.judges])
    tallies = Tallies(
        tally,
        PairwiseTally(),
        panel,
        ReportRows(run),
        RobustnessTally(run),
        GuardrailTally(list(tally.candidates)),
    )
    reader, comparisons, earlier = ResultReader(run), ComparisonReader(run), earlier_scores(run)
    kept = kept_criteria(list(run.criteria))
    with _open_tables(run) as tables:
        for found in collect(run.folder, manifests):
            if run.parent and run.parent.how == "rescored":
                for output in (found.output, *found.repeats):
                    mark_reused(output)
            take_unread_replies(found, run.folder)
            _add_repeats(found, reader, comparisons, tally)
            if found.record.anchor is not None:
                tally.add_anchor(found.record, reader.read_anchor(found), run)
                continue
            results = reader.read(found)
            if found.record.perturbed:
                _add_copy(found.record, results, tables, tallies)
                continue
            tallies.robustness.note_original(found.record, results)
            _write_rows(results, tables, kept)
            ordinal = tally.add(found.record, results, None if found.output is not None else found.failure)
            if compared := comparisons.read(found):
                _add_comparisons(ordinal, compared, tables, tallies)
            panel.add(ordinal, results)
            tallies.guardrails.add(ordinal, found.record, results)
            drops = earlier.drops(found.record.record_id, results) if earlier else None
            tallies.rows.add(ordinal, found.record, results, drops)
    return tallies


def _add_repeats(found: Found, reader: ResultReader, comparisons: ComparisonReader, tally: RunTally) -> None:
    tally.repeated += bool(found.repeats) and found.record.anchor is None
    for output in found.repeats:
        again = found._replace(output=output)
        if found.record.anchor is not None:
            calls = reader.read_anchor(again).judge_calls
            tally.add_repeat([], calls)
            continue
        compared = [call for _, call, _ in comparisons.read(again) if call is not None]
        tally.add_repeat(reader.read(again), compared)


def _add_copy(
    record: PreparedRecord, results: Sequence[CandidateResult], tables: _Tables, tallies: Tallies
) -> None:
    tallies.run.add_copy(results)
    for row in tallies.robustness.add(record, results):
        if tables.robustness:
            tables.robustness.append(row, text=len(row.prompt) + len(row.response or ""))


def _add_comparisons(
    ordinal: int, compared: Sequence[ComparedPair], tables: _Tables, tallies: Tallies
) -> None:
    tallies.pairwise.add(ordinal, compared)
    for row, call, _ in compared:
        tables.comparisons.append(row, text=len(row.raw_reply or ""))
        if call is not None:
            tallies.run.add_comparison(row, call)


def _write_rows(results: Sequence[CandidateResult], tables: _Tables, kept: Sequence[str]) -> None:
    for result in results:
        tables.scores.append(score_row(result, kept))
        row = result.response
        tables.responses.append(row.cells(), text=len(row.prompt) + len(row.response or ""))
        for verdict in result.verdicts:
            tables.verdicts.append(verdict, text=len(verdict.raw_reply or "") + len(verdict.rationale or ""))


@contextmanager
def _open_tables(run: RunDefinition) -> Iterator[_Tables]:
    with (
        open_table(
            run.file("responses.parquet"), response_schema(run.evaluation.metrics), simulated=run.simulated
        ) as responses,
        open_table(run.file("verdicts.parquet"), verdict_schema(), simulated=run.simulated) as verdicts,
        open_table(
            run.file("comparisons.parquet"), comparison_schema(), simulated=run.simulated
        ) as comparisons,
        open_table(
            run.file(SCORES_FILE), score_schema(list(run.criteria)), simulated=run.simulated
        ) as scores,
        ExitStack() as stack,
    ):
        robustness = None
        if run.evaluation.robustness:
            table = open_table(run.file("robustness.parquet"), robustness_schema(), simulated=run.simulated)
            robustness = stack.enter_context(table)
        yield _Tables(responses, verdicts, comparisons, scores, robustness)
