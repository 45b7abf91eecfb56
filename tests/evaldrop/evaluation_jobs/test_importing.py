"""An import is a run like any other: tables, scorecard, comparisons, gate; and nothing in it is made up."""

import json
from pathlib import Path

import pytest

from evaldrop.errors import EvaluationError, InputError
from evaldrop.evaluation import Evaluation
from evaldrop.evaluation_jobs.importing import ImportSettings, import_jobs
from evaldrop.evaluation_jobs.joining import ImportSource
from evaldrop.job_formats.output import read_output
from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.read import read_run
from evaldrop.steps.build_scorecard.build import score_run
from evaldrop.steps.build_scorecard.rescore import rescore
from tests.evaldrop.evaluation_jobs.job_files import (
    HAIKU,
    NOVA,
    SONNET,
    answer,
    judged_row,
    rated_row,
    score,
    write_definitions,
    write_job,
)

CORRECT, FOLLOWS, HARM = "Builtin.Correctness", "Builtin.FollowingInstructions", "Builtin.Harmfulness"


def imported(tmp_path, *jobs, **settings):
    """Import folders, or (name, folder) pairs, and score the run."""
    named = [job if isinstance(job, tuple) else (None, job) for job in jobs]
    sources = [ImportSource(uri=str(job), jobs=read_output(str(job)), name=name) for name, job in named]
    run = import_jobs(sources, ImportSettings(str(tmp_path / "runs"), **settings))
    score_run(run)
    return read_run(run.folder)


def verdicts(run, criterion):
    """A criterion's scores by record's prompt and candidate."""
    prompts = run.responses.set_index("record_id")["prompt"].to_dict()
    rows = run.verdicts[run.verdicts.criterion == criterion]
    return {
        (prompts[row.record_id], row.candidate): (None if row.score != row.score else row.score)
        for row in rows.itertuples()
    }


@pytest.fixture(scope="module")
def ab(tmp_path_factory):
    """Two models' jobs: 12 prompts each, 10 of them the same; haiku is right more often."""
    tmp_path = tmp_path_factory.mktemp("ab")
    lite = write_job(
        tmp_path,
        *(
            judged_row(
                f"Question {n}",
                score(CORRECT, [0.0, 0.5, 1.0][n % 3]),
                score(FOLLOWS, None if n == 0 else 1.0),
                score(HARM, 0.0),
                category="even" if n % 2 == 0 else "odd",
                referenceResponse="Ten days.",
            )
            for n in range(12)
        ),
        name="lite-job",
    )
    haiku = write_job(
        tmp_path,
        *(
            judged_row(
                f"Question {n}",
                score(CORRECT, 1.0),
                score(FOLLOWS, 1.0),
                score(HARM, 1.0 if n == 5 else 0.0),
                model=HAIKU,
                referenceResponse="Ten days.",
            )
            for n in range(2, 14)
        ),
        name="haiku-job",
    )
    return imported(tmp_path, lite, haiku)


def test_each_model_is_a_candidate_and_its_evaluator_the_judge(ab):
    evaluation = ab.run["evaluation"]

    assert {each["name"]: each["model"] for each in evaluation["candidates"]} == {
        "nova-lite": NOVA,
        "claude-haiku-4-5": HAIKU,
    }
    (judge,) = evaluation["judges"]
    assert (judge["name"], judge["model"], judge["api"]) == ("claude-sonnet-4-6", SONNET, "evaluation_job")


def test_a_judges_prompt_is_not_one_of_evaldrops(ab):
    assert [judge["prompt"] for judge in ab.run["evaluation"]["judges"]] == ["unknown"]


def test_fractions_are_points_of_the_criterions_scale(ab):
    found = verdicts(ab, "bedrock.correctness")

    assert [found[f"Question {n}", "nova-lite"] for n in range(3)] == [0.0, 1.0, 2.0]
    assert verdicts(ab, "bedrock.harmfulness")["Question 5", "claude-haiku-4-5"] == 1.0


def test_null_is_not_applicable_and_in_no_mean(ab):
    estimate = ab.scorecard.candidates["nova-lite"].criteria["bedrock.following_instructions"]

    assert verdicts(ab, "bedrock.following_instructions")["Question 0", "nova-lite"] is None
    assert (estimate.mean, estimate.n_scored) == (1.0, 11)
    assert estimate.unscored == {"not_applicable": 1, "no_response": 2}


def test_two_models_are_compared_on_the_prompts_that_both_have(ab):
    (pair,) = [each for each in ab.scorecard.comparisons if each.criterion == "bedrock.correctness"]

    assert (pair.a, pair.b, pair.n) == ("nova-lite", "claude-haiku-4-5", 10)
    assert pair.difference == pytest.approx(sum([0, 1, 2][n % 3] - 2 for n in range(2, 12)) / 10)
    assert pair.interval[0] < pair.difference < pair.interval[1] < 0


