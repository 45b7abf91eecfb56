"""The states that reserve and settle a budget: what a record cost, and what DynamoDB makes of it."""

import asyncio
import json
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from evaldrop.bedrock.families.replies import read_reply
from evaldrop.engine import ServiceError, dynamodb_update_item, execute, load
from evaldrop.store.table import BUDGET_ITEM, PK, SK

WORKFLOW = json.loads((Path(__file__).parent.parent.parent / "infra" / "workflow.asl.json").read_text())
CHILD = WORKFLOW["States"]["EvaluateRecords"]["ItemProcessor"]["States"]
TABLE = "history"
RESERVING = ("ReserveBudget", "IsBudgetSpent", "MayWait", "WaitForRoom", "SkipByBudget", "BudgetUnknown")
PRICES = {
    "candidates": {"a": {"input": 1, "output": 10, "read": 0.5, "write": 2, "flex": 0.5, "untold": 1}},
    "judges": {"j": {"input": 2, "output": 20, "read": 2, "write": 2, "flex": 0.5, "untold": 1}},
}
PRICES["judges"]["k"] = {**PRICES["judges"]["j"], "untold": 0.5}
RESERVE = {"total": 1000, "candidates": {"a": 400}, "judges": {"j": 200, "k": 200}, "pairs": {"j": 300}}


@pytest.fixture(scope="module")
def client():
    """DynamoDB in memory, with a stack's table."""
    with mock_aws():
        secret = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
        client = boto3.client("dynamodb", region_name="us-east-1", **secret)
        client.create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": each, "AttributeType": "S"} for each in (PK, SK)],
            KeySchema=[
                {"AttributeName": PK, "KeyType": "HASH"},
                {"AttributeName": SK, "KeyType": "RANGE"},
            ],
        )
        yield client


def budget(run, limit):
    key = f"{BUDGET_ITEM}{run}"
    return {"table": TABLE, "key": key, "expires": "1800000000", "limit": limit, "prices": PRICES}


def run_states(names, start, content, update):
    """Run some states of a child; whatever else they lead to is where it ends."""
    states = {name: CHILD[name] for name in names}
    ends = {"ReserveBudget": ["TakeRecord"], "SettleBudget": ["RecordEvaluated"]}.get(start, [])
    machine = {
        "QueryLanguage": "JSONata",
        "StartAt": "Begin",
        "States": {
            "Begin": {
                "Type": "Pass",
                "Assign": {"record": content["record"], "budget": content["budget"]},
                "Output": content.get("output", content),
                "Next": start,
            },
            **states,
            **{name: {"Type": "Pass", "Output": name, "End": True} for name in ends},
        },
    }
    loaded = load(machine, {"Partition": "aws", "ChildType": "EXPRESS"})
    integrations = {"dynamodb:updateItem": dynamodb_update_item(update)}
    return asyncio.run(execute(loaded, {}, integrations=integrations, name="child"))


def of_moto(client):
    async def update(request):
        try:
            return client.update_item(**request)
        except client.exceptions.ConditionalCheckFailedException as refused:
            raise ServiceError("ConditionalCheckFailedException", str(refused)) from refused

    return update


def reserve(client, run, limit, cost, record="r"):
    """Let a record reserve, and return where its child came to."""
    record = {"record_id": record, "reserve": {**RESERVE, "total": cost}}
    content = {"record": record, "budget": budget(run, limit)}
    return run_states(RESERVING, "ReserveBudget", content, of_moto(client)).output


def settled(update, output, record=None):
    """Settle a record's output, and return the request."""
    asked = []

    async def noting(request):
        asked.append(request)
        return await update(request)

    record = {"record_id": "r", "reserve": RESERVE, **(record or {})}
    content = {"record": record, "budget": budget("settled", 10_000), "output": output}
    execution = run_states(("SettleBudget",), "SettleBudget", content, noting)
    assert execution.output == "RecordEvaluated"
    return asked[0] if asked else None


async def nothing(_request):
    return {}


