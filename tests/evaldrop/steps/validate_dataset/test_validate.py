"""A dataset and its evaluation checked together: everything at once, and nothing spent."""

import json

import pytest

from evaldrop import storage
from evaldrop.errors import BudgetExceeded, DatasetError, InputError
from evaldrop.run.definition import RunDefinition
from evaldrop.run.request import new_run_id
from evaldrop.steps.validate_dataset.validate import check_dataset, validate_dataset
from tests.evaldrop.evaluations import JUDGE, LITE, PRO, ROW, SMALL, check, request, write


def told(problems, *words):
    """Return the one problem that holds all words."""
    (found,) = [problem for problem in problems if all(word in problem for word in words)]
    return found


def test_everything_that_is_wrong_is_told_at_once(tmp_path):
    evaluation = {
        "name": "small",
        "candidates": [{**LITE, "prompt": "missing.v1"}, {**PRO, "prompt": "own.v1"}],
        "judges": [{**JUDGE, "prompt": "gone.v7"}],
        "criteria": ["correctnes", {"name": "tone", "question": "?", "scale": 7}, "faithfulness"],
        "metrics": ["exact_mach", "rouge_l"],
        "pairwise": {"baseline": "nobody"},
        "gate": ["correctness.pass_rate => 0.5"],
    }
    rows = [{"id": "r1", "prompt": "Why?"}, {"id": "r1", "prompt": "Twice?"}, {"id": "r3"}, {"prompt": 7}]
    checked = check(tmp_path, evaluation, rows, {"candidate/own.v1": "{{ prompt }} {{ city }} {{ street }}"})
    problems = checked.problems
    assert (checked.definition, checked.plan) == (None, None)
    told(problems, "faq.jsonl line 2", "r1")
    told(problems, "faq.jsonl line 3")
    told(problems, "faq.jsonl line 4")
    told(problems, "evaluation.yaml", "no prompts/candidate/missing.v1.md")
    told(problems, "evaluation.yaml", "no prompts/judge/gone.v7.md")
    assert "Known here:" in told(problems, "candidate/own.v1 uses city, street, which no record gives it")
    assert "correctness" in told(problems, "criteria[0]", "'correctnes'")
    told(problems, "criteria[1]", "scale")
    told(problems, "criterion faithfulness needs a", "no record has one")
    assert "exact_match" in told(problems, 'metrics: "exact_mach" is no metric')
    told(problems, "metric rouge_l needs a reference")
    told(problems, 'pairwise.baseline: "nobody" is no candidate')
    told(problems, "gate[0]")


def test_a_broken_evaluation_does_not_hide_the_datasets_problems(tmp_path):
    checked = check(tmp_path, {"name": "small", "candidats": []}, [{"id": "r1"}])
    told(checked.problems, 'Did you mean "candidates"?')
    told(checked.problems, "faq.jsonl line 1")


def test_without_an_evaluation_it_says_where_to_put_one(tmp_path):
    dataset = write(tmp_path, SMALL, [ROW])
    (tmp_path / "evaluation.yaml").unlink()
    checked = check_dataset(request(tmp_path))
    assert dataset.is_file()
    assert "evaldrop init DIR" in told(checked.problems, "faq.jsonl: no evaluation")


def test_a_dataset_that_cannot_be_read_is_a_problem_and_no_crash(tmp_path):
    write(tmp_path, SMALL, [])
    assert check_dataset(request(tmp_path)).problems
    checked = check_dataset(request(tmp_path, dataset=str(tmp_path / "none.jsonl")))
    told(checked.problems, "none.jsonl: no such file")


def test_a_valid_dataset_gives_the_run_as_it_would_be_and_writes_nothing(tmp_path):
    checked = check(tmp_path)
    assert checked.problems == ()
    definition = checked.definition
    assert definition.folder == str(tmp_path / "runs" / "small" / "run-1")
    assert definition.simulated
    assert definition.dataset.records == {"read": 1, "rejected": 0}
    assert definition.prompts.keys() == {"candidate/answer.v1", "judge/criteria.v1"}
    assert definition.price_list["models"].keys() == {LITE["model"], JUDGE["model"]}
    assert definition.estimate["calls"] == 2
    assert len(bytes.fromhex(definition.nonce)) == 16
    assert not (tmp_path / "runs").exists()


