"""
Writes the output of evaluation jobs as a run: prepared records, and results whose judgements are the jobs'.

What then reads them is what reads every run (`steps.build_scorecard`), so that an imported score goes through
the same tallies and the same statistics as any verdict.
"""

import hashlib
import platform
import secrets
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from evaldrop import storage
from evaldrop.errors import EvaluationError
from evaldrop.evaluation import Candidate, Evaluation, Judge
from evaldrop.evaluation.definition import EVALUATION_JOB
from evaldrop.evaluation_jobs.criterion_configs import Config
from evaldrop.evaluation_jobs.import_files import EVALUATION_FILE, dataset_of, write_files
from evaldrop.evaluation_jobs.imported_criteria import OneMeans, imported_criteria
from evaldrop.evaluation_jobs.joining import ImportSource, JoinedJobs, join
from evaldrop.job_formats.judgements import Judgement
from evaldrop.job_formats.output import BrokenRow
from evaldrop.run.definition import DatasetFacts, RunDefinition, criteria_by_name, prices_for
from evaldrop.run.request import new_run_id, run_folder
from evaldrop.scorecard.baseline.blessing import blessed_run
from evaldrop.scorecard.gate import RunNames, gate_problems
from evaldrop.shipped import VERSION

# What an evaluation decides about scores that are there already.
_RULES = ("description", "gate", "metrics", "confidence", "unscored", "notify")


class ImportSettings(NamedTuple):
    """
    How output becomes a run.

    Attributes:
        out: The folder that runs are kept in.
        name: The evaluation's; by default its file's, else by the dataset.
        own: The evaluation whose gate, pass marks, weights, metrics and confidence hold; None: the defaults.
        one_means: Which response a 1 on a comparison's Likert scale prefers.
        asked: Metrics that were made of the evaluation's criteria: metric to criterion's name.
        arguments: What was to be imported, as a command has it.
        simulated: Whether texts or scores are made up.
        is_asked: Whether `own` is what the jobs were made of. A rule of its gate on what no job measured is
            left out then, with an alarm, and its models are those of responses that are known by name alone.
    """

    out: str
    name: str | None = None
    own: Evaluation | None = None
    one_means: OneMeans | None = None
    asked: Mapping[str, str] = MappingProxyType({})
    arguments: Sequence[str] = ()
    simulated: bool = False
    is_asked: bool = False

    def options(self, run_id: str) -> dict[str, Any]:
        """Return what the run's file keeps of them."""
        imported = {"run_id": run_id, "arguments": list(self.arguments), "one_means": self.one_means}
        return {"limit": None, "imported": imported}


def import_jobs(sources: Sequence[ImportSource], settings: ImportSettings) -> RunDefinition:
    """
    Write a run's folder of the output of some jobs, all but what its scorecard's computing writes.

    Raises:
        InputError: The output is none that can be imported so.
        EvaluationError: The gate names what the jobs do not have.
        StorageError: A file cannot be written.
    """
    jobs = [job for source in sources for job in source.jobs]
    own = {} if settings.own is None else {_name(each): each for each in settings.own.criteria}
    criteria = imported_criteria(jobs, own=own, asked=settings.asked, one_means=settings.one_means)
    joined = join(sources, criteria)
    configs = {each.name: each.config for each in criteria.by_key.values()}
    whole = _evaluation(joined, configs, settings)
    evaluation, rules = _with_gate(whole, settings)
    broken = [row for job in jobs for row in job.broken]
    run = _definition(evaluation, joined, settings, n_broken=len(broken))
    said = {
        "notes": (*_origins(sources, joined), *criteria.notes, *_notes(joined)),
        "alarms": (*criteria.left_out, *rules, *_alarms(joined, broken)),
    }
    run = run.changed(dataset=run.dataset.model_copy(update=said))
    write_files(run, joined, broken)
    return run


def _name(config: Config) -> str:
    return config if isinstance(config, str) else str(config.get("name"))


def _evaluation(joined: JoinedJobs, configs: Mapping[str, Config], settings: ImportSettings) -> Evaluation:
    own = settings.own
    # Who answered by which prompt is known only where evaldrop made the jobs.
    kept = () if own is None else (*_RULES, "prompt") if settings.is_asked else _RULES
    rules: dict[str, Any] = {rule: getattr(own, rule) for rule in kept}
    name = settings.name or (own.name if own else None) or _default_name(joined)
    asked = own if settings.is_asked else None
    models = {each.name: each.model for each in asked.candidates} if asked else {}
    prompts = {each.name: each.prompt for each in asked.candidates} if asked else {}
    return Evaluation(
        name=name,
        candidates=tuple(
            # Own responses are sent under their candidate's name, which is no model.
            Candidate(
                name=each,
                model=models.get(each, model) if model == each else model,
                prompt=prompts.get(each),
            )
            for each, model in joined.candidates.items()
        ),
        judges=tuple(
            Judge(name=judge.name, model=judge.model, api=EVALUATION_JOB) for judge in joined.judges
        ),
        criteria=tuple(configs.values()) if joined.judges else (),
        **rules,
    )