def spent(responses, comparisons=()):
    output = {"record_id": "r", "responses": responses, "comparisons": list(comparisons)}
    values = settled(nothing, output)["ExpressionAttributeValues"]
    assert int(values[":difference"]["N"]) == int(values[":cost"]["N"]) - RESERVE["total"]
    return int(values[":cost"]["N"])


def items(client, run):
    item = client.get_item(TableName=TABLE, Key={PK: {"S": f"{BUDGET_ITEM}{run}"}, SK: {"S": "BUDGET"}})[
        "Item"
    ]
    return {name: int(value["N"]) for name, value in item.items() if name.endswith(("_micros", "_records"))}


# What a record cost


CONVERSE = {"Usage": {"InputTokens": 10, "OutputTokens": 5}}
JUDGED = {"judge": "j", "criteria": ["c"], "reply": CONVERSE}
# Of each family that tells its tokens: a body with 10 of input and 5 of output.
BODIES = {
    "anthropic": {"content": [], "usage": {"input_tokens": 10, "output_tokens": 5}},
    "chat": {
        "choices": [{"message": {"content": ""}}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5},
    },
    "nova": {"output": {"message": {"content": []}}, "usage": {"inputTokens": 10, "outputTokens": 5}},
    "llama": {"generation": "", "prompt_token_count": 10, "generation_token_count": 5},
    "titan": {"inputTextTokenCount": 10, "results": [{"outputText": "", "tokenCount": 5}]},
}


def test_a_record_cost_what_its_replies_say_candidates_judges_and_pairs():
    response = {"candidate": "a", "reply": CONVERSE, "judgements": [JUDGED, {**JUDGED, "repeat": 1}]}
    # a: 10 + 50; the judge: 20 + 100 each.
    assert spent([response]) == 60 + 2 * 120
    assert spent([response], [JUDGED]) == 60 + 3 * 120


@pytest.mark.parametrize("family", BODIES)
def test_the_tokens_of_a_familys_own_body_are_those_that_the_scorecard_reads(family):
    reply = {"Body": BODIES[family], "ContentType": "application/json"}
    read = read_reply("invoke_model", reply)
    assert (read.input_tokens, read.output_tokens) == (10, 5)
    assert spent([{"candidate": "a", "reply": reply, "judgements": []}]) == 60


def test_what_a_cache_read_and_wrote_has_prices_of_its_own():
    usage = {"InputTokens": 10, "OutputTokens": 0, "CacheReadInputTokens": 4, "CacheWriteInputTokens": 3}
    assert spent([{"candidate": "a", "reply": {"Usage": usage}, "judgements": []}]) == 10 + 2 + 6


@pytest.mark.parametrize(
    ("told", "cost"),
    # k is a judge that is asked for flex: 60 and 120 are the whole prices.
    [({}, 60 + 60), ({"Type": "flex"}, 30 + 60), ({"Type": "default"}, 60 + 120)],
)
def test_a_reply_costs_by_the_tier_that_served_it_and_untold_as_it_was_asked_for(told, cost):
    reply = {**CONVERSE, **({"ServiceTier": told} if told else {})}
    assert (
        spent([{"candidate": "a", "reply": reply, "judgements": [{**JUDGED, "judge": "k", "reply": reply}]}])
        == cost
    )


def test_what_a_job_answered_is_settled_with_its_job_and_not_with_the_record():
    by_job = {"delivery": "batch", "reply": CONVERSE}
    response = {"candidate": "a", **by_job, "judgements": [{**JUDGED, **by_job}, JUDGED]}
    # The one judgement that the child called for.
    assert spent([response], [{**JUDGED, **by_job}]) == 120


def test_a_second_asking_costs_as_well_and_one_that_was_lost_the_most_it_can():
    twice = {**JUDGED, "first_reply": CONVERSE}
    lost = {**JUDGED, "again_error": {"Error": "States.Timeout", "Cause": ""}}
    response = {"candidate": "a", "given": True, "text": "x"}
    assert spent([{**response, "judgements": [twice]}]) == 240
    assert spent([{**response, "judgements": [lost]}]) == 120 + 200


