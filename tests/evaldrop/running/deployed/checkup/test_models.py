"""What a call of one token tells of the access to a model."""

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from evaldrop.evaluation.prices import load_prices
from evaldrop.running.deployed.checkup.models import check_models, models_here, price_of_calls

HAIKU = "us.anthropic.claude-haiku-4-5-20251001-v1:0"


class Bedrock:
    """Answers, or raises what it was given; keeps the requests."""

    def __init__(self, error: Exception | None = None):
        self.error = error
        self.requests = []

    def converse(self, **request):
        self.requests.append(request)
        if self.error:
            raise self.error
        return {"output": {}}


def refusing(code, message):
    return Bedrock(ClientError({"Error": {"Code": code, "Message": message}}, "Converse"))


def test_each_model_is_called_once_for_one_token():
    bedrock = Bedrock()
    found = check_models(bedrock, ["a", "b"])
    assert [(each.subject, each.state) for each in found] == [("model a", "ok"), ("model b", "ok")]
    assert [request["modelId"] for request in bedrock.requests] == ["a", "b"]
    assert {request["inferenceConfig"]["maxTokens"] for request in bedrock.requests} == {1}


@pytest.mark.parametrize(
    ("code", "message", "hint"),
    [
        ("AccessDeniedException", "You don't have access to the model", "Ask for access"),
        ("ResourceNotFoundException", "Model use case details have not been submitted", "use case form"),
        ("ResourceNotFoundException", "Could not resolve the foundation model", "list-foundation-models"),
        ("ValidationException", "Invocation with on-demand throughput isn't supported", "inference profile"),
        ("ValidationException", "The provided model identifier is invalid.", "Region"),
        ("ThrottlingException", "Too many tokens per day, please wait", "quota"),
        ("ExpiredTokenException", "The security token has expired", "renew it"),
    ],
)
def test_a_refusal_is_a_problem_with_its_way_out(code, message, hint):
    (found,) = check_models(refusing(code, message), [HAIKU])
    assert found.state == "problem"
    assert found.said == f"{code}: {message}"
    assert hint in found.way_out


def test_a_model_that_only_dislikes_the_request_is_not_called_refused():
    (found,) = check_models(refusing("ValidationException", "max_tokens must be at least 16"), [HAIKU])
    assert found.state == "note"
    assert "at least 16" in found.said


def test_without_a_network_the_hint_is_of_the_network():
    (found,) = check_models(Bedrock(EndpointConnectionError(endpoint_url="https://bedrock")), [HAIKU])
    assert found.state == "problem"
    assert "Look at the network" in found.said


def test_a_fault_of_ours_is_not_taken_for_an_answer():
    with pytest.raises(ZeroDivisionError):
        check_models(Bedrock(ZeroDivisionError()), [HAIKU])


def test_the_calls_cost_less_than_a_cent_and_unknown_prices_stay_unknown():
    cost = price_of_calls([HAIKU], load_prices())
    assert cost is not None
    assert 0 < cost < 0.01
    assert price_of_calls([HAIKU, "of.nobody-knows"], load_prices()) is None


def test_a_model_of_the_region_at_hand_is_called_by_its_profile_there():
    here = models_here(["geo.amazon.nova-lite-v1:0", "eu.amazon.nova-lite-v1:0"], "eu-central-1")
    assert here.called == ("eu.amazon.nova-lite-v1:0",)
    (found,) = here.findings
    assert (found.state, found.said) == ("ok", "is eu.amazon.nova-lite-v1:0 in eu-central-1")


def test_a_model_of_another_geography_is_a_problem_in_words_and_is_not_called():
    here = models_here([HAIKU], "eu-central-1")
    assert here.called == ()
    (found,) = here.findings
    assert found.state == "problem"
    assert "geo.anthropic.claude-haiku-4-5-20251001-v1:0" in found.said


def test_what_a_rehearsed_aws_does_not_answer_is_no_problem_of_the_account():
    (found,) = check_models(refusing("NotImplementedException", "models answer runs"), [HAIKU])
    assert found.state == "unknown"