def test_rows_may_be_refused_up_to_what_is_tolerated(tmp_path):
    rows = [ROW, {"id": "r2"}]
    assert check(tmp_path, {**SMALL, "tolerated_invalid_percentage": 49}, rows).problems
    checked = check(tmp_path, {**SMALL, "tolerated_invalid_percentage": 50}, rows)
    assert checked.problems == ()
    told(checked.warnings, "faq.jsonl line 2")
    told(checked.warnings, "goes on without 1 of 2 rows", "rejected.jsonl")


def test_a_dataset_without_one_good_row_is_refused_whatever_is_tolerated(tmp_path):
    checked = check(tmp_path, {**SMALL, "tolerated_invalid_percentage": 100}, [{"id": "r2"}])
    told(checked.problems, "holds no record")


def test_records_without_what_a_criterion_needs_are_worth_a_warning(tmp_path):
    checked = check(tmp_path, rows=[ROW, {"id": "r2", "prompt": "Why?"}])
    told(checked.warnings, "1 of 2 records have no reference", "correctness is not applicable to them")


def test_candidates_may_come_with_the_dataset(tmp_path):
    evaluation = {name: value for name, value in SMALL.items() if name != "candidates"}
    told(check(tmp_path, evaluation).problems, "no candidates")
    checked = check(tmp_path, evaluation, [{**ROW, "responses": {"GPT 4 (old)": "a month"}}])
    assert checked.problems == ()
    assert [(c.name, c.model) for c in checked.definition.evaluation.candidates] == [("GPT-4-old", "given")]
    assert checked.definition.given == {"GPT 4 (old)": "GPT-4-old"}
    assert checked.definition.price_list["models"].keys() == {JUDGE["model"]}


def test_two_names_that_would_become_one_are_a_problem(tmp_path):
    rows = [{**ROW, "responses": {"GPT 4": "a month", "GPT-4": "a year"}}]
    told(check(tmp_path, rows=rows).problems, "'GPT 4' and 'GPT-4' would all be \"GPT-4\"")


def test_criteria_in_records_need_a_judge(tmp_path):
    evaluation = {"name": "small", "candidates": [LITE], "metrics": ["length_words"]}
    rows = [{**ROW, "criteria": {"polite": "Is it polite?"}}]
    told(check(tmp_path, evaluation, rows).problems, "brings criteria, and there is no judge")


def test_a_criterion_a_record_names_and_nobody_defines_is_told_with_its_line(tmp_path):
    rows = [ROW, {**ROW, "id": "r2", "criteria": ["politness_of_sorts"]}]
    told(check(tmp_path, rows=rows).problems, "faq.jsonl line 2", "politness_of_sorts")


def test_a_criterion_named_twice_is_a_problem(tmp_path):
    told(check(tmp_path, {**SMALL, "criteria": ["correctness", "Correctness"]}).problems, "there twice")


def test_a_prompt_no_record_can_fill_is_a_problem_of_the_first_line(tmp_path):
    rows = [{**ROW, "city": None}, {**ROW, "id": "r2", "tags": {"a": 1}}]
    prompts = {"candidate/own.v1": "{{ tags.b.c }}"}
    told(check(tmp_path, {**SMALL, "prompt": "own.v1"}, rows, prompts).problems, "faq.jsonl line 1: prompt")


def test_a_judge_prompt_that_does_not_show_the_response_is_a_problem(tmp_path):
    evaluation = {**SMALL, "judges": [{**JUDGE, "prompt": "own.v1"}]}
    checked = check(tmp_path, evaluation, prompts={"judge/own.v1": "{{ prompt }}"})
    told(checked.problems, "show {{ response }} exactly once")


# The workflow's first step


def test_validating_writes_the_run_and_names_its_folder(tmp_path):
    write(tmp_path, SMALL, [ROW])
    run = validate_dataset(request(tmp_path))["run"]
    assert (run["name"], run["folder"]) == ("small", str(tmp_path / "runs" / "small" / "run-1"))
    definition = RunDefinition.load(run["folder"])
    assert json.loads(storage.read_bytes(definition.file("run.json")))["run_id"] == "run-1"
    assert definition.evaluation_uri == str(tmp_path / "evaluation.yaml")
    assert [*definition.criteria] == ["correctness"]
    assert (
        definition.prompt("candidate", "answer.v1").sha256 == definition.prompts["candidate/answer.v1"].sha256
    )


