"""Which failed calls are worth another try."""

import pytest

from evaldrop.bedrock.passing import count_passing, may_pass, passing_cause
from evaldrop.bedrock.protocol import CODE_BY_STATUS
from evaldrop.run.results import LEFT_OUT
from evaldrop.shipped import workflow_definition


def retried_names(node):
    """Every error name that the workflow's states try again."""
    if isinstance(node, list):
        return {name for each in node for name in retried_names(each)}
    if not isinstance(node, dict):
        return set()
    own = {name for retry in node.get("Retry", ()) for name in retry["ErrorEquals"]}
    return own | {name for each in node.values() for name in retried_names(each)}


def test_what_the_workflow_tries_again_may_have_passed_when_it_gave_up():
    names = {
        name
        for name in retried_names(workflow_definition())
        # A record whose budget is not known has no result at all, and is evaluated when its run goes on.
        if not name.startswith(("Lambda.", "Runtime.", "States.ALL", "DynamoDB.", "DynamoDb."))
    }
    assert names
    assert [name for name in sorted(names) if not may_pass(name)] == []


@pytest.mark.parametrize("status", sorted(CODE_BY_STATUS))
def test_what_every_server_names_by_its_status_may_pass(status):
    assert may_pass(CODE_BY_STATUS[status])


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        ("BedrockRuntime.ExpiredTokenException", "credentials"),
        ("BedrockRuntime.AccessDeniedException", "refused access"),
        ("Bedrock.ThrottlingException", "throttled or out of quota"),
        ("States.Timeout", "timed out"),
        (LEFT_OUT, "left out after its first calls"),
    ],
)
def test_the_service_before_a_name_does_not_matter(error, cause):
    assert passing_cause(error) == cause


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ("The security token included in the request is expired (Service: BedrockRuntime)", "credentials"),
        ("no (Service: BedrockRuntime, Status Code: 403, Request ID: 1)", "refused access"),
        ("no (Service: BedrockRuntime, Status Code: 502)", "the service failed or could not be reached"),
        ("", "credentials, or the service failed"),
    ],
)
def test_what_has_one_name_for_all_is_told_apart_by_what_was_said(said, cause):
    assert passing_cause("BedrockRuntime.BedrockRuntimeException", said) == cause


@pytest.mark.parametrize(
    "error",
    [
        "BedrockRuntime.ValidationException", "ValidationException", "States.DataLimitExceeded",
        "States.QueryEvaluationError", "States.Runtime", "NoResponseGiven", "UnknownReplyLayout", "",
    ],
)  # fmt: skip
def test_what_is_the_requests_own_fault_does_not_pass(error):
    assert not may_pass(error)


def test_an_account_that_was_refused_under_a_requests_name_may_have_been_allowed():
    assert may_pass("ValidationException", "Operation not allowed")
    assert not may_pass("ValidationException", "max_tokens is too large")


def test_failed_calls_are_counted_by_their_names():
    counted = {"BedrockRuntime.ThrottlingException": 3, "BedrockRuntime.ValidationException": 2}
    assert count_passing(counted) == 3
