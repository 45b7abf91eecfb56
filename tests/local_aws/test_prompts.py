"""A prompt is improved in a stack: by its functions, behind the permissions of their roles."""

import json

import pytest

from tests.local_aws.outcomes import records, scorecard_of

pytestmark = pytest.mark.slow

TUNED = """
name: tuned
candidates:
  - {name: lite, model: us.amazon.nova-lite-v1:0}
  - {name: lite_tuned, model: us.amazon.nova-lite-v1:0, prompt: {improve: answer.v1, rounds: 1, proposals: 2}}
judges: [{name: pro, model: us.amazon.nova-pro-v1:0}]
criteria: [correctness]
"""


def replies_in(aws, folder):
    """Return how many replies a run's results hold, those of its search included."""
    files = [name for name in aws.files(folder) if name.rpartition("/")[2].startswith("SUCCEEDED_")]
    rows = [json.loads(line) for name in files for line in aws.read(f"{folder}/{name}").splitlines()]
    responses = [each for one in rows for each in one.get("responses", [one])]
    answers = [*responses, *(each for one in responses for each in one.get("judgements", ()))]
    return sum(("reply" in each) + ("first_reply" in each) for each in answers)


def test_prompts_are_searched_for_in_a_stack_within_its_budget_and_measured_on_other_records(aws):
    # It has done its work, and its answer is lost: the workflow calls it again.
    aws.kill_next("ChoosePrompts", when="after")
    key = aws.upload(records(24), evaluation=TUNED, metadata={"evaldrop-budget-usd": "20"})
    [execution] = aws.finished(key)
    assert execution["status"] == "SUCCEEDED"
    scorecard, folder = scorecard_of(aws, execution), aws.folder_of(execution)
    search = json.loads(aws.read(f"{folder}/prompts/search.json"))
    prompts = json.loads(aws.read(f"{folder}/run.json"))["prompts"]
    for each in search["searches"]:
        chosen = next(one for one in each["proposals"] if one["id"] == each["winner"])
        assert prompts[f"candidate/answer.v1+{each['candidate']}"]["text"] == chosen["text"]
    assert scorecard["records"]["evaluated"] == search["records"]["test"] < 24
    assert sum(search["records"].values()) == 24
    # Each call was paid for once: of the first prompt, of proposals, of tries and of the run's own records.
    assert len(aws.calls()) == replies_in(aws, folder)
    item = aws.client("dynamodb").get_item(
        TableName=aws.outputs["HistoryTable"],
        Key={"pk": {"S": f"BUDGET#{scorecard['run_id']}"}, "sk": {"S": "BUDGET"}},
    )["Item"]
    micros = {name: int(value["N"]) for name, value in item.items() if "N" in value}
    assert micros["reserved_micros"] == micros["spent_micros"]
    # The table knows nothing of proposals: their room was taken from the budget before.
    proposing = sum(each["proposing_usd"] for each in search["searches"])
    assert micros["spent_micros"] / 1e6 + proposing == pytest.approx(scorecard["cost_usd"]["total"], abs=1e-4)
