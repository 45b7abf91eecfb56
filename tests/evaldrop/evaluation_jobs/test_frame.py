"""The DataFrame of a job's output."""

import evaldrop
from tests.evaldrop.evaluation_jobs.job_files import (
    HAIKU,
    NOVA,
    SONNET,
    answer,
    judged_row,
    rated_row,
    score,
    write_job,
)


def test_a_row_per_response_and_metric_has_the_jobs_own_results(tmp_path):
    """Numbers, labels and nothing stay what they are: null is None, and neither 0 nor NaN."""
    job = write_job(
        tmp_path,
        judged_row("A", score("Builtin.Helpfulness", 0.8333), score("kind", "full"), category="c"),
        judged_row("B", score("Builtin.Refusal", None)),
        judged_row("C"),
    )

    frame = evaldrop.read_bedrock_job(str(job))

    assert list(frame.columns)[:7] == [
        "prompt",
        "category",
        "model",
        "response",
        "metric",
        "score",
        "explanation",
    ]
    assert list(zip(frame.prompt, frame.metric, frame.score, strict=True)) == [
        ("A", "Builtin.Helpfulness", 0.8333), ("A", "kind", "full"), ("B", "Builtin.Refusal", None),
        ("C", None, None),
    ]  # fmt: skip
    assert frame.iloc[0].to_dict() == {
        "prompt": "A", "category": "c", "model": NOVA, "response": "An answer.",
        "metric": "Builtin.Helpfulness", "score": 0.8333, "explanation": "Because.", "judge": SONNET,
        "reference": None, "task": "General", "dataset": "faq",
    }  # fmt: skip


def test_people_are_judges_in_it(tmp_path):
    thumb = {"metricName": "Right", "modelResponseId": "1", "result": False}
    said = answer("w", thumbsUpDown=[thumb])
    frame = evaldrop.read_bedrock_job(str(write_job(tmp_path, rated_row("A", said))))

    (row,) = frame[frame.metric.notna()].itertuples()
    assert (row.model, row.metric, row.score, row.judge) == (HAIKU, "Right", 0.0, "people-1")
