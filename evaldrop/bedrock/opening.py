"""From the text after `--bedrock` to a runtime."""

from pathlib import Path
from typing import TYPE_CHECKING

from evaldrop.bedrock.journal import KeepingRuntime
from evaldrop.bedrock.protocol import (
    READ_TIMEOUT_S,
    BedrockEvaluations,
    BedrockJobs,
    BedrockOptimizations,
    BedrockRuntime,
)
from evaldrop.bedrock.specification import POSSIBLE, parse_rehearsal, server_url, without_secrets
from evaldrop.errors import InputError

# What rehearses is imported for a rehearsal alone, and boto3 for AWS alone: a run waits for both.
if TYPE_CHECKING:
    from evaldrop.bedrock.simulated.direction import KnownCriteria
    from evaldrop.bedrock.simulated.job_files import JobPlace
    from evaldrop.bedrock.simulated.jobs import ObjectsOf
    from evaldrop.bedrock.simulated.runtime import Knowledge


def open_runtime(
    spec: str,
    *,
    max_in_flight: int,
    answer_key: "Knowledge | None" = None,
    criteria: "KnownCriteria | None" = None,
    read_timeout_s: float = READ_TIMEOUT_S,
) -> BedrockRuntime:
    """
    Return the runtime that a specification names.

    Args:
        spec: `aws`, `simulated`, `simulated:name=value,…` with the fields of `Rehearsal`, or `openai=URL`.
        max_in_flight: How many calls may be under way at a time, 1 or more, of both operations together.
        answer_key: For `simulated` only: a right answer to a rendered prompt, or None.
        criteria: For `simulated` only: the run's criteria by name and question.
        read_timeout_s: How long a server may stay silent.

    Raises:
        InputError: The specification is none of these, or `aws` has no credentials or region.
    """
    if max_in_flight < 1:
        raise InputError(f"--max-in-flight {max_in_flight}: at least 1 call must be allowed.")
    name, _, rest = (
        # Only here: the URL of a server has colons, too.
        spec.strip().partition(":") if spec.strip().startswith("simulated:") else (spec.strip(), "", "")
    )
    if name == "aws":
        from evaldrop.bedrock.aws import AwsRuntime

        return AwsRuntime(max_in_flight=max_in_flight, read_timeout_s=read_timeout_s)
    if name == "simulated":
        from evaldrop.bedrock.simulated.runtime import SimulatedRuntime

        return SimulatedRuntime(
            parse_rehearsal(rest), max_in_flight=max_in_flight, answer_key=answer_key, criteria=criteria
        )
    if name.startswith("openai="):
        from evaldrop.bedrock.openai import OpenAIRuntime

        url = server_url(name.removeprefix("openai="))
        return OpenAIRuntime(url, max_in_flight=max_in_flight, read_timeout_s=read_timeout_s)
    raise InputError(f"--bedrock {without_secrets(spec)}: there is no such runtime. {POSSIBLE}")


def open_keeping_runtime(spec: str, *, max_in_flight: int, journal: Path) -> BedrockRuntime:
    """Return a runtime that keeps its replies in a journal where they arrive, as `open_runtime` has them."""
    return KeepingRuntime(open_runtime(spec, max_in_flight=max_in_flight), journal)


def import_for_aws() -> None:
    """Import what AWS is called with, before it is known for which run."""
    import evaldrop.bedrock.aws  # noqa: F401 - imported for the import's sake


def open_jobs(
    spec: str,
    place: "JobPlace",
    *,
    answer_key: "Knowledge | None" = None,
    criteria: "KnownCriteria | None" = None,
    objects_of: "ObjectsOf | None" = None,
) -> BedrockJobs | None:
    """
    Return the batch jobs of the Bedrock that a specification names, for a run on one machine.

    Args:
        spec: As `open_runtime` takes it.
        place: Where a rehearsal keeps its jobs.
        answer_key: As `open_runtime` takes it, so that rows get the replies that calls get.
        criteria: Likewise.
        objects_of: Inputs and outputs, as a job's role may have them; by default those of any URI.

    Returns:
        None where there are none: no server has them, and those of AWS read and write S3.
    """
    name, _, rest = spec.strip().partition(":")
    if name != "simulated":
        return None
    from evaldrop.bedrock.simulated.jobs import rehearsed_jobs, stored_objects

    return rehearsed_jobs(
        parse_rehearsal(rest),
        place,
        answer_key=answer_key,
        criteria=criteria,
        objects_of=objects_of or stored_objects,
    )


def open_evaluations(
    spec: str, place: "JobPlace", *, objects_of: "ObjectsOf | None" = None
) -> BedrockEvaluations | None:
    """Return the evaluation jobs of the Bedrock that a specification names, as `open_jobs` does."""
    name, _, rest = spec.strip().partition(":")
    if name != "simulated":
        return None
    from evaldrop.bedrock.simulated.evaluation_jobs import rehearsed_evaluations
    from evaldrop.bedrock.simulated.jobs import stored_objects

    return rehearsed_evaluations(parse_rehearsal(rest), place, objects_of=objects_of or stored_objects)


def open_optimizations(
    spec: str, place: "JobPlace", *, objects_of: "ObjectsOf | None" = None
) -> BedrockOptimizations | None:
    """Return the prompt optimisation jobs of the Bedrock that a specification names, as `open_jobs` does."""
    name, _, rest = spec.strip().partition(":")
    if name != "simulated":
        return None
    from evaldrop.bedrock.simulated.jobs import stored_objects
    from evaldrop.bedrock.simulated.prompt_optimizations import rehearsed_optimizations

    return rehearsed_optimizations(parse_rehearsal(rest), place, objects_of=objects_of or stored_objects)
