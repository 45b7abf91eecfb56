"""Actions that read executions and Map Runs, and the one that changes a Map Run. All on the loop."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from evaldrop.engine import Clock
from evaldrop.running.local_aws.executions.map_runs import ChildRecord, MapRunRecord
from evaldrop.running.local_aws.executions.records import ExecutionRecord
from evaldrop.running.local_aws.executions.requests import ApiError, page

# The service's hard limit for one Map Run.
MOST_CHILDREN = 10_000
Listed = TypeVar("Listed", ExecutionRecord, ChildRecord)


class ExecutionAnswers:
    """Answers for executions, recorded by ARN, for those that Map Runs started, and for Map Runs."""

    def __init__(self, records: Mapping[str, ExecutionRecord], clock: Clock) -> None:
        self._records = records
        self._clock = clock

    def find(self, arn: str) -> ExecutionRecord:
        """Return an execution that no Map Run started; raises ApiError, ExecutionDoesNotExist."""
        if ":execution:" not in arn and ":express:" not in arn:
            raise ApiError("InvalidArn", f"Invalid Arn: {arn!r}")
        return self._recorded(arn)

    def _recorded(self, arn: str) -> ExecutionRecord:
        if arn not in self._records:
            raise ApiError("ExecutionDoesNotExist", f"Execution Does Not Exist: {arn!r}")
        return self._records[arn]

    def find_child(self, arn: str) -> tuple[MapRunRecord, ChildRecord] | None:
        """Return an execution that a Map Run started, and the Map Run; None when it is no such execution."""
        machine, _, name = arn.rpartition(":")
        if "/" not in machine:
            return None
        for record in self._records.values():
            for map_run in record.log.map_runs.values():
                child = map_run.find(name)
                if child is not None and map_run.child_arn(child) == arn:
                    return map_run, child
        return None

    def describe(self, request: dict[str, Any]) -> dict[str, Any]:
        """DescribeExecution."""
        if found := self.find_child(request["executionArn"]):
            return found[0].describe_child(found[1])
        with_data = request.get("includedData") != "METADATA_ONLY"
        return self.find(request["executionArn"]).as_answer(self._clock.now(), with_data=with_data)

    def describe_machine(self, request: dict[str, Any]) -> dict[str, Any]:
        """DescribeStateMachineForExecution."""
        found = self.find_child(request["executionArn"])
        record = self.find(request["executionArn"] if found is None else found[0].execution_arn)
        answer = {
            "stateMachineArn": record.machine.arn,
            "name": record.machine.name,
            "definition": record.machine.definition,
            "roleArn": record.machine.role_arn,
            "updateDate": record.started,
        }
        if found is not None:
            map_run, _ = found
            answer |= {
                "stateMachineArn": map_run.machine_arn, "mapRunArn": map_run.arn, "label": map_run.label
            }  # fmt: skip
        return answer

    def history(self, request: dict[str, Any]) -> dict[str, Any]:
        """GetExecutionHistory."""
        arn = request["executionArn"]
        # Children may be Express, of which Step Functions gives no history at all.
        if self.find_child(arn) is not None:
            raise ApiError("InvalidArn", f"Invalid Arn: {arn!r}: no history is kept of a Map Run's children")
        newest_first = request.get("reverseOrder", False)
        events, more = page(
            self.find(arn).log.events, lambda event: (event.id, ""), request, newest_first=newest_first
        )
        with_data = request.get("includeExecutionData", True)
        return {"events": [event.as_answer(with_data=with_data) for event in events], **more}

    def list(self, request: dict[str, Any]) -> dict[str, Any]:
        """ListExecutions, of a state machine or of a Map Run."""
        if "mapRunArn" in request:
            map_run = self._map_run(request["mapRunArn"])
            begun = _wanted(map_run.all_children(), request)
            children, more = page(begun, lambda child: (child.stopped or child.started, child.name), request)
            return {"executions": [map_run.child_entry(child) for child in children], **more}
        arn = request["stateMachineArn"]
        found = _wanted((each for each in self._records.values() if each.machine.arn == arn), request)
        records, more = page(found, lambda record: (record.sort_time, record.arn), request)
        return {"executions": [record.as_entry() for record in records], **more}

    def list_map_runs(self, request: dict[str, Any]) -> dict[str, Any]:
        """ListMapRuns."""
        record = self._recorded(request["executionArn"])
        entries = [
            each.as_entry() | {"stateMachineArn": each.machine_arn} for each in record.log.map_runs.values()
        ]
        map_runs, more = page(entries, lambda entry: (entry["startDate"], entry["mapRunArn"]), request)
        return {"mapRuns": map_runs, **more}

    def describe_map_run(self, request: dict[str, Any]) -> dict[str, Any]:
        """DescribeMapRun."""
        return self._map_run(request["mapRunArn"]).as_answer()

    def update_map_run(self, request: dict[str, Any]) -> dict[str, Any]:
        """UpdateMapRun, of one that runs."""
        map_run = self._map_run(request["mapRunArn"])
        if map_run.map_run.status != "RUNNING":
            raise ApiError(
                "ValidationException", f"{map_run.arn!r} is {map_run.status} and cannot be updated"
            )
        map_run.update(request, MOST_CHILDREN)
        return {}

    def _map_run(self, arn: str) -> MapRunRecord:
        if ":mapRun:" not in arn:
            raise ApiError("InvalidArn", f"Invalid Arn: {arn!r}")
        for record in self._records.values():
            if arn in record.log.map_runs:
                return record.log.map_runs[arn]
        raise ApiError("ResourceNotFound", f"Resource not found: {arn!r}")


def _wanted(records: Iterable[Listed], request: dict[str, Any]) -> Iterable[Listed]:
    status, redriven = request.get("statusFilter"), request.get("redriveFilter")
    for record in records:
        was = "REDRIVEN" if record.redrives else "NOT_REDRIVEN"
        if status in (None, record.status) and redriven in (None, was):
            yield record
