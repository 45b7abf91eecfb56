"""Evaluation jobs as people meet them: what they cost, the question, how far they are."""

import shlex
from collections.abc import Callable
from typing import Any, NamedTuple

from evaldrop import storage
from evaldrop.cli import exits
from evaldrop.cli.next_steps import command
from evaldrop.cli.output import (
    complain,
    confirmed,
    is_attended,
    print_commands,
    print_json,
    say_commands,
    say_simulated,
    shown,
    stderr,
    stdout,
    warn,
)
from evaldrop.cli.prose import print_prose
from evaldrop.cli.tables.evaluation_jobs import (
    print_jobs,
    print_jobs_plan,
    print_planned_jobs,
    print_summaries,
)
from evaldrop.errors import InputError
from evaldrop.evaluation_jobs.advancing import (
    POLL_S,
    SIMULATED_POLL_S,
    create_more,
    look_at,
    stop_all,
    wait_for_end,
)
from evaldrop.evaluation_jobs.creating import as_jobs, prices_of, write_files, write_requests
from evaldrop.evaluation_jobs.jobs_file import JOBS_FILE, EvaluationJob, JobSet, load_jobs
from evaldrop.evaluation_jobs.jobs_plan import JobsPlan
from evaldrop.evaluation_jobs.planning import plan_jobs
from evaldrop.evaluation_jobs.prompts import JobSource
from evaldrop.evaluation_jobs.service import EvaluationJobs
from evaldrop.evaluation_jobs.wanted import WantedJobs
from evaldrop.running.evaluation_service import evaluation_service


class JobsPlace(NamedTuple):
    """
    Where jobs run, and where their files go.

    Attributes:
        bedrock: As `--bedrock` says it.
        region: None for boto3's own choice.
        folder: URI of the folder that is written; of a dry run another than the requests name.
    """

    bedrock: str
    region: str | None
    folder: str


class FoundJobs(NamedTuple):
    """Jobs that were named, who runs them, and the folder of their file; None of a job named by itself."""

    jobs: JobSet
    service: EvaluationJobs
    folder: str | None