def test_a_bad_dataset_writes_nothing_and_raises_all_its_problems(tmp_path):
    write(tmp_path, SMALL, [{"id": f"r{n}"} for n in range(80)])
    with pytest.raises(DatasetError) as error:
        validate_dataset(request(tmp_path))
    lines = str(error.value).splitlines()
    assert len(lines) == 51
    assert lines[-1].endswith("more problems. evaldrop validate lists them.")
    assert not (tmp_path / "runs").exists()


def test_a_run_above_its_budget_is_refused_before_it_is_written(tmp_path):
    prices = {LITE["model"]: {"input": 1_000_000, "output": 0}}
    write(tmp_path, {**SMALL, "prices": prices, "budget_usd": 1}, [ROW])
    with pytest.raises(BudgetExceeded):
        validate_dataset(request(tmp_path))
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("bedrock", "arn", "begins"),
    [
        ("aws", None, False),
        ("openai=http://localhost/v1", "arn:aws:lambda:eu-west-1:1:function:v", False),
        ("aws", "arn:aws:lambda:eu-west-1:1:function:v", True),
        ("simulated", None, True),
    ],
)
def test_a_run_in_batch_begins_in_a_stack_or_as_a_rehearsal_alone(tmp_path, bedrock, arn, begins):
    """What is only looked at may be meant for a stack."""
    write(tmp_path, {**SMALL, "delivery": "batch"}, [ROW])
    asked = request(tmp_path).model_copy(update={"bedrock": bedrock})
    assert not check_dataset(asked).problems
    if begins:
        validate_dataset(asked, arn=arn)
    else:
        with pytest.raises(DatasetError, match=r"candidate .*, judge .*delivery: batch needs Bedrock's jobs"):
            validate_dataset(asked, arn=arn)
    assert (tmp_path / "runs").exists() == begins


def test_a_run_that_has_begun_keeps_its_definition(tmp_path):
    write(tmp_path, SMALL, [ROW])
    folder = validate_dataset(request(tmp_path))["run"]["folder"]
    before = RunDefinition.load(folder)
    validate_dataset(request(tmp_path))
    assert RunDefinition.load(folder) == before


@pytest.mark.parametrize("what", ["dataset", "evaluation", "prompts"])
def test_a_run_cannot_go_on_when_what_it_was_about_changed(tmp_path, what):
    prompts = {"candidate/own.v1": "{{ prompt }}"}
    evaluation = {**SMALL, "prompt": "own.v1"}
    write(tmp_path, evaluation, [ROW], prompts)
    validate_dataset(request(tmp_path))
    changed = {
        "dataset": (evaluation, [ROW, {**ROW, "id": "r2"}], prompts),
        "evaluation": ({**evaluation, "description": "new"}, [ROW], prompts),
        "prompts": (evaluation, [ROW], {"candidate/own.v1": "Please: {{ prompt }}"}),
    }
    write(tmp_path, *changed[what])
    with pytest.raises(InputError, match=f"its {what} changed since it began"):
        validate_dataset(request(tmp_path))


def test_a_dataset_in_s3_is_checked_and_its_run_written_there(bucket, tmp_path):
    write(tmp_path, SMALL, [ROW])
    for name in ("faq.jsonl", "evaluation.yaml"):
        storage.write_bytes(f"s3://{bucket}/in/{name}", (tmp_path / name).read_bytes())
    asked = request(tmp_path, dataset=f"s3://{bucket}/in/faq.jsonl", out=f"s3://{bucket}/out")
    run = validate_dataset(asked)["run"]
    assert run["folder"] == f"s3://{bucket}/out/small/run-1"
    assert RunDefinition.load(run["folder"]).dataset.uri == f"s3://{bucket}/in/faq.jsonl"


def test_run_ids_sort_by_time_and_two_of_one_second_differ():
    ids = {new_run_id() for _ in range(20)}
    assert len(ids) == 20
    assert all(len(run_id) == len("20261121T101500Z-4f3a2b10") for run_id in ids)