def test_a_prompt_that_a_job_does_not_have_is_a_response_that_is_not_there(ab):
    rows = ab.responses[ab.responses.error.notna()]

    assert sorted(zip(rows.prompt, rows.candidate, strict=True)) == [
        ("Question 0", "claude-haiku-4-5"), ("Question 1", "claude-haiku-4-5"),
        ("Question 12", "nova-lite"), ("Question 13", "nova-lite"),
    ]  # fmt: skip
    assert rows.error.str.startswith("NotInJob").all()


def test_what_a_job_cost_is_not_known_and_not_nothing(ab):
    assert ab.scorecard.cost_usd.judges is None
    assert ab.verdicts.cost_usd.isna().all()


def test_the_explanation_and_the_jobs_own_entry_are_kept(ab):
    row = ab.verdicts[ab.verdicts.score.notna()].iloc[0]

    assert row.rationale == "Because."
    assert json.loads(row.raw_reply)["metricName"] == CORRECT


def test_an_import_can_be_read_again_by_other_rules(ab, tmp_path):
    """Its evaluation is a file of its own, in which pass marks and the gate can be changed."""
    file = tmp_path / "evaluation.yaml"
    own = Path(RunDefinition.load(ab.uri).evaluation_uri).read_text()
    file.write_text(own + "gate: ['bedrock.correctness.mean >= 1.9']\n")

    again = rescore(ab.uri, evaluation=str(file), out=str(tmp_path))
    scorecard = score_run(again)

    assert scorecard.gate.decision == "fail"
    assert scorecard.candidates["nova-lite"].criteria["bedrock.correctness"].mean == pytest.approx(1.0)


def test_the_same_prompts_are_the_same_records_in_every_import(tmp_path):
    """So that a later import is compared with an earlier one, record by record."""
    one = imported(tmp_path, write_job(tmp_path, judged_row("A", score(CORRECT, 1.0)), name="one"))
    two = imported(
        tmp_path,
        write_job(tmp_path, judged_row("A", score(CORRECT, 0.0), response="Other."), name="two"),
    )

    assert list(one.responses.record_id) == list(two.responses.record_id)
    assert one.run["dataset"]["sha256"] == two.run["dataset"]["sha256"]
    assert one.run["evaluation_name"] == two.run["evaluation_name"] == "bedrock-faq"


def test_a_row_that_is_there_twice_counts_once(tmp_path):
    row = judged_row("A", score(CORRECT, 1.0))
    run = imported(tmp_path, write_job(tmp_path, row, row))

    assert len(run.responses) == 1
    assert any("count once: 1." in note for note in run.scorecard.dataset.notes)


def test_two_responses_to_one_prompt_are_two_records(tmp_path):
    rows = [
        judged_row("A", score(CORRECT, result), response=text) for text, result in (("x", 1.0), ("y", 0.0))
    ]
    run = imported(tmp_path, write_job(tmp_path, *rows))

    assert list(run.responses.response) == ["x", "y"]
    # One group: they are no independent records.
    assert set(run.responses.group) == {run.responses.record_id[0]}
    assert run.responses.record_id[1] == f"{run.responses.record_id[0]}-2"
    assert list(run.verdicts.score) == [2.0, 0.0]


def test_metrics_that_came_in_two_jobs_are_one_candidates(tmp_path):
    """A job takes few metrics, so that a model's may come from several."""
    first = write_job(tmp_path, judged_row("A", score(CORRECT, 1.0)), name="first")
    second = write_job(tmp_path, judged_row("A", score(HARM, 0.0)), name="second")
    run = imported(tmp_path, first, second)

    assert list(run.scorecard.candidates) == ["nova-lite"]
    assert set(run.verdicts.criterion) == {"bedrock.correctness", "bedrock.harmfulness"}


def test_algorithms_numbers_have_no_judges_model_and_say_which_end_is_good(tmp_path):
    numbers = [score("Accuracy", 0.25, None), score("Robustness", 40.0, None), score("Toxicity", 0.01, None)]
    run = imported(tmp_path, write_job(tmp_path, judged_row("A", *numbers), task="QuestionAndAnswer"))

    assert dict(zip(run.verdicts.criterion, run.verdicts.score, strict=True)) == {
        "bedrock.accuracy": 0.25, "bedrock.robustness": 0.4, "bedrock.toxicity": 0.01
    }  # fmt: skip
    assert set(run.verdicts.judge) == {"algorithm"}
    # It has no tokens, and no price to be given.
    assert not [alarm for alarm in run.scorecard.alarms if "algorithm" in alarm]
    criteria = run.scorecard.criteria
    assert {name: criteria[name].higher_is_better for name in criteria} == {
        "bedrock.accuracy": True, "bedrock.robustness": False, "bedrock.toxicity": False
    }  # fmt: skip


