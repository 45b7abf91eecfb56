"""
What evaldrop raises.

    EvaldropError
    ├── InputError            what the user gave cannot be used (exit code 64)
    │   ├── DatasetError      a dataset cannot be read at all
    │   ├── EvaluationError   an evaluation file is wrong
    │   ├── PromptError       a prompt is missing, or wants a variable that no record has
    │   └── BudgetExceeded    the cost is above `budget_usd`, or above what the stack allows
    ├── NotEnoughData         too few numbers for a statistic
    ├── StorageError          a URI cannot be read or written
    ├── AwsError              an AWS service refused, or could not be reached
    ├── ModelRefused          a candidate or judge takes no call, for a reason that will not pass
    ├── LimitReached          a key has used up its requests, runs or dollars
    └── Conflict              there is another one of this ID

The workflow matches Lambda errors by class name: renaming one here is a change of `infra/workflow.asl.yaml`.
"""


class EvaldropError(Exception):
    """Root of every error evaldrop raises on purpose; its message is for the person at the keyboard."""


class InputError(EvaldropError):
    """What the user gave cannot be used."""


class DatasetError(InputError):
    """A dataset cannot be read, or holds rows that may not be skipped."""


class EvaluationError(InputError):
    """An evaluation file is missing, malformed or inconsistent."""


class PromptError(InputError):
    """A prompt does not exist, does not compile, or names a variable that no record has."""


class BudgetExceeded(InputError):
    """The cost of a run is above the evaluation's `budget_usd`, or it asks more than its stack allows."""


class NotEnoughData(EvaldropError):
    """Too few numbers for a statistic. No data has no interval, not a wide one."""


class StorageError(EvaldropError):
    """A URI cannot be read or written."""


class AwsError(EvaldropError):
    """An AWS service refused, or could not be reached."""


class ModelRefused(EvaldropError):
    """A candidate's or judge's first calls were refused for a reason that will not pass."""


class LimitReached(EvaldropError):
    """
    A key has used up what it may.

    Attributes:
        retry_after_s: Seconds until it may again: the end of the second, the day or the month.
    """

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Conflict(EvaldropError):
    """There is another one of this ID, such as a run that was asked for by another request."""


def first_line(error: BaseException) -> str:
    """Return what an error says first, on one line: a validation's list of faults would fill a screen."""
    if isinstance(error, KeyError):
        return f"{error} is not in it"
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return ": ".join(lines[:3]).partition(" [type=")[0]


def is_bad_input(error: str) -> bool:
    """Tell whether a run failed by an error of what the user gave, by the name the workflow passes on."""
    # By name: the workflow passes on no exception, and may give a name of AWS's own.
    kind = globals().get(error)
    return isinstance(kind, type) and issubclass(kind, InputError)