def test_a_candidates_prompt_that_shows_the_reference_is_refused(tmp_path):
    evaluation = {
        "name": "faq",
        "candidates": [{"name": "a", "model": "m"}],
        "prompt": "own.v1",
        "metrics": ["rouge_l"],
    }
    rows = [{"id": "r1", "prompt": "Why?", "reference": "Because."}]

    checked = check(tmp_path, evaluation, rows, {"candidate/own.v1": "{{ prompt }} {{ reference }}"})

    told(checked.problems, "prompt candidate/own.v1 needs reference")


def test_a_gate_about_something_the_run_will_not_have_is_refused_before_money_is_spent(tmp_path):
    evaluation = {**SMALL, "gate": ["corectness.pass_rate >= 0.5", "no regression in tone", "cost_usd < 1"]}
    problems = check(tmp_path, evaluation).problems
    told(problems, "evaluation.yaml: gate[0]", 'did you mean "correctness"?')
    told(problems, "evaluation.yaml: gate[1]", 'no criterion "tone"')
    assert len(problems) == 2


def test_a_gate_may_name_what_the_dataset_brings(tmp_path):
    rows = [{**ROW, "criteria": {"tone": "Is it warm?"}, "responses": {"mine": "30 days"}}]
    gate = ["mine.tone.pass_rate >= 0.5", "token_f1.mean > 0 for mine"]
    assert check(tmp_path, {**SMALL, "metrics": ["token_f1"], "gate": gate}, rows).problems == ()


def test_rows_are_read_by_the_fields_of_an_evaluation_that_is_wrong_elsewhere(tmp_path):
    """Else every row would seem to have no prompt, and the advice would be what the file already does."""
    evaluation = {**SMALL, "fields": {"prompt": "q"}, "candidats": [], "metrics": ["exact_mach"]}
    checked = check(tmp_path, evaluation, [{"q": "Why?"}, {"q": 7}])
    told(checked.problems, 'Did you mean "candidates"?')
    told(checked.problems, 'metrics: "exact_mach" is no metric')
    told(checked.problems, 'faq.jsonl line 2: "q" is a number')
    assert not [problem for problem in checked.problems if "no prompt" in problem]


def test_a_dataset_that_cannot_be_read_does_not_hide_the_evaluations_problems(tmp_path):
    evaluation = {**SMALL, "metrics": ["exact_mach"], "criteria": ["correctnes"], "prompt": "gone.v1"}
    write(tmp_path, evaluation, [])
    problems = check_dataset(request(tmp_path)).problems
    told(problems, "faq.jsonl is empty")
    told(problems, 'metrics: "exact_mach" is no metric')
    told(problems, "criteria[0]", "'correctnes'")
    told(problems, "no prompts/candidate/gone.v1.md")


def test_of_rows_that_were_all_refused_nothing_is_said_to_be_missing(tmp_path):
    evaluation = {**SMALL, "metrics": ["exact_match"], "criteria": ["correctness"]}
    checked = check(tmp_path, evaluation, [{"prompt": 7, "reference": "x"}])
    assert not [problem for problem in checked.problems if "needs a" in problem]


def test_what_makes_numbers_say_less_is_a_warning_and_goes_with_the_run(tmp_path):
    rows = [
        {"prompt": "Explain rain.", "reference": "Water."},
        {"prompt": "Explain rain.", "reference": "Clouds."},
    ]
    checked = check(tmp_path, SMALL, rows)
    contradiction = told(checked.warnings, "the same prompt with different references: 1 (lines 1 and 2)")
    assert contradiction in checked.definition.dataset.notes


def test_rows_that_became_one_record_are_not_missing(tmp_path):
    rows = [{"prompt": "p", "response": "x", "model": name, "reference": "y"} for name in ("m1", "m2")]
    checked = check(tmp_path, SMALL, rows)
    assert checked.definition.dataset.records == {"read": 1, "rejected": 0}
    assert checked.plan.records == 1


def test_contains_is_warned_of_where_references_are_letters(tmp_path):
    rows = [{"question": "Which?", "choices": ["x", "y"], "answer": "A"}]
    checked = check(tmp_path, {**SMALL, "metrics": ["contains"]}, rows)
    assert "finds a letter in nearly every response" in told(checked.warnings, "metric contains")
