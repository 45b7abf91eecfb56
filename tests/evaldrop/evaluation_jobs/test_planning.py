"""The jobs that an evaluation takes, and what Bedrock's own model has against their requests: nothing."""

import json

import pytest

from evaldrop.errors import BudgetExceeded, DatasetError, EvaluationError, InputError
from evaldrop.evaluation_jobs import datasets
from evaldrop.evaluation_jobs.wanted import refuse_unusable
from tests.evaldrop.evaluation_jobs.sources import FLOW, planned, problems, rows, source_of, wanted

MANY_CRITERIA = [{"name": f"c{n}", "question": f"Is it good in way {n}?"} for n in range(12)]


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return source_of(tmp_path_factory.mktemp("plain"), rows(3, category="sums"))


def metrics_of(job):
    return _config(job)["datasetMetricConfigs"][0]["metricNames"]


def _config(job):
    (config,) = job.request["evaluationConfig"].values()
    return config


@pytest.mark.parametrize("kind", ["automatic", "judge", "human"])
def test_every_request_is_what_the_service_takes(source, kind):
    for job in planned(source, kind).jobs:
        assert problems(job.request) == ""


def test_each_candidate_has_a_job_of_its_own_about_the_same_rows(source):
    plan = planned(source)

    assert [job.candidates for job in plan.jobs] == [("lite",), ("haiku",)]
    assert plan.jobs[0].datasets == plan.jobs[1].datasets
    assert any("compares them in pairs" in note for note in plan.notes)


def test_a_judges_criteria_are_metrics_of_its_own_and_custom_ones(source):
    job = planned(source).jobs[0]
    automated = _config(job)

    assert metrics_of(job) == ["Builtin.Helpfulness", "tone", "brief"]
    assert [
        each["customMetricDefinition"]["name"] for each in automated["customMetricConfig"]["customMetrics"]
    ] == ["tone", "brief"]
    assert automated["datasetMetricConfigs"][0]["taskType"] == "General"
    assert job.metrics == {"Builtin.Helpfulness": "bedrock.helpfulness", "tone": "tone", "brief": "brief"}


def test_the_judge_is_named_for_both_sorts_of_metrics(source):
    automated = _config(planned(source).jobs[0])
    judge = {"bedrockEvaluatorModels": [{"modelIdentifier": "us.amazon.nova-pro-v1:0"}]}

    assert (
        automated["evaluatorModelConfig"] == automated["customMetricConfig"]["evaluatorModelConfig"] == judge
    )


def test_a_model_is_called_with_the_candidates_parameters(tmp_path):
    candidate = {
        "name": "lite",
        "model": "us.amazon.nova-lite-v1:0",
        "inference": {"max_tokens": 99, "temperature": 0.5, "stop": ["END"]},
        "extra": {"inferenceConfig": {"topK": 5}},
    }
    job = planned(source_of(tmp_path, rows(1), candidates=[candidate])).jobs[0]

    called = job.request["inferenceConfig"]["models"][0]["bedrockModel"]
    assert json.loads(called["inferenceParams"]) == {
        "inferenceConfig": {"maxTokens": 99, "temperature": 0.5, "stopSequences": ["END"]},
        "additionalModelRequestFields": {"inferenceConfig": {"topK": 5}},
    }


def test_what_one_dataset_cannot_hold_is_several_and_more_than_five_are_several_jobs(tmp_path, monkeypatch):
    # Of 1,000 prompts each it would be as true, and slow.
    monkeypatch.setattr(datasets, "MAX_PROMPTS", 2)
    plan = planned(source_of(tmp_path, rows(11)), candidates=("lite",))

    assert [len(job.datasets) for job in plan.jobs] == [5, 1]
    assert len({name for job in plan.jobs for name in job.datasets}) == 6
    assert len({job.name for job in plan.jobs}) == 2
    assert all(problems(job.request) == "" for job in plan.jobs)
    assert any("split into 6 datasets" in note for note in plan.notes)


def test_a_limit_counts_records(tmp_path):
    source = source_of(tmp_path, rows(9), limit=4)

    assert [tally.n for tally in planned(source).tallies.values()] == [4]