def test_robustness_of_general_text_is_an_error_rate_that_may_be_above_1(tmp_path):
    rows = [judged_row(f"{rate}", score("Robustness", rate, None)) for rate in (0.4, 1.7)]
    run = imported(tmp_path, write_job(tmp_path, *rows, task="Generation"))

    assert list(run.verdicts.score) == [0.4, 1.7]
    assert run.scorecard.criteria["bedrock.robustness"].high == 2


def test_a_metric_that_means_something_else_by_task_is_two_criteria(tmp_path):
    write_job(tmp_path, judged_row("A", score("Accuracy", 0.9, None)), task="Summarization", dataset="news")
    job = write_job(tmp_path, judged_row("B", score("Accuracy", 0.1, None)), task="Classification")
    run = imported(tmp_path, job)

    assert set(run.scorecard.criteria) == {
        "bedrock.accuracy.summarization",
        "bedrock.accuracy.classification",
    }


TONE = {
    "metricName": "tone",
    "instructions": "How warm is it?",
    "ratingScale": [
        {"definition": label, "value": {"floatValue": value}}
        for value, label in ((1, "cold"), (2, "fair"), (3, "warm"))
    ],
}
KIND = {
    "metricName": "kind of answer",
    "instructions": "Which kind?",
    "ratingScale": [
        {"definition": each, "value": {"stringValue": each}} for each in ("refusal", "partial", "full")
    ],
}


def test_custom_metrics_are_on_the_scale_of_their_definition(tmp_path):
    """Numbers come as fractions of it, labels as they are; one that is not on it cannot be read."""
    job = write_job(
        tmp_path,
        judged_row("A", score("tone", 0.5), score("kind of answer", "full")),
        judged_row("B", score("tone", 1.0), score("kind of answer", "whatever")),
    )
    write_definitions(job, TONE, KIND)
    run = imported(tmp_path, job)

    assert verdicts(run, "tone") == {("A", "nova-lite"): 2.0, ("B", "nova-lite"): 3.0}
    assert verdicts(run, "kind_of_answer") == {("A", "nova-lite"): 2.0, ("B", "nova-lite"): None}
    assert "no_verdict" in set(run.verdicts.unscored_reason)


def test_labels_of_unknown_worth_are_left_out_and_said(tmp_path):
    job = write_job(tmp_path, judged_row("A", score("kind", "full"), score(CORRECT, 1.0)))
    run = imported(tmp_path, job)

    assert set(run.scorecard.criteria) == {"bedrock.correctness"}
    assert any("kind: left out. Its results are labels (full)" in alarm for alarm in run.scorecard.alarms)


def test_an_evaluation_says_what_labels_are_worth(tmp_path):
    job = write_job(tmp_path, judged_row("A", score("kind", "full")))
    kind = {"name": "kind", "question": "Which?", "scale": {"choices": {"full": 1.0, "none": 0.0}}}
    own = Evaluation(name="mine", judges=[{"name": "x", "model": "y"}], criteria=[kind])

    assert verdicts(imported(tmp_path, job, own=own), "kind") == {("A", "nova-lite"): 1.0}


def test_an_evaluations_gate_pass_marks_and_metrics_hold(tmp_path):
    job = write_job(
        tmp_path, *(judged_row(f"{n}", score(CORRECT, 0.5), referenceResponse="An answer") for n in range(30))
    )
    own = Evaluation(
        name="mine",
        judges=[{"name": "x", "model": "y"}],
        criteria=[{"name": "bedrock.correctness", "pass_at": 1}],
        gate=["bedrock.correctness.pass_rate >= 0.8"],
        metrics=["exact_match"],
    )
    run = imported(tmp_path, job, own=own)

    assert run.scorecard.gate.decision == "pass"
    assert run.scorecard.evaluation == "mine"
    assert run.scorecard.candidates["nova-lite"].metrics["exact_match"].mean == 1.0


def test_a_gate_on_what_no_job_has_is_refused(tmp_path):
    job = write_job(tmp_path, judged_row("A", score(CORRECT, 1.0)))
    own = Evaluation(name="mine", gate=["tone.mean >= 3"])

    with pytest.raises(EvaluationError, match="tone"):
        imported(tmp_path, job, own=own)


