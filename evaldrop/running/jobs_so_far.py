"""How far the batch jobs of a run on this machine are, for whoever looks at its folder."""

from collections.abc import Mapping

from evaldrop import storage
from evaldrop.bedrock.billing import cost_of_reply
from evaldrop.bedrock.metered_jobs import job_seen, tokens_of_job
from evaldrop.bedrock.simulated.job_files import JobFiles, JobPlace
from evaldrop.bedrock.simulated.jobs import FOLDER
from evaldrop.evaluation.prices import ModelPrice
from evaldrop.scorecard.figures import rough_usd
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
    now = [job for job in seen if stage_of(job.rows_uri) == latest.stage]
    words = f"not known: waiting for batch jobs ({latest.n:,} of {latest.stage}"
    if rows := sum(job.rows for job in now):
        words += f", {sum(job.processed for job in now):,} of {rows:,} rows done"
    spent = 0.0
    for job in (job for job, look in zip(jobs, seen, strict=True) if look.is_over):
        tokens, price = tokens_of_job(job), prices.get(job["modelId"])
        if tokens is not None and price is not None:
            spent += cost_of_reply(price, tokens, "batch") or 0.0
    return words + (f"; {rough_usd(spent)} for those that are over)" if spent else ")")