@pytest.mark.parametrize(
    ("error", "cost"),
    [
        ("States.Timeout", 400),
        ("Bedrock.ModelErrorException", 400),
        ("BedrockRuntime.BedrockRuntimeException", 400),
        ("States.DataLimitExceeded", 400),
        ("ThrottlingException", 0),
        ("Bedrock.ValidationException", 0),
        ("BedrockRuntime.AccessDeniedException", 0),
        ("LeftOut", 0),
        ("NoResponseGiven", 0),
    ],
)
def test_a_call_that_was_lost_keeps_what_it_reserved_and_one_that_was_turned_away_nothing(error, cost):
    assert spent([{"candidate": "a", "error": {"Error": error, "Cause": ""}, "judgements": []}]) == cost


def test_a_reply_that_does_not_tell_its_tokens_keeps_what_it_reserved():
    assert spent([{"candidate": "a", "reply": {"Body": {"completions": []}}, "judgements": []}]) == 400
    half = {"Usage": {"InputTokens": 10, "OutputTokens": None}}
    assert spent([{"candidate": "a", "reply": half, "judgements": []}]) == 400


def test_what_was_not_called_for_costs_nothing_nor_does_a_model_of_unknown_price():
    unknown = {"candidate": "b", "reply": CONVERSE, "judgements": [{**JUDGED, "judge": "l"}]}
    kept = {"candidate": "a", "given": True, "reply": CONVERSE, "judgements": [{**JUDGED, "kept": True}]}
    assert spent([unknown, kept], [{"judge": "j", "skipped": "identical"}]) == 0
    assert spent([]) == 0


def test_what_is_not_whole_is_rounded_up():
    usage = {"InputTokens": 0, "OutputTokens": 0, "CacheReadInputTokens": 1}
    assert spent([{"candidate": "a", "reply": {"Usage": usage}, "judgements": []}]) == 1


# What DynamoDB makes of it


def test_records_reserve_as_long_as_there_is_room_and_the_sum_never_passes_the_budget(client):
    came_to = [reserve(client, "room", 1000, 400, record=f"r{n}") for n in range(2)]
    assert came_to == ["TakeRecord", "TakeRecord"]
    assert items(client, "room") == {"reserved_micros": 800}


def test_what_is_refused_for_good_is_skipped_at_once_and_counted(client):
    assert reserve(client, "spent", 1000, 900) == "TakeRecord"
    key = {PK: {"S": f"{BUDGET_ITEM}spent"}, SK: {"S": "BUDGET"}}
    client.update_item(
        TableName=TABLE,
        Key=key,
        UpdateExpression="ADD spent_micros :n",
        ExpressionAttributeValues={":n": {"N": "900"}},
    )
    assert reserve(client, "spent", 1000, 200, record="r9") == {
        "record_id": "r9", "responses": [], "comparisons": [], "skipped": "budget",
    }  # fmt: skip
    assert items(client, "spent") == {"reserved_micros": 900, "spent_micros": 900, "skipped_records": 1}


def test_settling_gives_back_what_was_reserved_and_not_spent(client):
    reserve(client, "settled", 10_000, RESERVE["total"])
    output = {"responses": [{"candidate": "a", "reply": CONVERSE, "judgements": []}], "comparisons": []}
    settled(of_moto(client), output)
    assert items(client, "settled") == {"reserved_micros": 60, "spent_micros": 60}


def test_a_table_that_does_not_answer_ends_the_record_unreserved_and_uncalled_with_words():
    async def broken(_request):
        raise ServiceError("AccessDeniedException", "not allowed")

    content = {"record": {"record_id": "r", "reserve": RESERVE}, "budget": budget("broken", 10_000)}
    ended = run_states(RESERVING, "ReserveBudget", content, broken)
    assert (ended.status, ended.error) == ("FAILED", "BudgetUnknown")
    assert "nothing was called" in ended.cause
    assert "not allowed" in ended.cause