def test_ten_custom_metrics_a_job(tmp_path):
    source = source_of(tmp_path, rows(2), criteria=["bedrock.refusal", *MANY_CRITERIA])
    jobs = planned(source, candidates=("lite",)).jobs

    assert [len(metrics_of(job)) for job in jobs] == [11, 2]
    assert all(problems(job.request) == "" for job in jobs)


def test_what_calls_a_model_several_times_says_so(tmp_path):
    plan = planned(source_of(tmp_path, rows(2), criteria=MANY_CRITERIA))

    assert any("calls its model anew" in note for note in plan.notes)


def test_each_judges_model_has_a_job_and_the_same_model_only_one(tmp_path):
    judges = [
        {"name": "pro", "model": "us.amazon.nova-pro-v1:0"},
        {"name": "again", "model": "us.amazon.nova-pro-v1:0"},
        {"name": "opus", "model": "us.anthropic.claude-opus-4-5-20251101-v1:0"},
    ]
    plan = planned(source_of(tmp_path, rows(2), judges=judges), candidates=("lite",))

    assert [job.judge for job in plan.jobs] == ["pro", "opus"]


def test_a_judge_that_is_not_on_the_list_is_noted(tmp_path):
    judges = [{"name": "five", "model": "us.anthropic.claude-sonnet-5-20260801-v1:0"}]
    plan = planned(source_of(tmp_path, rows(2), judges=judges))

    assert any("not on AWS's list" in note for note in plan.notes)


def test_people_see_two_candidates_in_one_job(source):
    (job,) = planned(source, "human").jobs
    human = _config(job)

    assert job.candidates == ("lite", "haiku")
    assert len(job.request["inferenceConfig"]["models"]) == 2
    assert human["humanWorkflowConfig"]["flowDefinitionArn"] == FLOW
    assert [each["ratingMethod"] for each in human["customMetrics"]] == [
        "IndividualLikertScale",
        "IndividualLikertScale",
        "ThumbsUpDown",
    ]


def test_people_are_warned_of_and_our_page_is_named(source):
    notes = " ".join(planned(source, "human").notes)

    assert "closed to new customers" in notes
    assert "evaldrop review" in notes


def test_people_say_which_they_prefer_where_the_evaluation_compares(tmp_path):
    (job,) = planned(source_of(tmp_path, rows(2), pairwise={"baseline": "lite"}), "human").jobs

    assert _config(job)["customMetrics"][-1]["ratingMethod"] == "ComparisonChoice"
    assert "preference" not in job.metrics


def test_a_criterions_words_are_no_markup_for_people(tmp_path):
    criteria = [{"name": "x", "question": "<script>alert(1)</script>?"}]
    (job,) = planned(source_of(tmp_path, rows(2), criteria=criteria), "human").jobs

    assert "<script>" not in _config(job)["humanWorkflowConfig"]["instructions"]


def test_an_algorithmic_job_measures_what_its_rows_allow(source):
    plan = planned(source, "automatic")

    assert plan.task == "QuestionAndAnswer"
    assert metrics_of(plan.jobs[0]) == [
        "Builtin.Accuracy",
        "Builtin.Toxicity",
    ]
    assert any("3 criteria are not asked" in note for note in plan.notes)


def test_robustness_is_taken_where_the_evaluation_has_it_and_paid_six_times(tmp_path, source):
    plain = planned(source, "automatic").lines[0]
    (line, _) = planned(source_of(tmp_path, rows(3), robustness={}), "automatic").lines

    assert line.calls == 6 * plain.calls


def test_without_references_there_is_no_accuracy(tmp_path):
    source = source_of(tmp_path, [{"prompt": "Say something."}], criteria=[], judges=[])
    plan = planned(source, "automatic")

    assert plan.task == "Generation"
    assert metrics_of(plan.jobs[0]) == ["Builtin.Toxicity"]
    with pytest.raises(EvaluationError, match="reference for every record"):
        planned(source, "automatic", metrics=("accuracy",))
    with pytest.raises(EvaluationError, match="nothing to compute"):
        planned(source, "automatic", task="Classification")


