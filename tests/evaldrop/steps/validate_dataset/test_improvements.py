"""What is said of prompts that a run is to make, and what it begins with."""

import pytest

from evaldrop.errors import DatasetError
from evaldrop.evaluation.definition import called_models
from evaldrop.steps.validate_dataset.validate import validate_dataset
from tests.evaldrop.evaluations import JUDGE, LITE, PRO, SMALL, check, request

RECORDS = [{"id": f"r{n}", "prompt": f"question {n}", "reference": "x"} for n in range(20)]


def tuned(name="tuned", **prompt):
    return {**LITE, "name": name, "prompt": prompt}


def checked(tmp_path, *candidates, rows=RECORDS, **changes):
    return check(tmp_path, {**SMALL, "candidates": [LITE, *candidates], **changes}, rows=rows)


def problem(tmp_path, *candidates, **changes):
    (found,) = checked(tmp_path, *candidates, **changes).problems
    return found


def test_a_prompt_that_is_not_made_yet_is_planned_as_what_it_begins_with(tmp_path):
    run = checked(tmp_path, tuned(improve="answer.v1")).definition
    assert run.is_searching
    assert "candidate/answer.v1+tuned" not in run.prompts
    assert run.prompts_now["candidate/answer.v1+tuned"] == run.prompts["candidate/answer.v1"]


def test_whoever_writes_prompts_is_resolved_and_among_the_models_that_are_called_and_priced(tmp_path):
    run = checked(tmp_path, tuned(improve="answer.v1", by="us.amazon.nova-premier-v1:0")).definition
    assert "us.amazon.nova-premier-v1:0" in called_models([run.evaluation])
    assert run.prices["us.amazon.nova-premier-v1:0"] is not None
    by_first_judge = checked(tmp_path, tuned(improve="answer.v1")).definition
    assert by_first_judge.evaluation.candidates[1].prompt.by == JUDGE["model"]
    by_name = checked(tmp_path, PRO, tuned(improve="answer.v1", by="pro")).definition
    assert by_name.evaluation.candidates[2].prompt.by == PRO["model"]


def test_plain_instructions_are_a_candidate_beside_the_prompt_that_is_made_of_them(tmp_path):
    run = checked(tmp_path, tuned(instructions="Be brief.")).definition
    assert [each.name for each in run.candidates] == ["lite", "tuned.original", "tuned"]
    assert "Be brief." in run.prompts["candidate/instructions+tuned"].text
    # One prompt, straight to the records: nothing is split.
    assert run.is_searching


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ({"improve": "nothing.v1"}, 'prompt "nothing.v1": there is no'),
        ({"improve": "answer.v1", "by": "jugde"}, '"jugde" is no candidate, no judge and no model ID'),
    ],
)
def test_what_stops_a_search_is_said_before_anything_is_paid(tmp_path, prompt, said):
    assert said in problem(tmp_path, tuned(**prompt))


def test_without_a_judge_nothing_tells_which_prompt_is_better(tmp_path):
    found = problem(tmp_path, tuned(improve="answer.v1", by="lite"), judges=[], criteria=[])
    assert "Add a judge that the run calls, and criteria" in found


def test_too_few_records_are_not_split(tmp_path):
    assert "11 records are too few" in problem(tmp_path, tuned(improve="answer.v1"), rows=RECORDS[:11])
    assert not checked(tmp_path, tuned(instructions="Be brief."), rows=RECORDS[:3]).problems


def test_all_problems_are_told_in_one_round(tmp_path):
    given = {"name": "given", "model": "given", "prompt": {"improve": "answer.v1"}}
    twin = {**LITE, "name": "own.original"}
    found = checked(tmp_path, given, twin, tuned("own", instructions="x", by="nobody")).problems
    assert len(found) == 3


def test_only_a_run_that_makes_a_prompt_searches(tmp_path):
    checked(tmp_path, tuned(improve="answer.v1"))
    assert validate_dataset(request(tmp_path))["prompt_search"] == {"turn": 0, "next": "choose"}
    checked(tmp_path)
    assert "prompt_search" not in validate_dataset(request(tmp_path, run_id="run-2"))


def test_the_newest_prompt_that_asks_for_prompts_beside_the_evaluation_is_kept_in_the_run(tmp_path):
    shipped = checked(tmp_path, tuned(improve="answer.v1")).definition.prompts
    assert [name for name in shipped if name.startswith("proposer/")] == ["proposer/improve.v1"]
    own = tmp_path / "prompts" / "proposer"
    own.mkdir(parents=True)
    for version in ("v2", "v10", "x"):
        (own / f"improve.{version}.md").write_text(f"## user\n{version}: {{{{ file }}}}\n")
    found = checked(tmp_path, tuned(improve="answer.v1")).definition.prompts
    assert found["proposer/improve.v10"].text == "## user\nv10: {{ file }}\n"
    assert "proposer/improve.v1" not in found
    plain = checked(tmp_path, tuned(instructions="Be brief.")).definition.prompts
    assert [name for name in plain if name.startswith("proposer/")] == ["proposer/instructions.v1"]
    by_bedrock = checked(tmp_path, tuned(improve="answer.v1", by="bedrock")).definition.prompts
    assert not [name for name in by_bedrock if name.startswith("proposer/")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("## user\n{{ dev_records }}\n", "prompt proposer/improve.v2 uses dev_records. Known here: angle"),
        ("## user\n{% if %}\n", "improve.v2"),
    ],
)
def test_a_prompt_that_asks_for_prompts_and_cannot_is_refused(tmp_path, text, said):
    own = tmp_path / "prompts" / "proposer"
    own.mkdir(parents=True)
    (own / "improve.v2.md").write_text(text)
    assert said in problem(tmp_path, tuned(improve="answer.v1"))


def test_a_job_is_asked_for_where_there_are_jobs_alone(tmp_path):
    checked(tmp_path, tuned(improve="answer.v1", by="bedrock_job"))
    assert validate_dataset(request(tmp_path))["prompt_search"] == {"turn": 0, "next": "choose"}
    with pytest.raises(DatasetError, match=r"candidate tuned: prompt\.by: bedrock_job needs Bedrock's jobs"):
        validate_dataset(request(tmp_path, run_id="run-2", bedrock="aws", region="us-east-1"))
