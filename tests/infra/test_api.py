"""The API in the template: who gets in, how often, what its function may do, and what is written down."""

import json
import re

import pytest

from evaldrop.api.exchange import ApiReply
from evaldrop.api.router import log_line
from evaldrop.store.model import Limits
from tests.evaldrop.api.asking import event
from tests.infra.synthesis import one, resources

METHOD = "AWS::ApiGateway::Method"
KEYED, PAGE = "ApiKeyed", "ApiPage"


def methods(template, api):
    """Return an API's methods by path and verb."""
    paths = {
        name: each["Properties"]["PathPart"]
        for name, each in resources(template, "AWS::ApiGateway::Resource").items()
    }
    return {
        f"/{paths.get(each['Properties']['ResourceId'].get('Ref'), '')} {each['Properties']['HttpMethod']}": (
            each["Properties"]
        )
        for name, each in resources(template, METHOD).items()
        if name.startswith(api)
    }


def statements_of(template, role):
    """Return what a role may do: (action, resource as text)."""
    found = set()
    for policy in resources(template, "AWS::IAM::Policy").values():
        if role in json.dumps(policy["Properties"]["Roles"]):
            for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
                if statement["Effect"] == "Allow":
                    listed = [
                        each if isinstance(each, list) else [each]
                        for each in (statement["Action"], statement["Resource"])
                    ]
                    found |= {(action, json.dumps(arn)) for action in listed[0] for arn in listed[1]}
    return found


def test_without_the_setting_there_is_no_api(template):
    kinds = {each["Type"] for each in template["Resources"].values()}
    assert not [kind for kind in kinds if kind.startswith(("AWS::ApiGateway", "AWS::Cognito", "AWS::WAFv2"))]
    assert not [name for name in template["Outputs"] if name.startswith("Api")]


def test_machines_need_a_key_for_all_but_the_page_and_the_description(full_template):
    by_path = methods(full_template, KEYED)
    assert {path: each.get("ApiKeyRequired", False) for path, each in by_path.items()} == {
        "/ GET": False,
        "/openapi.json GET": False,
        "/{proxy+} ANY": True,
    }


def test_people_need_a_token_for_the_same_and_a_key_for_nothing(full_template):
    by_path = methods(full_template, PAGE)
    assert {path: each["AuthorizationType"] for path, each in by_path.items()} == {
        "/ GET": "NONE",
        "/openapi.json GET": "NONE",
        "/{proxy+} ANY": "COGNITO_USER_POOLS",
    }
    assert not [each for each in by_path.values() if each.get("ApiKeyRequired")]
    authorizer = one(full_template, "AWS::ApiGateway::Authorizer")
    assert authorizer["Type"] == "COGNITO_USER_POOLS"
    assert "ApiSignInUsers" in json.dumps(authorizer["ProviderARNs"])


def test_one_function_answers_every_path_and_no_other_origin(full_template):
    for each in resources(full_template, METHOD).values():
        integration = each["Properties"]["Integration"]
        assert (integration["Type"], integration["TimeoutInMillis"]) == ("AWS_PROXY", 29_000)
        # An answer to OPTIONS would be leave for pages of others.
        assert each["Properties"]["HttpMethod"] != "OPTIONS"
    assert one(full_template, "AWS::Lambda::Function", "ApiFunction")["Timeout"] == 29


def test_the_plan_is_the_limits_that_a_key_has_everywhere(full_template):
    plan, limits = one(full_template, "AWS::ApiGateway::UsagePlan"), Limits()
    assert plan["Throttle"] == {"RateLimit": 10, "BurstLimit": 20}
    assert plan["Quota"] == {"Limit": 500, "Period": "DAY"}
    assert (limits.requests_per_second, limits.burst, limits.requests_per_day) == (10, 20, 500)
    [stage] = plan["ApiStages"]
    assert "ApiKeyed" in json.dumps(stage)


