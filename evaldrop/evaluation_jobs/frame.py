"""The output of evaluation jobs as a DataFrame: a row per response and metric, as the job has it."""

from typing import TYPE_CHECKING

from evaldrop.job_formats.output import JobScore, read_output

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "prompt", "category", "model", "response", "metric", "score", "explanation", "judge", "reference",
    "task", "dataset",
)  # fmt: skip
"""Columns of the DataFrame, in order."""


def read_bedrock_job(uri: str) -> "pd.DataFrame":
    """
    Return the output of an evaluation job, a row per response and metric.

    Args:
        uri: The job's output folder or one of its files, a path or `s3://…`.

    Returns:
        The columns of `COLUMNS`. `score` is the job's own number or label; None where the metric does not
        apply or no score could be read, and never 0 for that. `judge` is the evaluator's model, "people-1"
        and so on for people, None where an algorithm computed the number. A response without any score has a
        row of its own, without a metric.

    Raises:
        InputError: There is no output.
        StorageError: It cannot be read.
    """
    # Imported here: pandas takes half a second, and no command needs it.
    import pandas as pd

    found = [
        (
            row.prompt,
            row.category,
            response.model,
            response.text,
            score and score.metric,
            score and score.result,
            (score and score.explanation) or None,
            score and _judge(score),
            "\n".join(row.reference) or None,
            row.task,
            row.dataset,
        )
        for job in read_output(uri)
        for row in job.rows
        for response in row.responses
        for score in response.scores or (None,)
    ]
    # As objects: a column of numbers would turn None into NaN, and labels may stand beside numbers.
    return pd.DataFrame(found, columns=list(COLUMNS), dtype=object)


def _judge(score: JobScore) -> str | None:
    return f"people-{score.rating.worker}" if score.rating else score.evaluator