def test_different_judges_of_two_candidates_are_an_alarm(tmp_path):
    one = write_job(tmp_path, judged_row("A", score(CORRECT, 1.0)), name="one")
    two = write_job(
        tmp_path, judged_row("A", score(CORRECT, 1.0, judge="amazon.nova-pro-v1:0"), model=HAIKU), name="two"
    )
    run = imported(tmp_path, one, two)

    assert any("judged by different models" in alarm for alarm in run.scorecard.alarms)
    # What the other's job never asked is nothing that was lost.
    assert set(run.verdicts.unscored_reason.dropna()) == {"not_applicable"}


def test_names_given_with_jobs_tell_two_runs_of_one_model_apart(tmp_path):
    one = write_job(tmp_path, judged_row("A", score(CORRECT, 1.0)), name="one")
    two = write_job(tmp_path, judged_row("A", score(CORRECT, 0.0), response="Other."), name="two")

    assert list(imported(tmp_path, ("before", one), ("after", two)).scorecard.candidates) == [
        "before",
        "after",
    ]


def test_one_name_for_two_models_is_refused(tmp_path):
    job = write_job(tmp_path, judged_row("A", score(CORRECT, 1.0)), judged_row("B", model=HAIKU))

    with pytest.raises(InputError, match="of several models"):
        imported(tmp_path, ("mine", job))


@pytest.fixture(scope="module")
def rated(tmp_path_factory):
    """Two people on two models' responses, by thumbs, points, a choice and a leaning."""

    def said(worker, thumb, points, chosen):
        return answer(
            worker,
            thumbsUpDown=[{"metricName": "Right", "modelResponseId": "0", "result": thumb}],
            individualLikertScale=[
                {"metricName": "Tone", "modelResponseId": str(of), "result": points} for of in (0, 1)
            ],
            comparisonChoice=[{"metricName": "Fluency", "result": {"modelResponseId": chosen}}],
            comparisonLikertScale=[
                {"metricName": "Depth", "leftModelResponseId": "0", "rightModelResponseId": "1", "result": 1}
            ],
        )

    tmp_path = tmp_path_factory.mktemp("rated")
    rows = [
        rated_row(f"P{n}", said("w1", True, 4, "1"), said("w2", n > 0, 2, "1" if n else "0"))
        for n in range(3)
    ]
    return tmp_path, write_job(tmp_path, *rows)


def test_people_are_judges_and_their_agreement_is_measured(rated):
    run = imported(*rated)

    assert [judge["name"] for judge in run.run["evaluation"]["judges"]] == ["people-1", "people-2"]
    assert run.scorecard.candidates["nova-lite"].criteria["Tone"].mean == 3.0
    assert run.scorecard.agreement["Right"].raw_agreement == pytest.approx(2 / 3)


def test_a_choice_of_people_is_a_share_for_each_candidate(rated):
    run = imported(*rated)
    haiku = run.scorecard.candidates["claude-haiku-4-5"].criteria["Fluency"]

    # Level on one prompt, where one of two people chose each.
    assert (haiku.mean, haiku.pass_rate) == (pytest.approx(2.5 / 3), pytest.approx(2 / 3))


def test_leanings_are_left_out_until_it_is_said_which_end_is_which(rated):
    run = imported(*rated)

    assert "Depth" not in run.scorecard.criteria
    assert any(alarm.startswith("Depth: left out") for alarm in run.scorecard.alarms)
    assert imported(*rated, one_means="left").scorecard.candidates["nova-lite"].criteria["Depth"].mean == 1.0
    assert imported(*rated, one_means="right").scorecard.candidates["nova-lite"].criteria["Depth"].mean == 0.0


def test_texts_of_the_output_are_texts_in_every_file(tmp_path):
    """Nothing that a prompt, a response, an explanation or a model's name says acts on who reads it."""
    bad = "<script>alert(1)</script>\x1b[31m=1+1"
    rows = [
        judged_row(f"{bad} {n}", score(CORRECT, 0.0, bad), response=bad, model=f"m{bad}", category=bad)
        for n in range(3)
    ]
    run = imported(tmp_path, write_job(tmp_path, *rows))

    (candidate,) = run.scorecard.candidates
    assert candidate.replace("-", "").replace(".", "").replace("_", "").isalnum()
    assert not {"\x1b", "<"} & set(run.run["evaluation"]["candidates"][0]["model"])
    files = {name: Path(run.uri, name).read_text() for name in ("report.html", "summary.md", "scorecard.csv")}
    assert "<script>alert(1)" not in files["report.html"]
    # Within a page it is a character like others; these two are read in terminals as well.
    assert "\x1b" not in files["summary.md"] + files["scorecard.csv"]
    assert not any(line.startswith("=") for line in files["scorecard.csv"].splitlines())
    assert run.verdicts.rationale[0] == bad