def test_a_table_that_does_not_answer_at_the_end_loses_no_reply():
    async def broken(_request):
        raise ServiceError("InternalServerError", "")

    # RecordEvaluated is reached with the output as it was.
    settled(broken, {"responses": [], "comparisons": []})


# What a run goes on with in another execution


def begun(client, run, **counted):
    """Let a run begin with what was counted; return the state behind it."""
    machine = {
        "QueryLanguage": "JSONata",
        "StartAt": "BeginBudget",
        "States": {"BeginBudget": WORKFLOW["States"]["BeginBudget"], "HasJobs": {"Type": "Succeed"}},
    }
    content = {"budget": budget(run, 1000), "budget_so_far": counted}
    integrations = {"dynamodb:updateItem": dynamodb_update_item(of_moto(client))}
    return asyncio.run(
        execute(load(machine, {"Partition": "aws"}), content, integrations=integrations, name="run")
    ).output


def test_a_run_that_goes_on_begins_with_what_is_known_and_releases_what_nobody_gave_back(client):
    for n in range(2):
        assert reserve(client, "again", 1000, 400, record=f"r{n}") == "TakeRecord"
    assert begun(client, "again", spent=150, reserved=250, map_runs=2).keys() == {"budget"}
    assert items(client, "again") == {"reserved_micros": 250, "spent_micros": 150}
    assert reserve(client, "again", 1000, 750) == "TakeRecord"


def test_an_execution_that_left_no_result_is_not_forgotten(client):
    begun(client, "lost", spent=150, reserved=150, map_runs=2)
    assert reserve(client, "lost", 1000, 800) == "TakeRecord"
    # It was stopped: no manifest tells what it has called. The next one counts from all that it reserved.
    begun(client, "lost", spent=150, reserved=150, map_runs=2)
    assert items(client, "lost") == {"reserved_micros": 950, "spent_micros": 150}
    begun(client, "lost", spent=200, reserved=300, map_runs=3)
    assert items(client, "lost") == {"reserved_micros": 300, "spent_micros": 200}


# What a record that is skipped has cost already


def skipped(record):
    candidates = [{"name": "a", "api": "converse"}, {"name": "b", "api": "invoke_model"}]
    content = {"record": {"record_id": "r", **record}, "budget": {}, "candidates": candidates}
    return run_states(("SkipByBudget",), "SkipByBudget", content, nothing).output


def test_a_record_that_is_skipped_tells_what_jobs_have_answered_of_it():
    by_job = {"delivery": "batch", "retries": 0}
    judge = {"judge": "j", "criteria": ["c"], "repeat": 0, "api": "converse"}
    pair = {"judge": "j", "candidate": "a", "baseline": "b", "first": "a", "api": "converse"}
    reply, error = {"reply": CONVERSE}, {"error": {"Error": "NotDelivered", "Cause": ""}}
    output = skipped(
        {
            "jobs": {"responses": {"a": reply, "b": error}},
            # The dataset gives c, of which no job tells but the judge's.
            "judgements": [{**judge, "fences": {}, "job_replies": {"a": reply, "c": reply}}],
            "comparisons": [{**pair, "job_reply": reply}, pair],
        }
    )
    judged = {"judgements": [{**judge, **by_job, **reply}]}
    assert output == {
        "record_id": "r",
        "responses": [],
        "comparisons": [],
        "skipped": "budget",
        "paid": {
            "responses": [
                {"candidate": "a", "api": "converse", **by_job, **reply, **judged},
                {"candidate": "b", "api": "invoke_model", **by_job, **error, "judgements": []},
                {"candidate": "c", **by_job, "given": True, "text": "", **judged},
            ],
            "comparisons": [{**pair, **by_job, **reply}],
        },
    }


def test_a_record_of_which_no_job_has_answered_anything_has_cost_nothing():
    output = skipped({"judgements": [{"judge": "j", "fences": {}}], "comparisons": []})
    assert output == {"record_id": "r", "responses": [], "comparisons": [], "skipped": "budget"}