def test_one_saved_query_joins_the_gateways_line_of_a_request_with_the_functions(full_template):
    """The run that a request started is in the function's line alone; its path in the other."""
    query = one(full_template, "AWS::Logs::QueryDefinition", "Requests")
    logs = json.dumps(query["LogGroupNames"])
    assert [logs.count(name) for name in ("KeyedAccess", "PageAccess", "ApiLog")] == [1, 1, 1], logs
    stage = one(full_template, "AWS::ApiGateway::Stage", KEYED)
    of_gateway = json.loads(stage["AccessLogSetting"]["Format"]).keys()
    of_function = log_line(None, event("GET", "/runs"), {}, None, ApiReply(), 0.0).keys()
    joined = "extended_request_id"
    assert joined in of_gateway & of_function
    text = query["QueryString"]
    assert text.startswith(f"filter ispresent({joined})")
    assert re.search(rf"\| stats min\(@timestamp\) as at, .* by {joined}\n", text)
    named = set(re.findall(r"sortsLast\((\w+)\)", text))
    assert named <= of_gateway | of_function
    assert {"run_id", "key_id", "user", "status", "latency_ms", "path"} <= named
    assert "run_id" not in of_gateway


@pytest.mark.parametrize("name", [KEYED, PAGE])
def test_every_request_is_written_down_with_whose_it_is_and_none_of_its_body(full_template, name):
    stage = one(full_template, "AWS::ApiGateway::Stage", name)
    line = json.loads(stage["AccessLogSetting"]["Format"])
    assert {
        "request_id",
        "extended_request_id",
        "key_id",
        "user",
        "path",
        "status",
        "latency_ms",
        "time",
    } <= line.keys()
    assert "Access" in json.dumps(stage["AccessLogSetting"]["DestinationArn"])
    assert line["extended_request_id"] == "$context.extendedRequestId"
    [settings] = stage["MethodSettings"]
    assert settings["DataTraceEnabled"] is False
    assert (settings["ThrottlingRateLimit"], settings["ThrottlingBurstLimit"]) == (100, 200)
    assert stage["StageName"] == "v1"


def test_what_the_gateway_refuses_by_itself_is_a_problem_and_says_when_to_come_again(full_template):
    found = {}
    for name, each in resources(full_template, "AWS::ApiGateway::GatewayResponse").items():
        properties = each["Properties"]
        if name.startswith(KEYED):
            [body] = properties["ResponseTemplates"].values()
            found[properties["ResponseType"]] = (json.loads(body), properties["ResponseParameters"])
    for kind in ("THROTTLED", "QUOTA_EXCEEDED"):
        body, headers = found[kind]
        assert body["status"] == 429
        assert headers["gatewayresponse.header.Content-Type"] == "'application/problem+json'"
        assert int(headers["gatewayresponse.header.Retry-After"].strip("'")) > 0
    assert found["INVALID_API_KEY"][0]["status"] == 403
    assert found["WAF_FILTERED"][0]["status"] == 429
    assert found["MISSING_AUTHENTICATION_TOKEN"][0]["status"] == 404
    assert found["DEFAULT_5XX"][0]["status"] == 503


def test_what_starts_runs_may_stop_one_only_where_the_api_may_have_withdrawn_it(template, full_template):
    [stopped] = [
        arn
        for action, arn in statements_of(full_template, "StartRunRole")
        if action == "states:StopExecution"
    ]
    assert ":execution:" in stopped
    assert "states:StopExecution" not in {action for action, _ in statements_of(template, "StartRunRole")}


def test_the_function_may_put_read_look_and_stop_and_starts_nothing(full_template):
    may = statements_of(full_template, "ApiRole")
    actions = {action for action, _ in may}
    assert {each for each in actions if each.startswith("states:")} == {
        "states:DescribeExecution", "states:DescribeMapRun", "states:GetExecutionHistory",
        "states:ListMapRuns", "states:StopExecution",
    }  # fmt: skip
    assert not [each for each in actions if each.startswith(("bedrock:", "lambda:", "sns:", "iam:"))]
    put = [arn for action, arn in may if action == "s3:PutObject"]
    assert sorted(arn.rpartition('"/')[2].strip('"]}') for arn in put) == ["datasets/api/*", "uploads/*"]
    assert all("StorageInput" in arn for arn in put)
    [deleted] = [arn for action, arn in may if action == "s3:DeleteObject"]
    assert "datasets/api/*" in deleted
    [read] = [arn for action, arn in may if action == "s3:GetObject" and "StorageOutput" in arn]
    assert "/runs/*" in read


