"""
What the engine raises. It knows nothing of evaldrop's own errors.

    EngineError
    ├── DefinitionError       a definition (or what it needs to run) is refused; names every problem
    ├── ServiceError          what an AWS-like runtime answers instead of a result: code and message
    └── StatesError           a state failed: the error name and cause that Retry and Catch see
        ├── TaskError         raised by an integration, with the exact error name
        └── QueryError        a JSONata expression failed or returned nothing
"""

from collections.abc import Sequence

ALL = "States.ALL"
BRANCH_FAILED = "States.BranchFailed"
DATA_LIMIT_EXCEEDED = "States.DataLimitExceeded"
EXCEED_TOLERATED_FAILURE_THRESHOLD = "States.ExceedToleratedFailureThreshold"
ITEM_READER_FAILED = "States.ItemReaderFailed"
QUERY_EVALUATION_ERROR = "States.QueryEvaluationError"
RESULT_WRITER_FAILED = "States.ResultWriterFailed"
RUNTIME = "States.Runtime"
TASK_FAILED = "States.TaskFailed"
TIMEOUT = "States.Timeout"


class EngineError(Exception):
    """Root of what the engine raises on purpose."""


class DefinitionError(EngineError):
    """A state machine is refused. `problems` has one line per problem, each with the path to it."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        count = "1 problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        super().__init__(
            f"the state machine has {count}:\n" + "\n".join(f"  {line}" for line in self.problems)
        )


class ServiceError(EngineError):
    """
    An AWS-like service refused a call. `code` is the service's own, such as ThrottlingException.

    `status` is the HTTP status of its answer, `request_id` and S3's `extended_request_id` are the service's
    names for the call, `retry_after_s` is how many seconds it asked to be left alone, 0 or more; None where
    there was no such thing.
    """

    def __init__(
        self,
        code: str,
        message: str = "",
        *,
        status: int | None = None,
        request_id: str | None = None,
        extended_request_id: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        self.code = code
        self.message = message
        self.status = status
        self.request_id = request_id
        self.extended_request_id = extended_request_id
        self.retry_after_s = retry_after_s
        super().__init__(f"{code}: {message}")


class StatesError(EngineError):
    """
    A state failed. `error` is the name that Retry and Catch match, `cause` is for a person.

    Either may be None: a Fail state need not say them.
    """

    def __init__(self, error: str | None, cause: str | None = None) -> None:
        self.error = error
        self.cause = cause
        super().__init__(f"{error}: {cause}")


class TaskError(StatesError):
    """
    An integration failed, under the exact name that Step Functions gives this failure.

    `retry_after_s` is how many seconds a retry is asked to wait, None where nobody asked.
    """

    def __init__(self, error: str, cause: str | None = None, *, retry_after_s: float | None = None) -> None:
        super().__init__(error, cause)
        self.retry_after_s = retry_after_s


class QueryError(StatesError):
    """
    A JSONata expression failed, returned nothing, or returned what its field cannot hold.

    `location` is the path to the field, None for what is about no field.
    """

    def __init__(self, cause: str, location: str | None = None) -> None:
        self.location = location
        super().__init__(QUERY_EVALUATION_ERROR, cause)
