"""Actions on Map Runs, and on the executions they started."""

from collections.abc import Mapping
from typing import Any

from evaldrop.running.local_aws.executions.contract import ApiError
from evaldrop.running.local_aws.executions.map_runs import ChildRecord, MapRunRecord
from evaldrop.running.local_aws.executions.pages import page
from evaldrop.running.local_aws.executions.records import ExecutionRecord

MOST_CHILDREN = 10_000


class Children:
    """
    Answers for Map Runs and their children.

    Args:
        records: The executions, by ARN.
        max_children: Caps the concurrency a Map Run can be given.
    """

    def __init__(self, records: Mapping[str, ExecutionRecord], max_children: int | None) -> None:
        self._records = records
        self._most = MOST_CHILDREN if max_children is None else min(max_children, MOST_CHILDREN)

    def find(self, arn: str) -> tuple[MapRunRecord, ChildRecord] | None:
        """Return a child execution and its Map Run by the child's ARN; None when it is nobody's child."""
        machine, _, name = arn.rpartition(":")
        if "/" not in machine:
            return None
        for record in self._records.values():
            for map_run in record.log.map_runs.values():
                child = map_run.find(name)
                if child is not None and map_run.child_arn(child) == arn:
                    return map_run, child
        return None

    def describe(self, arn: str) -> dict[str, Any] | None:
        """Return a child as DescribeExecution does, without its data, which is not kept."""
        found = self.find(arn)
        if found is None:
            return None
        map_run, child = found
        is_unsuccessful = child.status in {"FAILED", "TIMED_OUT", "ABORTED"}
        status = "REDRIVABLE_BY_MAP_RUN" if is_unsuccessful else "NOT_REDRIVABLE"
        answer = _entry(map_run, child) | {
            "mapRunArn": map_run.arn,
            "inputDetails": {"included": False},
            "outputDetails": {"included": False},
            "redriveStatus": status,
        }
        del answer["itemCount"]
        if not is_unsuccessful:
            answer["redriveStatusReason"] = f"Execution is {child.status} and cannot be redriven"
        why = {"error": child.error, "cause": child.cause}
        return answer | {name: value for name, value in why.items() if value is not None}

    def list(self, request: dict[str, Any]) -> dict[str, Any]:
        """ListExecutions, of a Map Run."""
        map_run = self._map_run(request["mapRunArn"])
        status, redriven = request.get("statusFilter"), request.get("redriveFilter")
        found = [
            child
            for child in map_run.all_children()
            if status in (None, child.status)
            and redriven in (None, "REDRIVEN" if child.redrives else "NOT_REDRIVEN")
        ]
        children, more = page(found, lambda child: (child.stopped or child.started, child.name), request)
        return {"executions": [_entry(map_run, child) for child in children], **more}

    def list_map_runs(self, request: dict[str, Any]) -> dict[str, Any]:
        """ListMapRuns."""
        arn = request["executionArn"]
        record = self._records.get(arn)
        if record is None:
            raise ApiError("ExecutionDoesNotExist", f"Execution Does Not Exist: {arn!r}")
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
        map_run.update(request, self._most)
        return {}

    def _map_run(self, arn: str) -> MapRunRecord:
        if ":mapRun:" not in arn:
            raise ApiError("InvalidArn", f"Invalid Arn: {arn!r}")
        for record in self._records.values():
            if arn in record.log.map_runs:
                return record.log.map_runs[arn]
        raise ApiError("ResourceNotFound", f"Resource not found: {arn!r}")


def _entry(map_run: MapRunRecord, child: ChildRecord) -> dict[str, Any]:
    return {
        "executionArn": map_run.child_arn(child),
        "stateMachineArn": map_run.machine_arn,
        "name": child.name,
        "status": child.status,
        "startDate": child.started,
        **({} if child.stopped is None else {"stopDate": child.stopped}),
        "mapRunArn": map_run.arn,
        "itemCount": child.items,
        "redriveCount": child.redrives,
    }
