"""Actions that read executions: describe, list, history."""

from collections.abc import Mapping
from typing import Any

from evaldrop.engine import Clock
from evaldrop.running.local_aws.executions.children import Children
from evaldrop.running.local_aws.executions.contract import ApiError
from evaldrop.running.local_aws.executions.pages import page
from evaldrop.running.local_aws.executions.records import ExecutionRecord


class ExecutionAnswers:
    """
    Answers for executions.

    Args:
        records: The executions, by ARN.
        children: Answers for those that Map Runs started.
        clock: Source of time.
    """

    def __init__(self, records: Mapping[str, ExecutionRecord], children: Children, clock: Clock) -> None:
        self._records = records
        self._children = children
        self._clock = clock

    def find(self, arn: str) -> ExecutionRecord:
        """Return an execution; raises ApiError, ExecutionDoesNotExist."""
        if ":execution:" not in arn and ":express:" not in arn:
            raise ApiError("InvalidArn", f"Invalid Arn: {arn!r}")
        record = self._records.get(arn)
        if record is None:
            raise ApiError("ExecutionDoesNotExist", f"Execution Does Not Exist: {arn!r}")
        return record

    def describe(self, request: dict[str, Any]) -> dict[str, Any]:
        """DescribeExecution."""
        child = self._children.describe(request["executionArn"])
        if child is not None:
            return child
        with_data = request.get("includedData") != "METADATA_ONLY"
        return self.find(request["executionArn"]).as_answer(self._clock.now(), with_data=with_data)

    def describe_machine(self, request: dict[str, Any]) -> dict[str, Any]:
        """DescribeStateMachineForExecution."""
        found = self._children.find(request["executionArn"])
        record = self.find(request["executionArn"] if found is None else found[0].execution_arn)
        machine = record.machine
        answer = {
            "stateMachineArn": machine.arn,
            "name": machine.name,
            "definition": machine.definition,
            "roleArn": machine.role_arn,
            "updateDate": record.started if machine.updated is None else machine.updated,
        }
        if found is None:
            return answer
        map_run, _ = found
        of_map = {"stateMachineArn": map_run.machine_arn, "mapRunArn": map_run.arn, "label": map_run.label}
        return answer | of_map

    def history(self, request: dict[str, Any]) -> dict[str, Any]:
        """GetExecutionHistory."""
        arn = request["executionArn"]
        if self._children.find(arn) is not None:
            raise ApiError("InvalidArn", f"Invalid Arn: {arn!r}: no history is kept of a Map Run's children")
        newest_first = request.get("reverseOrder", False)
        events, more = page(
            self.find(arn).log.events, lambda event: (event.id, ""), request, newest_first=newest_first
        )
        with_data = request.get("includeExecutionData", True)
        return {"events": [event.as_answer(with_data=with_data) for event in events], **more}

    def list(self, request: dict[str, Any]) -> dict[str, Any]:
        """ListExecutions, of a state machine."""
        status, redriven = request.get("statusFilter"), request.get("redriveFilter")
        found = [
            record
            for record in self._records.values()
            if record.machine.arn == request["stateMachineArn"]
            and status in (None, record.status)
            and redriven in (None, "REDRIVEN" if record.redrives else "NOT_REDRIVEN")
        ]
        records, more = page(found, lambda record: (record.sort_time, record.arn), request)
        return {"executions": [record.as_entry() for record in records], **more}