def test_metrics_may_be_named(source):
    (judged, _) = planned(source, metrics=("bedrock.refusal", "tone")).jobs
    (computed, _) = planned(source, "automatic", metrics=("robustness",)).jobs

    assert metrics_of(judged) == ["Builtin.Refusal", "tone"]
    assert metrics_of(computed) == ["Builtin.Robustness"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"metrics": ("sparkle",)}, "--metric sparkle"),
        ({"metrics": ("sparkle",), "kind": "automatic"}, "computes accuracy, robustness, toxicity"),
        ({"metrics": ("helpfulness",), "kind": "automatic"}, "--kind judge"),
        ({"metrics": ("toxicity",), "kind": "automatic", "task": "Classification"}, "not computed"),
        ({"candidates": ("x",)}, "There are lite, haiku"),
        ({"judges": ("x",)}, "There are pro"),
    ],
)
def test_names_that_there_are_not_are_refused(source, more, words):
    with pytest.raises(InputError, match=words):
        planned(source, **more)


@pytest.mark.parametrize(
    ("candidate", "words"),
    [
        ({"guardrail": {"id": "abc123"}}, "no guardrail"),
        ({"api": "invoke_model", "extra": {"top_k": 3}}, "own body"),
        ({"extra": {"text": "x" * 1_100}}, "a job takes 1,023"),
    ],
)
def test_a_candidate_that_a_job_would_call_otherwise_is_refused_with_the_way_out(tmp_path, candidate, words):
    named = {"name": "a", "model": "us.anthropic.claude-haiku-4-5-20251001-v1:0", **candidate}
    with pytest.raises(EvaluationError, match=f"(?s){words}.*--responses RUN"):
        planned(source_of(tmp_path, rows(1), candidates=[named]))


def test_a_prompt_above_4_kb_is_refused_unless_tolerated(tmp_path):
    records = [*rows(9), {"id": "long", "prompt": "é" * 2_049}]
    with pytest.raises(DatasetError, match="long: its prompt has 4,098 bytes"):
        planned(source_of(tmp_path, records))

    plan = planned(source_of(tmp_path, records, tolerated_invalid_percentage=10))

    assert [tally.n for tally in plan.tallies.values()] == [9]
    assert list(plan.left_out) == ["long"]
    assert any("1 record is in no job, such as long" in note for note in plan.notes)


def test_responses_that_come_with_the_dataset_are_its_rows_and_call_nothing(tmp_path):
    records = rows(3, responses={"mine": "4"})
    plan = planned(source_of(tmp_path, records, candidates=[]))

    (job,) = plan.jobs
    assert job.request["inferenceConfig"]["models"] == [
        {"precomputedInferenceSource": {"inferenceSourceIdentifier": "mine"}}
    ]
    assert [line.role for line in plan.lines] == ["judge"]
    with pytest.raises(EvaluationError, match="takes no responses"):
        planned(source_of(tmp_path, records, candidates=[], criteria=[], judges=[]), "automatic")


def test_what_costs_more_than_the_budget_is_refused(source):
    plan = planned(source)

    plan.refuse_above(plan.likely_usd)
    with pytest.raises(BudgetExceeded, match="above budget_usd"):
        plan.refuse_above(plan.likely_usd / 2)


def test_an_unknown_price_is_not_zero(tmp_path):
    judges = [{"name": "odd", "model": "us.meta.llama9-1b-instruct-v1:0"}]
    plan = planned(source_of(tmp_path, rows(2), judges=judges), candidates=("lite",))

    assert plan.unknown == ("us.meta.llama9-1b-instruct-v1:0",)
    assert next(line for line in plan.lines if line.role == "judge").cost_usd is None


def test_a_job_without_judges_or_criteria_says_what_to_add(tmp_path):
    source = source_of(tmp_path, rows(1), criteria=[], judges=[])
    with pytest.raises(EvaluationError, match="add judges"):
        planned(source, metrics=("bedrock.refusal",))
    with pytest.raises(EvaluationError, match="no criterion to ask"):
        planned(source, "human")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"role": "jobs"}, "--role jobs: the ARN"),
        ({"kind": "human", "flow_definition": "reviewers"}, "--flow-definition reviewers"),
        ({"folder": "s3://bucket/my jobs"}, "takes no such URI"),
    ],
)
def test_what_bedrock_would_refuse_is_refused_before_anything_is_read(more, words):
    with pytest.raises(InputError, match=words):
        refuse_unusable(wanted(**more))
