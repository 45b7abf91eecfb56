"""How far the jobs of a run on this machine are, for whoever looks at its folder."""

from collections.abc import Mapping

from evaldrop import storage
from evaldrop.bedrock.billing import cost_of_reply
from evaldrop.bedrock.metered_jobs import job_seen, tokens_of_job
from evaldrop.bedrock.simulated.job_files import JobFiles, JobPlace
from evaldrop.bedrock.simulated.jobs import FOLDER
from evaldrop.evaluation.delivery import ENDED_JOBS
from evaldrop.evaluation.prices import ModelPrice
from evaldrop.run.job_results import RESULTS_FILE, read_ended
from evaldrop.scorecard.figures import rough_usd
from evaldrop.steps.prepare_evaluation_jobs.jobs import read_rounds
from evaldrop.steps.prepare_jobs.jobs import LatestJobs, stage_of


def waited_for(folder: str, latest: LatestJobs, prices: Mapping[str, ModelPrice | None]) -> str:
    """
    Return in words what a run waits for: its jobs, their rows that are done, what those that are over cost.

    Args:
        folder: The run's.
        latest: The jobs of its stage.
        prices: Of its models.
    """
    # A rehearsal alone has jobs on one machine, and keeps them in the run's folder.
    place = JobPlace(storage.local_path(folder) / FOLDER)
    jobs = list(JobFiles(place, "model-invocation-job", begun="submitTime").all())
    seen = [job_seen(job) for job in jobs]
    now = [job for job in seen if job.rows_uri and stage_of(job.rows_uri) == latest.stage]
    words = f"not known: waiting for batch jobs ({latest.n:,} of {latest.stage}"
    if rows := sum(job.rows for job in now):
        words += f", {sum(job.processed for job in now):,} of {rows:,} rows done"
    spent = 0.0
    for job in (job for job, look in zip(jobs, seen, strict=True) if look.is_over):
        tokens, price = tokens_of_job(job), prices.get(job["modelId"])
        if tokens is not None and price is not None:
            spent += cost_of_reply(price, tokens, "batch") or 0.0
    return words + (f"; {rough_usd(spent)} for those that are over)" if spent else ")")


def waited_for_scores(folder: str, since: int) -> str | None:
    """
    Return in words what a run waits for whose records are all evaluated: its evaluation jobs.

    Args:
        folder: The run's.
        since: When it went on last, in nanoseconds since 1970.

    Returns:
        None where there are no such jobs, or they are over.
    """
    results = storage.local_path(folder) / RESULTS_FILE
    if results.exists() and results.stat().st_mtime_ns >= since:
        return None
    ended = read_ended(folder)
    jobs = [job.name for each in read_rounds(folder).values() for job in each.jobs]
    waited = [name for name in jobs if not ended.is_completed(name)]
    if not waited:
        return None
    place = JobPlace(storage.local_path(folder) / FOLDER)
    # Of several attempts the last one counts.
    found = list(JobFiles(place, "evaluation-job", begun="creationTime").all())
    over = sum(
        next((job["status"] in ENDED_JOBS for job in found if job["jobName"].startswith(name)), False)
        for name in waited
    )
    return f"not known: waiting for evaluation jobs ({over:,} of {len(waited):,} over)"
