"""
PrepareEvaluationJobs: a run's responses written for evaluation jobs; and once these are over, what they said.

A response that is in a round of jobs is in no other. A run that goes on asks for those jobs of its earlier
rounds that have not completed, by the same tokens, and gets those that there are; responses that are new make
a further round.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from evaldrop import storage
from evaldrop.evaluation.criteria import Criterion
from evaldrop.job_formats.limits import MAX_DATASETS, in_parts
from evaldrop.run.definition import RunDefinition
from evaldrop.run.job_results import EndedJobs, JudgingResult, read_ended, write_ended
from evaldrop.steps.prepare_evaluation_jobs.jobs import (
    JobForm,
    JudgingJob,
    Round,
    forms_of,
    job_of,
    read_rounds,
    write_round,
)
from evaldrop.steps.prepare_evaluation_jobs.reserving import reserve_of, settled, settlement
from evaldrop.steps.prepare_evaluation_jobs.responses import Responses
from evaldrop.steps.prepare_evaluation_jobs.row_keys import known_rows
from evaldrop.steps.prepare_evaluation_jobs.taking import write_judgements
from evaldrop.steps.prepare_evaluation_jobs.writing import RoundWriter

JSON = dict[str, Any]


def prepare_evaluation_jobs(state: Mapping[str, Any]) -> JSON:
    """
    Return what the workflow goes on with: the jobs that are to be run, or none once they are.

    Args:
        state: As EvaluateRecords left it; its `evaluation_jobs` has `results` once the jobs are over.

    Raises:
        StorageError: A file cannot be read or written.
    """
    run = RunDefinition.load(state["run"]["folder"])
    asked: JSON = state["evaluation_jobs"]
    has_budget = state.get("budget") is not None
    ended = read_ended(run.folder)
    if "results" in asked:
        taken = _take(run, [JudgingResult.of(told) for told in asked["results"]], ended)
        return _over(state, taken if has_budget else None)
    # The newest Map run first: that of all records, then that of the first ones.
    places = [state["results"], *state.get("earlier", ())]
    _write_new_round(run, [storage.uri_of(place["Bucket"], place["Key"]) for place in places])
    rounds = read_rounds(run.folder)
    jobs = [job for each in rounds.values() for job in each.jobs if not ended.is_completed(job.name)]
    # Again, for what ended the run may have come before it was settled. It is settled once.
    settle = ended.settle if has_budget else None
    if not jobs:
        write_judgements(run, ended.jobs)
        return _over(state, settle)
    # By round: what is asked of a judge may be long, and every state of the workflow has it.
    forms = {f"{name}/{key}": form for name, each in rounds.items() for key, form in each.forms.items()}
    told = {key: {"metrics": form.metrics, "automated": form.automated} for key, form in forms.items()}
    asked = {**asked, "forms": told, "jobs": [_told(job, ended.stage) for job in jobs]}
    return {**state, "evaluation_jobs": asked, **({"settle": settle} if settle else {})}


def _take(run: RunDefinition, results: Sequence[JudgingResult], ended: EndedJobs) -> JSON:
    """Take what jobs said and how they ended; return what is to be settled of them."""
    jobs = {job.name: job for each in read_rounds(run.folder).values() for job in each.jobs}
    shares = write_judgements(run, {**ended.jobs, **{result.name: result for result in results}})
    now = settled(results, jobs, shares=shares, before=ended.jobs)
    settle = settlement(ended.stage, now, jobs, ended.jobs)
    # Last: that it is there says that the judgements are.
    write_ended(run.folder, ended.n + 1, {**ended.jobs, **{each.name: each for each in now}}.values(), settle)
    return settle


def _over(state: Mapping[str, Any], settle: JSON | None) -> JSON:
    """Return a state in which there are no jobs any more."""
    kept = {key: value for key, value in state.items() if key != "evaluation_jobs"}
    return {**kept, "settle": settle} if settle else kept


def _told(job: JudgingJob, stage: str) -> JSON:
    return {
        "place": f"{stage}/{job.name}",
        "reserve": job.reserve,
        "round": job.round,
        "name": job.name,
        "token": job.token,
        "candidate": job.candidate,
        "form": f"{job.round}/{job.form}",
        "datasets": list(job.datasets),
    }


def _write_new_round(run: RunDefinition, manifests: Sequence[str]) -> None:
    """Write the responses that no round has, and their jobs; nothing where there are none."""
    rounds = read_rounds(run.folder)
    known = {row.key for name in rounds for row in known_rows(run.folder, name)}
    name = str(len(rounds) + 1)
    with RoundWriter(run.folder, name) as writer:
        for response in Responses(run, manifests):
            if response.key in known:
                continue
            if response.row is None:
                writer.leave_out(response.key, response.left_out)
            else:
                writer.add((response.key.candidate, response.criteria), response.key, response.row)
    if writer.n:
        write_round(run.folder, name, _round(run, name, writer))


def _round(run: RunDefinition, name: str, written: RoundWriter) -> Round:
    jobs: list[JudgingJob] = []
    forms: dict[str, JobForm] = {}
    asked = list(dict.fromkeys(criteria for _, criteria in written.datasets))
    for (candidate, names), of_series in written.datasets.items():
        criteria: list[Criterion] = [run.criteria[each] for each in names]
        for place, judge in enumerate(run.evaluation.job_judges):
            for group, form in enumerate(forms_of(judge, criteria)):
                key = f"{place}-{asked.index(names)}-{group}"
                forms[key] = form
                price = run.prices.get(judge.model)
                jobs += [
                    job_of(
                        run.run_id,
                        name,
                        candidate=candidate,
                        judge=judge.name,
                        form=key,
                        datasets=part,
                        reserve=reserve_of([written.sizes[each] for each in part], form, price),
                    )
                    for part in in_parts(of_series, MAX_DATASETS)
                ]
    return Round(jobs, forms)
