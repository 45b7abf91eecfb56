"""A baseline in a bucket is blessed, found and compared where it lies."""

from evaldrop import storage
from evaldrop.cli.dispatch import main
from evaldrop.scorecard.baseline.blessing import bless, blessed_run
from evaldrop.scorecard.baseline.compare import compare_runs
from tests.evaldrop.scorecard.baseline.runs import write

SCORES = {"lite": [(1, 5), (0, 2)], "haiku": [(1, 4), (1, 3)]}


def test_a_run_in_a_bucket_is_blessed_and_compared(bucket):
    evaluation = f"s3://{bucket}/runs/faq"
    assert blessed_run(evaluation, simulated=False) is None
    write(f"{evaluation}/run-0", SCORES, run_id="run-0")
    bless(f"{evaluation}/run-0")
    assert blessed_run(evaluation, simulated=False) == f"{evaluation}/run-0"
    scorecard = write(f"{evaluation}/run-1", SCORES, baseline=f"{evaluation}/run-0")
    assert scorecard.baseline.records == 2
    assert compare_runs(f"{evaluation}/run-1", f"{evaluation}/run-0").candidates.keys() == {"lite", "haiku"}


def test_the_history_in_a_bucket_marks_a_run_when_it_is_blessed(bucket, capsys):
    write(f"s3://{bucket}/runs/faq/run-0", SCORES, run_id="run-0")
    assert "◆ baseline</span>" not in storage.read_bytes(f"s3://{bucket}/runs/index.html").decode()
    assert main(["bless", f"s3://{bucket}/runs/faq/run-0"]) == 0
    assert "◆ baseline</span>" in storage.read_bytes(f"s3://{bucket}/runs/index.html").decode()
