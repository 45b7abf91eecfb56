"""The table in the template, who writes it, and who sends events."""

import json

from evaldrop.store.table import BUDGET_ITEM, EXPIRES, INDEXES, PK, SK, SORTED
from tests.infra.synthesis import one, resources
from tests.infra.test_api import statements_of

NOTING = ("StartRunRole", "ValidateDatasetRole", "BuildScorecardRole", "ReportFailureRole")
SENDING = ("StartRunRole", "BuildScorecardRole", "ReportFailureRole")
ROLES = (*NOTING, "ChoosePromptsRole", "PrepareRecordsRole", "CheckFirstCallsRole")


def test_the_table_is_laid_out_as_the_store_has_it(template):
    table = one(template, "AWS::DynamoDB::Table")
    assert table["KeySchema"] == keys(PK, SK)
    assert {each["IndexName"]: each["KeySchema"] for each in table["GlobalSecondaryIndexes"]} == {
        index: keys(index, SORTED) for index in INDEXES.values()
    }
    assert all(each["Projection"] == {"ProjectionType": "ALL"} for each in table["GlobalSecondaryIndexes"])
    assert table["TimeToLiveSpecification"] == {"AttributeName": EXPIRES, "Enabled": True}


def keys(partition, sort):
    return [
        {"AttributeName": partition, "KeyType": "HASH"},
        {"AttributeName": sort, "KeyType": "RANGE"},
    ]


def test_it_costs_nothing_idle_can_be_restored_and_outlives_the_stack(template):
    table = one(template, "AWS::DynamoDB::Table")
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["DeletionProtectionEnabled"] is True
    [resource] = resources(template, "AWS::DynamoDB::Table").values()
    assert resource["DeletionPolicy"] == "Retain"


def test_the_key_of_ones_own_encrypts_it_and_who_writes_it_may_use_the_key(full_template):
    table = one(full_template, "AWS::DynamoDB::Table")
    assert table["SSESpecification"]["SSEType"] == "KMS"
    for role in NOTING:
        assert "kms:DescribeKey" in {action for action, _ in statements_of(full_template, role)}, role


def test_four_functions_note_runs_and_none_of_them_lists_or_deletes(template):
    for role in ROLES:
        may = {action for action, _ in statements_of(template, role) if action.startswith("dynamodb:")}
        wanted = {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"} if role in NOTING else set()
        assert may == wanted, role
    told = [
        name
        for name, each in resources(template, "AWS::Lambda::Function").items()
        if "EVALDROP_STORE" in each["Properties"]["Environment"]["Variables"]
    ]
    assert len(told) == len(NOTING)


def test_the_apis_function_also_asks_by_every_index(full_template):
    asked = [arn for action, arn in statements_of(full_template, "ApiRole") if action == "dynamodb:Query"]
    assert len(asked) == 1 + len(INDEXES)
    assert not [arn for arn in asked if "*" in arn]


def statements_of_budgets(template):
    """What may be done with budgets, as the state machine's role has it."""
    return [
        statement
        for policy in resources(template, "AWS::IAM::Policy").values()
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if statement.get("Sid") == "HoldBudgets"
    ]


def test_the_workflow_counts_in_items_of_budgets_alone_in_the_table_that_preparing_names(template):
    [table] = resources(template, "AWS::DynamoDB::Table")
    [statement] = statements_of_budgets(template)
    assert statement["Action"] == "dynamodb:UpdateItem"
    assert statement["Resource"] == {"Fn::GetAtt": [table, "Arn"]}
    assert statement["Condition"] == {
        "ForAllValues:StringLike": {"dynamodb:LeadingKeys": [f"{BUDGET_ITEM}*"]}
    }
    told = [
        each["Properties"]["Environment"]["Variables"].get("EVALDROP_BUDGET_TABLE")
        for each in resources(template, "AWS::Lambda::Function").values()
    ]
    assert [name for name in told if name] == [{"Ref": table}]


def test_a_ceiling_of_the_month_is_told_to_the_function_that_refuses_runs_alone(full_template, template):
    def told(template):
        return {
            name: environment["EVALDROP_MONTHLY_BUDGET_USD"]
            for name, each in resources(template, "AWS::Lambda::Function").items()
            if "EVALDROP_MONTHLY_BUDGET_USD"
            in (environment := each["Properties"].get("Environment", {}).get("Variables", {}))
        }

    [(name, usd)] = told(full_template).items()
    assert ("ValidateDataset" in name, usd) == (True, "100")
    assert not told(template)


def test_events_go_to_the_default_bus_alone_and_under_one_name(template):
    for role in ROLES:
        sent = [arn for action, arn in statements_of(template, role) if action == "events:PutEvents"]
        assert len(sent) == (role in SENDING), role
        assert all(":event-bus/default" in arn for arn in sent)
    sources = [
        statement["Condition"]
        for policy in resources(template, "AWS::IAM::Policy").values()
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if "events:PutEvents" in json.dumps(statement["Action"])
    ]
    assert sources == [{"StringEquals": {"events:source": "evaldrop"}}] * len(SENDING)


def test_without_it_nothing_is_told_of_a_table_and_events_go_out_all_the_same(without_history):
    # What is left is the table of budgets, which no function writes.
    table = one(without_history, "AWS::DynamoDB::Table")
    assert "GlobalSecondaryIndexes" not in table
    assert table["KeySchema"] == keys(PK, SK)
    assert statements_of_budgets(without_history)
    assert "EVALDROP_STORE" not in json.dumps(without_history)
    assert "HistoryTable" not in without_history["Outputs"]
    assert "EVALDROP_EVENT_BUS" in json.dumps(without_history)
