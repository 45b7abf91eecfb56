"""A job's scores of a run's own responses are those of one more judge in it."""

import pytest

from evaldrop.errors import InputError
from evaldrop.evaluation_jobs.beside import import_beside
from evaldrop.evaluation_jobs.importing import ImportSettings
from evaldrop.evaluation_jobs.joining import ImportSource
from evaldrop.job_formats.output import read_output
from evaldrop.scorecard.read import read_run
from evaldrop.steps.build_scorecard.build import build_scorecard, score_run
from tests.evaldrop.evaluation_jobs.job_files import judged_row, score, write_job
from tests.evaldrop.run_folders import failed_response, record, response, row, run_json, write_run


@pytest.fixture(scope="module")
def parent(tmp_path_factory):
    """Three records: two answered and judged warm, one whose call failed."""
    folder = tmp_path_factory.mktemp("parent") / "runs" / "support" / "run-1"
    rows = [
        row(
            f"r{n}",
            response("lite", f"answer {n}", {"correctness": True, "tone": 4}),
            failed_response("haiku"),
        )
        for n in range(2)
    ]
    rows.append(row("r2", failed_response("lite"), failed_response("haiku")))
    write_run(folder, run=run_json(), records=[record(f"r{n}") for n in range(3)], succeeded=rows)
    build_scorecard(str(folder))
    return folder


def beside(parent, tmp_path, *rows):
    """Put rows beside the parent, and score the new run."""
    job = write_job(tmp_path, *rows)
    source = ImportSource(uri=str(job), jobs=read_output(str(job)))
    run = import_beside(str(parent), [source], ImportSettings(str(tmp_path / "runs")))
    score_run(run)
    return read_run(run.folder)


def judged(n, *scores):
    """A row about the response to record n, with the prompt that a job was shown."""
    return judged_row(f"System text.\n\nprompt of r{n}", *scores, response=f"answer {n}", model="lite")


def test_on_a_criterion_of_the_run_both_judges_agreement_is_measured(parent, tmp_path):
    """The job's fractions of the scale are its points: ¾ and ½ of 1 to 5 are 4 and 3."""
    run = beside(parent, tmp_path, judged(0, score("tone", 0.75)), judged(1, score("tone", 0.5)))

    tones = run.verdicts[(run.verdicts.criterion == "tone") & run.verdicts.score.notna()]
    assert [(each.record_id, each.judge, each.score) for each in tones.itertuples()] == [
        ("r0", "pro", 4), ("r0", "claude-sonnet-4-6", 4), ("r1", "pro", 4), ("r1", "claude-sonnet-4-6", 3),
    ]  # fmt: skip
    assert run.scorecard.agreement["tone"].n_responses == 2
    assert run.scorecard.agreement["tone"].raw_agreement == 0.5
    assert run.scorecard.candidates["lite"].criteria["tone"].mean == pytest.approx(3.75)


def test_a_metric_that_the_run_did_not_ask_is_one_more_criterion(parent, tmp_path):
    run = beside(parent, tmp_path, judged(0, score("Builtin.Helpfulness", 0.5)))

    assert run.scorecard.candidates["lite"].criteria["bedrock.helpfulness"].mean == 3.0
    assert list(run.scorecard.criteria) == ["correctness", "tone", "bedrock.helpfulness"]


def test_the_runs_own_verdicts_are_kept_and_not_paid_for_again(parent, tmp_path):
    run = beside(parent, tmp_path, judged(0, score("tone", 0.75)))

    before = read_run(str(parent))
    own = run.verdicts[run.verdicts.judge == "pro"]
    assert list(own.score.dropna()) == list(before.verdicts.score.dropna())
    assert own.cost_usd.fillna(0).sum() == 0
    assert run.scorecard.reused.judge_replies == 2
    assert list(run.responses.error.isna()) == list(before.responses.error.isna())


def test_a_judge_of_the_same_name_is_told_apart(parent, tmp_path):
    row = judged(0, {**score("tone", 0.75), "evaluatorDetails": [{"modelIdentifier": "pro"}]})

    assert set(beside(parent, tmp_path, row).verdicts.judge) == {"pro", "pro-job"}


def test_output_of_other_responses_is_refused(parent, tmp_path):
    other = judged_row("prompt of r0", score("tone", 0.5), response="Another answer.", model="lite")

    with pytest.raises(InputError, match="none of its responses is in the output"):
        beside(parent, tmp_path, other)
