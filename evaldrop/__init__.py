"""
Batch evaluation of language models: a dataset in, a scorecard and a report out.

    run = evaldrop.read_run("runs/support-answers/20261121T101500Z-4f3a2b")
    run.scorecard.candidates["haiku"].criteria["correctness"].pass_interval
    run.verdicts        # a pandas DataFrame
    evaldrop.read_bedrock_job("s3://my-bucket/evals/lite-job/")    # another: an evaluation job's output
"""

from typing import TYPE_CHECKING, Any

# The version is said in `shipped`: nothing inside evaldrop imports this module, which imports `scorecard`.
from evaldrop.shipped import VERSION as __version__  # noqa: N811 - packages say theirs so

# Type checkers and editors do not see what a module's `__getattr__` gives.
if TYPE_CHECKING:
    from evaldrop.evaluation_jobs.frame import read_bedrock_job
    from evaldrop.scorecard.read import Run, read_run
    from evaldrop.testing.cases import case

__all__ = ["Run", "__version__", "case", "read_bedrock_job", "read_run"]


def __getattr__(name: str) -> Any:
    """Import what notebooks use when they use it: the command line starts without it."""
    if name in {"Run", "read_run"}:
        from evaldrop.scorecard import read

        return getattr(read, name)
    if name == "read_bedrock_job":
        from evaldrop.evaluation_jobs import frame

        return frame.read_bedrock_job
    if name == "case":
        from evaldrop.testing.cases import case

        return case
    raise AttributeError(f"module 'evaldrop' has no attribute {name!r}")
