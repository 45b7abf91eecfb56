"""What SteerRuns asks of Step Functions and CloudWatch."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from evaldrop.aws_errors import as_service_error
from evaldrop.json_text import loads
from evaldrop.steps.steer_runs.decide import Traffic
from evaldrop.steps.steer_runs.steer import RunningMap

LABEL: Final = "Records"
"""The Label of the workflow's Map that evaluates records: part of its Map Runs' ARNs."""

_WINDOW: Final = timedelta(minutes=2)
_BEHIND: Final = timedelta(minutes=1)
"""CloudWatch has a minute's counts some time after it."""

_METRICS: Final = {"answered": "Invocations", "throttled": "InvocationThrottles"}
_MOST_QUERIES: Final = 500
_LAST_EVENTS: Final = 200
"""Between PrepareRecords and the Map are the stages of batch jobs; before it, the turns of a search."""
_PREPARING: Final = ("PrepareRecords", "ChoosePrompts")


class StackAccount:
    """
    The account of a stack.

    Args:
        machine_arn: The state machine's.
        step_functions, cloudwatch: boto3's clients; new ones by default.
    """

    def __init__(self, machine_arn: str, *, step_functions: Any = None, cloudwatch: Any = None) -> None:
        self._machine_arn = machine_arn
        self._step_functions = step_functions or _client("stepfunctions")
        self._cloudwatch = cloudwatch or _client("cloudwatch")

    def running_maps(self) -> Iterator[RunningMap]:
        """
        Yield the Map Runs of running executions that evaluate records.

        Raises:
            AwsError: Step Functions would not say.
        """
        with as_service_error("which runs are running is not known"):
            pages = self._step_functions.get_paginator("list_executions").paginate(
                stateMachineArn=self._machine_arn, statusFilter="RUNNING"
            )
            for execution in (each for page in pages for each in page["executions"]):
                yield from self._maps_of(execution["executionArn"], execution["name"])

    def _maps_of(self, execution: str, run_id: str) -> Iterator[RunningMap]:
        pages = self._step_functions.get_paginator("list_map_runs").paginate(executionArn=execution)
        # One that has ended has a stop date. Another Map, of jobs, is nobody's here.
        arns = [
            each["mapRunArn"]
            for page in pages
            for each in page["mapRuns"]
            if f"/{LABEL}:" in each["mapRunArn"] and "stopDate" not in each
        ]
        state = self._prepared(execution) if arns else None
        for arn in arns if state else ():
            found = self._step_functions.describe_map_run(mapRunArn=arn)
            if state and found["status"] == "RUNNING" and found["itemCounts"]["pending"]:
                yield RunningMap(
                    arn=arn,
                    run_id=run_id,
                    concurrency=found["maxConcurrency"],
                    own=state["max_concurrency"],
                    models=models_of(state),
                )

    def _prepared(self, execution: str) -> Mapping[str, Any] | None:
        """Return what the Map was prepared with: before that was lowered, it has what the run asked for."""
        history = self._step_functions.get_execution_history(
            executionArn=execution, maxResults=_LAST_EVENTS, includeExecutionData=True, reverseOrder=True
        )
        for event in history["events"]:
            left = event.get("stateExitedEventDetails")
            if left and left["name"] in _PREPARING:
                state: dict[str, Any] = loads(left["output"])
                return state
        return None

    def traffic(self, models: Iterable[str]) -> Mapping[str, Traffic]:
        """
        Return the calls of models in the last minutes that CloudWatch knows of.

        Raises:
            AwsError: CloudWatch would not say.
        """
        asked = [(model, kind) for model in models for kind in _METRICS]
        until = datetime.now(UTC).replace(second=0, microsecond=0) - _BEHIND
        counts: dict[tuple[str, str], float] = {}
        with as_service_error("how often models are throttled is not known"):
            for start in range(0, len(asked), _MOST_QUERIES):
                part = asked[start : start + _MOST_QUERIES]
                answer = self._cloudwatch.get_metric_data(
                    MetricDataQueries=[
                        _query(f"m{number}", model, _METRICS[kind])
                        for number, (model, kind) in enumerate(part)
                    ],
                    StartTime=until - _WINDOW,
                    EndTime=until,
                )
                for result in answer["MetricDataResults"]:
                    counts[part[int(result["Id"][1:])]] = sum(result["Values"])
        return {
            model: Traffic(**{kind: counts.get((model, kind), 0) for kind in _METRICS}) for model, _ in asked
        }

    def set_concurrency(self, arn: str, concurrency: int) -> None:
        """
        Have a Map Run evaluate so many records at a time, 1 or more.

        Raises:
            AwsError: Step Functions would not.
        """
        with as_service_error(f"{arn} was not changed"):
            self._step_functions.update_map_run(mapRunArn=arn, maxConcurrency=concurrency)


def models_of(state: Mapping[str, Any]) -> frozenset[str]:
    """Return whom the children of a state call, by what Bedrock's metrics call them."""
    candidates = (each.get("request", {}).get("ModelId") for each in state["candidates"])
    judges = (each.get("model") for each in state["judges"].values())
    # Of an ARN, its last part.
    return frozenset(model.rpartition("/")[2] for model in (*candidates, *judges) if model)


def _query(name: str, model: str, metric: str) -> dict[str, Any]:
    dimensions = [{"Name": "ModelId", "Value": model}]
    measured = {"Namespace": "AWS/Bedrock", "MetricName": metric, "Dimensions": dimensions}
    return {"Id": name, "MetricStat": {"Metric": measured, "Period": 60, "Stat": "Sum"}}


def _client(service: str) -> Any:
    import boto3

    client: Any = boto3.client
    return client(service)