def test_uploads_are_gone_after_a_week_where_there_is_an_api(template, full_template):
    def rules(each):
        return one(each, "AWS::S3::Bucket", "Input")["LifecycleConfiguration"]["Rules"]

    [rule] = [each for each in rules(full_template) if each.get("Prefix") == "uploads/"]
    assert rule["ExpirationInDays"] == 7
    assert not [each for each in rules(template) if each.get("Prefix")]


def test_people_sign_in_by_code_and_proof_with_a_second_factor_and_nobody_by_themselves(full_template):
    pool = one(full_template, "AWS::Cognito::UserPool")
    assert pool["MfaConfiguration"] == "ON"
    assert pool["EnabledMfas"] == ["SOFTWARE_TOKEN_MFA"]
    assert pool["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}
    assert pool["Policies"]["PasswordPolicy"]["MinimumLength"] == 12
    client = one(full_template, "AWS::Cognito::UserPoolClient")
    assert client["GenerateSecret"] is False
    assert client["AllowedOAuthFlows"] == ["code"]
    assert "https://evaldrop.example.com/" in client["CallbackURLs"]
    # Their own page, and no attribute of theirs that says on whose account they go.
    assert "ApiPage" in json.dumps(client["CallbackURLs"])
    assert client["WriteAttributes"] == ["email"]
    # In the token all the same: what nobody may read is in none.
    assert "custom:customer" in client["ReadAttributes"]
    groups = resources(full_template, "AWS::Cognito::UserPoolGroup").values()
    assert {each["Properties"]["GroupName"] for each in groups} == {"viewer", "runner", "admin"}


def test_the_page_is_told_where_to_sign_in(full_template):
    told = one(full_template, "AWS::Lambda::Function", "ApiFunction")["Environment"]["Variables"]
    assert {
        "EVALDROP_STORE",
        "EVALDROP_INPUT_BUCKET",
        "EVALDROP_OUT",
        "EVALDROP_STATE_MACHINE",
    } <= told.keys()
    pieces = told["EVALDROP_SIGN_IN"]["Fn::Join"][1]
    sign_in = json.loads("".join(each if isinstance(each, str) else each.get("Ref", "") for each in pieces))
    assert sign_in["client_id"].startswith("ApiSignInUsersPage")
    assert sign_in["sign_in"].startswith("https://ApiSignInUsersDomain")
    # Where a sign-in leads back to; elsewhere the page asks for a key.
    [own, further] = sign_in["addresses"]
    assert own.startswith("https://ApiPage")
    assert own.endswith("/v1/")
    assert further == "https://evaldrop.example.com/"


def test_the_page_may_put_into_the_bucket_and_no_other_page(template, full_template):
    [rule] = one(full_template, "AWS::S3::Bucket", "Input")["CorsConfiguration"]["CorsRules"]
    assert rule["AllowedMethods"] == ["PUT"]
    assert rule["AllowedHeaders"] == ["content-type"]
    *own, further = rule["AllowedOrigins"]
    assert [("ApiKeyed" in json.dumps(each), "ApiPage" in json.dumps(each)) for each in own] == [
        (True, False),
        (False, True),
    ]
    assert further == "https://evaldrop.example.com"
    assert "CorsConfiguration" not in one(template, "AWS::S3::Bucket", "Input")


def test_the_role_for_logs_outlives_the_stack_for_other_apis_write_by_it(full_template):
    for kind, part in (("AWS::ApiGateway::Account", ""), ("AWS::IAM::Role", "ApiLogRole")):
        [each] = [each for name, each in resources(full_template, kind).items() if part in name]
        assert each["DeletionPolicy"] == "Retain"


def test_outputs_name_what_keys_are_made_with(full_template):
    outputs = full_template["Outputs"]
    assert {"ApiId", "ApiUrl", "ApiUsagePlan", "HistoryTable", "PageUrl", "UserPool"} <= outputs.keys()
    assert json.dumps(outputs["ApiUrl"]).endswith('/v1/"]]}}')


def test_an_address_that_asks_too_often_is_refused_before_the_gateway(full_template):
    [rule] = one(full_template, "AWS::WAFv2::WebACL")["Rules"]
    assert rule["Statement"]["RateBasedStatement"]["Limit"] == 1000
    assert rule["Action"] == {"Block": {}}
    walls = resources(full_template, "AWS::WAFv2::WebACLAssociation")
    assert len(walls) == len(resources(full_template, "AWS::ApiGateway::Stage"))