def create_and_show(
    source: JobSource,
    wanted: WantedJobs,
    place: JobsPlace,
    *,
    dry_run: bool,
    wait: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """Create the jobs that their user agrees to; return the exit code."""
    plan = plan_jobs(source, wanted, prices_of(source))
    budget = source.definition.evaluation.budget_usd
    console = stderr() if as_json else stdout()
    if place.bedrock != "aws":
        say_simulated(stderr())
    print_jobs_plan(console, plan, budget_usd=budget)
    for note in plan.notes:
        warn(note)
    jobs = as_jobs(source, wanted, plan, bedrock=place.bedrock, region=place.region)
    if dry_run:
        _write_dry(source, plan, jobs, place, as_json=as_json)
    # What a dry run has written shows what is too dear.
    plan.refuse_above(budget)
    if dry_run:
        return exits.PASSED
    # A script is never asked: it could not answer, and would hang.
    if not yes and is_attended() and not confirmed(f"Create {len(jobs.jobs):,} jobs?"):
        complain("stopped before anything was uploaded.")
        return exits.WRONG_USE
    if place.bedrock == "aws":
        # Before anything is uploaded: without a Region there would be files and no jobs.
        service = evaluation_service(place.bedrock, region=place.region)
        write_files(source, plan, jobs, place.folder)
    else:
        write_files(source, plan, jobs, place.folder)
        service = evaluation_service(place.bedrock, folder=place.folder)
    print_prose(stderr(), f"written to {shown(place.folder)}")
    jobs = create_more(jobs, service, lambda each: each.save(place.folder))
    if wait:
        return watch_folder(jobs, service, place.folder, as_json=as_json)
    _show_created(jobs, place.folder, as_json=as_json)
    return exits.PASSED


def _write_dry(source: JobSource, plan: JobsPlan, jobs: JobSet, place: JobsPlace, *, as_json: bool) -> None:
    write_files(source, plan, jobs, place.folder)
    requests = write_requests(jobs, place.folder)
    if as_json:
        print_json({"folder": place.folder, "requests": requests, **_document(jobs, plan)})
        return
    print_planned_jobs(stdout(), jobs.jobs)
    print_prose(stderr(), f"nothing was created (--dry-run). Datasets and requests: {shown(place.folder)}")
    there = jobs.output.removesuffix("/output")
    steps = [
        shlex.join(["aws", "s3", "cp", "--recursive", f"{place.folder}/datasets", f"{there}/datasets"]),
        shlex.join(["aws", "bedrock", "create-evaluation-job", "--cli-input-json", f"file://{requests[0]}"]),
    ]
    each = f"; then each of the {len(requests):,} requests beside this one" if len(requests) > 1 else ""
    say_commands(f"by hand, the datasets first{each}:", steps)


def _show_created(jobs: JobSet, folder: str, *, as_json: bool) -> None:
    waiting = sum(1 for job in jobs.jobs if job.arn is None)
    if waiting:
        warn(f"{waiting:,} of {len(jobs.jobs):,} jobs wait for room; watching creates them as others end.")
    if as_json:
        print_json({"folder": folder, **_document(jobs)})
        return
    print_jobs(stdout(), jobs.jobs)
    stdout().print("to follow them:")
    print_commands(stdout(), [command("bedrock-eval", "watch", folder)])


def _document(jobs: JobSet, plan: JobsPlan | None = None) -> dict[str, Any]:
    about: dict[str, Any] = {
        "id": jobs.id,
        "kind": jobs.kind,
        "jobs": [job.model_dump(mode="json", exclude={"request"}) for job in jobs.jobs],
        "left_out": jobs.left_out,
        "cost": list(jobs.cost),
    }
    if plan:
        about |= {"notes": plan.notes, "likely_usd": None if plan.unknown else plan.likely_usd}
    return about


def watch_folder(
    jobs: JobSet, service: EvaluationJobs, folder: str | None, *, as_json: bool, poll_s: float | None = None
) -> int:
    """Watch jobs to their end, creating those that wait for room; without a folder nothing is written."""
    save = _saver(folder)
    default = POLL_S if jobs.bedrock == "aws" else SIMULATED_POLL_S
    try:
        ended = wait_for_end(
            jobs, service, save, tell=_teller(jobs), poll_s=default if poll_s is None else poll_s
        )
    except KeyboardInterrupt:
        complain("stopped watching. The jobs go on.")
        return exits.INTERRUPTED
    return show_state(ended, folder, as_json=as_json)


def show_state(jobs: JobSet, folder: str | None, *, as_json: bool) -> int:
    """Print how far jobs are and, at their end, how they are read; return the exit code."""
    completed = [job for job in jobs.jobs if job.status == "Completed"]
    if as_json:
        print_json({"folder": folder, **_document(jobs)})
    else:
        print_jobs(stdout(), jobs.jobs)
    if jobs.has_ended and completed and not as_json:
        where = [folder] if folder else [job.arn for job in completed if job.arn]
        say_commands("next:", [command("bedrock-eval", "import", *where)])
    failed = jobs.has_ended and len(completed) < len(jobs.jobs)
    return exits.RUN_FAILED if failed else exits.PASSED


def stop_and_show(found: FoundJobs, *, as_json: bool) -> None:
    """Stop jobs, and print how far they are."""
    stopped = stop_all(found.jobs, found.service, _saver(found.folder))
    show_state(stopped, found.folder, as_json=as_json)


def list_folder(named: str, *, region: str | None, as_json: bool) -> None:
    """Print the jobs of a folder as they are now; nothing is created or written."""
    found = found_jobs(named, region=region)
    show_state(look_at(found.jobs, found.service), found.folder, as_json=as_json)


def list_account(name: str | None, *, limit: int, region: str | None, as_json: bool) -> None:
    """Print an account's newest jobs."""
    summaries = evaluation_service("aws", region=region).newest(name=name, limit=limit)
    if as_json:
        print_json(summaries)
    elif summaries:
        print_summaries(stdout(), summaries)
    else:
        of = f' with "{shown(name)}" in its name' if name else ""
        print_prose(stderr(), f"there is no evaluation job{of}. evaldrop bedrock-eval create makes some.")


def _saver(folder: str | None) -> Callable[[JobSet], None]:
    return (lambda jobs: jobs.save(folder)) if folder else (lambda _: None)


def _teller(jobs: JobSet) -> Callable[[EvaluationJob], None]:
    """Return what prints a job's new status, and how many have ended by then."""
    ended = {job.name for job in jobs.jobs if job.has_ended}

    def tell(job: EvaluationJob) -> None:
        if job.has_ended:
            ended.add(job.name)
        what = f"{shown(job.name)}: {shown(job.status)} ({len(ended):,} of {len(jobs.jobs):,} ended)"
        print_prose(stderr(), what)

    return tell


def found_jobs(named: str, *, region: str | None = None) -> FoundJobs:
    """
    Return the jobs that a folder, a `jobs.json`, an ARN or a job's name means.

    Raises:
        InputError: There are none.
    """
    if not named.startswith("arn:"):
        folder = named.removesuffix(f"/{JOBS_FILE}").rstrip("/")
        if storage.exists(storage.join(folder, JOBS_FILE)):
            jobs = load_jobs(folder)
            service = evaluation_service(jobs.bedrock, region=jobs.region or region, folder=folder)
            return FoundJobs(jobs, service, folder)
        if "/" in named:
            raise InputError(f"{named}: no {JOBS_FILE} there. evaldrop bedrock-eval create names the folder.")
    region = named.split(":")[3] if named.startswith("arn:") and named.count(":") > 4 else region
    service = evaluation_service("aws", region=region)
    return FoundJobs(_by_itself(_arn_of(named, service), service, region), service, None)


def _arn_of(named: str, service: EvaluationJobs) -> str:
    if named.startswith("arn:"):
        return named
    same = [each["jobArn"] for each in service.newest(name=named) if each["jobName"] == named]
    if not same:
        raise InputError(
            f"{named}: neither a folder with a {JOBS_FILE} nor a job's name. evaldrop bedrock-eval list has "
            "the names."
        )
    return str(same[0])


def _by_itself(arn: str, service: EvaluationJobs, region: str | None) -> JobSet:
    details = service.details(arn)
    job = EvaluationJob(
        name=details["jobName"],
        candidates=(),
        arn=arn,
        status=details["status"],
        messages=tuple(details.get("failureMessages", ())),
    )
    kind = "human" if details.get("jobType") == "Human" else "automatic"
    return JobSet.model_validate(
        {
            "id": details["jobName"],
            "created_at": "",
            "kind": kind,
            "task": "",
            "bedrock": "aws",
            "region": region,
            "evaluation_name": "",
            "evaluation": {},
            "dataset": "",
            "output": details.get("outputDataConfig", {}).get("s3Uri", ""),
            "jobs": (job,),
        }
    )
