"""What functions use of their stack: its services and the log. Imports boto3 when it is used."""

import logging
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from evaldrop import storage
from evaldrop.aws_errors import as_service_error
from evaldrop.errors import AwsError

if TYPE_CHECKING:
    from evaldrop.run.request import RunRequest


_logger = logging.getLogger("evaldrop")


class StackServices:
    """
    Runs as executions of the deployed state machine, and messages to the topic that people subscribe to.

    What a service refuses is raised as an `AwsError`.
    """

    def __init__(self, *, machine_arn: str, topic_arn: str) -> None:
        self._machine_arn = machine_arn
        self._topic_arn = topic_arn

    def start(self, request: "RunRequest") -> bool:
        """
        Start a run under its own ID; return False when it was started before.

        While a run lasts, Step Functions answers the same name and input as if it had started it; afterwards
        it refuses the name for 90 days. Neither starts a second one.
        """
        with as_service_error(f"run {request.run_id} of {request.dataset} was not started"):
            try:
                self._step_functions.start_execution(
                    stateMachineArn=self._machine_arn,
                    name=request.run_id,
                    input=request.model_dump_json(),
                )
            except self._step_functions.exceptions.ExecutionAlreadyExists:
                return False
        return True

    def stop(self, run_id: str) -> None:
        """Stop a run's execution where there is one; one that has ended stays as it is."""
        execution = f"{self._machine_arn.replace(':stateMachine:', ':execution:')}:{run_id}"
        with as_service_error(f"run {run_id} was not stopped"):
            try:
                self._step_functions.stop_execution(
                    executionArn=execution, cause="Stopped by a request to the API before it had begun."
                )
            except self._step_functions.exceptions.ExecutionDoesNotExist:
                return

    def stop_evaluation_jobs(self, run_id: str) -> int:
        """Stop the evaluation jobs of a run that are not over; return how many."""
        # Imported likewise.
        from evaldrop.run.job_names import job_prefix

        stopped = 0
        with as_service_error(f"the evaluation jobs of run {run_id} were not stopped"):
            pages = self._bedrock.get_paginator("list_evaluation_jobs")
            named = job_prefix(run_id).rstrip("-")
            for page in pages.paginate(nameContains=named, statusEquals="InProgress"):
                for job in page["jobSummaries"]:
                    stopped += self._stop(self._bedrock.stop_evaluation_job, job["jobArn"])
        return stopped

    def stop_jobs(self, run_id: str) -> int:
        """Stop the batch jobs of a run that are not over; return how many."""
        # Imported once there is a run that was stopped: what starts runs does without an evaluation's types.
        from evaldrop.evaluation.delivery import ENDED_JOBS
        from evaldrop.run.job_names import job_prefix

        stopped = 0
        with as_service_error(f"the batch jobs of run {run_id} were not stopped"):
            pages = self._bedrock.get_paginator("list_model_invocation_jobs")
            # The dash at its end is left out: Bedrock's pattern of a name has it between letters.
            for page in pages.paginate(nameContains=job_prefix(run_id).rstrip("-")):
                for job in page["invocationJobSummaries"]:
                    if job["status"] not in {*ENDED_JOBS, "Stopping"}:
                        stopped += self._stop(self._bedrock.stop_model_invocation_job, job["jobArn"])
        return stopped

    def stop_prompt_jobs(self, run_id: str) -> int:
        """Stop the jobs that make prompts for a run and are not over; return how many."""
        # Imported likewise.
        from evaldrop.run.job_names import job_prefix

        stopped = 0
        with as_service_error(f"the prompt optimisation jobs of run {run_id} were not stopped"):
            # No name narrows them down: all of the account's are looked through.
            pages = self._bedrock.get_paginator("list_advanced_prompt_optimization_jobs")
            for page in pages.paginate():
                for job in page["jobSummaries"]:
                    if job["jobName"].startswith(job_prefix(run_id)) and job["jobStatus"] == "InProgress":
                        stop = self._bedrock.stop_advanced_prompt_optimization_job
                        stopped += self._stop(stop, job["jobArn"])
        return stopped

    def _stop(self, stop: Callable[..., object], arn: str) -> bool:
        try:
            stop(jobIdentifier=arn)
        except self._bedrock.exceptions.ConflictException:  # it has ended meanwhile
            return False
        return True

    def outcome(self, execution_arn: str) -> Mapping[str, Any]:
        """Return an execution's status, input, error and cause, and when it began and ended (ISO 8601)."""
        with as_service_error(f"how {execution_arn} ended is not known"):
            ended = self._step_functions.describe_execution(executionArn=execution_arn)
        moments = {
            name: date.isoformat() if (date := ended.get(of)) else None
            for name, of in (("started_at", "startDate"), ("ended_at", "stopDate"))
        }
        return {name: ended.get(name) for name in ("status", "input", "error", "cause")} | moments

    def notify(self, *, subject: str, message: str) -> None:
        """Send a message to the topic."""
        with as_service_error(f'the message "{subject}" was not sent'):
            self._sns.publish(TopicArn=self._topic_arn, Subject=subject, Message=message)

    def is_there(self, uri: str) -> bool:
        """Tell whether there is an object; one that was deleted is not, whatever versions it has had."""
        return storage.exists(uri)

    def describe(self, uri: str) -> storage.ObjectFacts:
        """Return an object's size and newest version."""
        return storage.describe(uri)

    def metadata(self, uri: str, version: str | None) -> Mapping[str, str]:
        """Return the user metadata of an object's version."""
        return storage.metadata(uri, version)

    @cached_property
    def _step_functions(self) -> Any:
        import boto3

        return boto3.client("stepfunctions")

    @cached_property
    def _bedrock(self) -> Any:
        import boto3
        from botocore.config import Config

        # In subnets without a way there the end of a run is noted all the same, and not minutes later.
        config = Config(connect_timeout=5, retries={"total_max_attempts": 3})
        return boto3.client("bedrock", config=config)

    @cached_property
    def _sns(self) -> Any:
        import boto3

        return boto3.client("sns")


class EventBus:
    """A bus of EventBridge's, by its name. What the service refuses is raised as an `AwsError`."""

    def __init__(self, name: str) -> None:
        self._name = name

    def put(self, *, source: str, detail_type: str, detail: str) -> None:
        """Send an event; `detail` is JSON."""
        entry = {"EventBusName": self._name, "Source": source, "DetailType": detail_type, "Detail": detail}
        with as_service_error(f'the event "{detail_type}" was not sent'):
            answer = self._events.put_events(Entries=[entry])
        # Of entries that it does not take the service answers 200 all the same.
        if answer["FailedEntryCount"]:
            refused = answer["Entries"][0]
            raise AwsError(
                f'the event "{detail_type}" was not sent: {refused["ErrorCode"]}: {refused["ErrorMessage"]}'
            )

    @cached_property
    def _events(self) -> Any:
        import boto3
        from botocore.config import Config

        # A run does not wait for it: a bus that does not answer is given up after some seconds.
        config = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 2})
        return boto3.client("events", config=config)


def log_step(step: str, *, run_id: str | None = None, **facts: Any) -> None:
    """
    Log what a step did; Lambda writes `extra` as JSON fields for Logs Insights.

    The saved queries look for `run_id`. Facts are counts and names: no text of a record, for logs outlive
    datasets.
    """
    _logger.info("%s done", step, extra={"step": step, "run_id": run_id, **facts})