def _with_gate(evaluation: Evaluation, settings: ImportSettings) -> tuple[Evaluation, list[str]]:
    """Return an evaluation with the rules that the jobs can be held to, and what to say of the others."""
    names = RunNames.asked(evaluation, criteria_by_name(evaluation.criteria, path="criteria"))
    problems = {rule: "\n".join(gate_problems([rule], names)) for rule in evaluation.gate}
    wrong = {rule: problem for rule, problem in problems.items() if problem}
    if wrong and not settings.is_asked:
        raise EvaluationError("\n".join(wrong.values()))
    kept = tuple(rule for rule in evaluation.gate if rule not in wrong)
    said = [f"Gate: left out, since these jobs did not measure it: {rule}." for rule in wrong]
    return evaluation.model_copy(update={"gate": kept}), said


def _default_name(joined: JoinedJobs) -> str:
    # By the dataset, not by the job: no two jobs share a name, and a trend needs runs of one.
    datasets = {record.dataset for record in joined.records if record.dataset}
    return f"bedrock-{datasets.pop()}"[:64].rstrip("-._") if len(datasets) == 1 else "bedrock-eval"


def _definition(
    evaluation: Evaluation, joined: JoinedJobs, settings: ImportSettings, *, n_broken: int
) -> RunDefinition:
    run_id, place = new_run_id(), storage.absolute(settings.out)
    folder = run_folder(place, evaluation.name, run_id)
    return RunDefinition.model_validate(
        {
            "run_id": run_id,
            "evaluation_name": evaluation.name,
            "started_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "simulated": settings.simulated,
            "bedrock": "simulated" if settings.simulated else "aws",
            "folder": folder,
            "out": place,
            "dataset": DatasetFacts(
                uri=storage.join(folder, f"{evaluation.name}.jsonl"),
                sha256=hashlib.sha256(dataset_of(joined)).hexdigest(),
                shape="canonical",
                records={"read": len(joined.records) + n_broken, "rejected": n_broken},
            ),
            "evaluation": evaluation,
            "evaluation_uri": storage.join(folder, EVALUATION_FILE),
            "criteria": evaluation.criteria,
            "prices": prices_for(evaluation),
            "versions": {"evaldrop": VERSION, "python": platform.python_version()},
            # A judge that is asked about these responses later is asked with these fences.
            "nonce": secrets.token_hex(16),
            "options": settings.options(run_id),
            "baseline": blessed_run(storage.join(place, evaluation.name), simulated=settings.simulated),
        }
    )


def _alarms(joined: JoinedJobs, broken: Sequence[BrokenRow]) -> Iterator[str]:
    if broken:
        yield f"Rows of the jobs' output that could not be read: {len(broken):,}; they are in rejected.jsonl."
    by_model: dict[str, set[str]] = {name: set() for name in joined.candidates}
    for name, judgement in _judgements(joined):
        if judgement.entry.evaluator:
            by_model[name].add(judgement.judge)
    if len({frozenset(judges) for judges in by_model.values()}) > 1:
        said = "; ".join(f"{name} by {', '.join(sorted(by_model[name])) or 'none'}" for name in by_model)
        yield f"Candidates were judged by different models ({said}): a difference may be the judges' own."


def _origins(sources: Sequence[ImportSource], joined: JoinedJobs) -> Iterator[str]:
    for source, names in zip(sources, joined.by_source, strict=True):
        yield f"{', '.join(names)}: imported from {storage.absolute(source.uri)}."


def _notes(joined: JoinedJobs) -> Iterator[str]:
    if joined.twice:
        yield f"Rows that are in the jobs' output once more, and count once: {joined.twice:,}."
    nulls = Counter(each.criterion for _, each in _judgements(joined) if each.entry.result is None)
    for name, times in nulls.items():
        yield (
            f"{name}: {times:,} scores are null. Bedrock says so where a metric does not apply and where its "
            "judge's reply could not be read; they are in no mean."
        )


def _judgements(joined: JoinedJobs) -> Iterator[tuple[str, Judgement]]:
    for record in joined.records:
        for name, answer in record.answers.items():
            yield from ((name, judgement) for judgement in answer.judgements)
