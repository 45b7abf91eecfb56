"""Which refusals end a run before it fans out, and what its user is told to do about them."""

import pytest

from evaldrop.bedrock.simulated.runtime import FAULTS
from evaldrop.steps.check_first_calls.refusals import is_lasting, way_out

ON_DEMAND = (
    "Invocation of model ID anthropic.claude-sonnet-4-5-20250929-v1:0 with on-demand throughput isn’t "
    "supported. Retry your request with the ID or ARN of an inference profile that contains this model."
)
TOOL_CHOICE = "Thinking may not be enabled when tool_choice forces tool use."


def error(name, cause=""):
    return {"Error": name, "Cause": cause}


# What Step Functions calls every error that is not in the model of Bedrock's runtime.
UNNAMED = "BedrockRuntime.BedrockRuntimeException"


@pytest.mark.parametrize("service", ["", "Bedrock.", "BedrockRuntime."])
@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("AccessDeniedException", "You don't have access to the model with the specified model ID."),
        ("ResourceNotFoundException", "This model version has reached the end of its life."),
        ("ValidationException", ON_DEMAND),
        ("ValidationException", "The provided model identifier is invalid."),
        ("ValidationException", TOOL_CHOICE),
        ("ValidationException", "This model doesn't support system messages."),
        ("ValidationException", "This model doesn't support tool use."),
        ("ValidationException", "`temperature` is deprecated for this model."),
        ("ValidationException", "The maximum tokens you requested exceeds the model limit of 4096."),
        ("ValidationException", "Malformed input request: #: required key [prompt] not found"),
        ("ValidationException", ""),
        ("UnrecognizedClientException", "The security token included in the request is invalid."),
        ("ExpiredTokenException", "The security token included in the request is expired"),
        ("InvalidSignatureException", "Signature expired"),
        ("ServiceQuotaExceededException", "Too many tokens per day."),
        ("ThrottlingException", "Too many tokens per day, please wait before trying again."),
        (
            "ThrottlingException",
            "You exceeded your current quota, please check your plan and billing details.",
        ),
    ],
)
def test_a_refusal_of_the_model_or_of_who_calls_will_not_pass(service, name, cause):
    assert is_lasting(error(service + name, cause))


@pytest.mark.parametrize(
    "failure",
    [
        error("BedrockRuntime.ThrottlingException", "Too many tokens, please wait before trying again."),
        error("BedrockRuntime.ServiceQuotaExceededException", "Your request exceeds the service quota."),
        error("BedrockRuntime.ModelNotReadyException"),
        error("BedrockRuntime.ModelTimeoutException"),
        error("Bedrock.ModelErrorException"),
        error("Bedrock.InternalServerException"),
        error("ServiceUnavailableException"),
        error("BedrockRuntime.SdkClientException", "the connection broke"),
        error("States.Timeout"),
        error("States.DataLimitExceeded"),
        error("LeftOut"),
        error("BedrockRuntime.ValidationException", "Input is too long for requested model."),
        error("Bedrock.ValidationException", "prompt is too long: 210000 tokens > 200000 maximum"),
        error("ValidationException", "This model's maximum context length is 8192 tokens."),
        error("ValidationException", "A conversation must start with a user message. Try again."),
        error("ValidationException", "A conversation must alternate between user and assistant roles."),
        error("ValidationException", "The text field in the ContentBlock object at messages.0 is blank."),
        error("ValidationException", "The response was filtered due to the content management policy."),
        error("BedrockRuntime.BedrockRuntimeException", "no (Service: BedrockRuntime, Status Code: 502)"),
        error("Bedrock.BedrockRuntimeException", "Service: BedrockRuntime, Status Code: 413"),
        {},
    ],
)
def test_what_passes_or_is_about_one_record_ends_nothing(failure):
    assert not is_lasting(failure)


@pytest.mark.parametrize(
    "cause",
    [
        "The security token included in the request is expired (Service: BedrockRuntime, Status Code: 403)",
        "The security token included in the request is invalid.",
        "AWS credentials cannot be renewed: the profile is gone",
        "Missing Authentication Token",
        "no (Service: BedrockRuntime, Status Code: 403, Request ID: 1)",
    ],
)
def test_credentials_are_known_by_what_was_said_where_the_name_tells_nothing(cause):
    assert is_lasting(error(UNNAMED, cause))


def test_no_error_that_a_rehearsal_draws_ends_it():
    assert not [code for code, message, _ in FAULTS if is_lasting(error(f"Bedrock.{code}", message))]


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (error("ValidationException", ON_DEMAND), "inference profile as its model: geo.some.model"),
        (error("ValidationException", TOOL_CHOICE), "`verdict: text`"),
        (error("ValidationException", "This model doesn't support tool use."), "`verdict: text`"),
        (error("ValidationException", "This model doesn't support system messages."), "system part"),
        (error("ValidationException", "`temperature` is deprecated"), "{temperature: null}"),
        (error("ValidationException", "`temperature` and `top_p` cannot both be specified"), "null}"),
        (error("ValidationException", "The maximum tokens you requested exceeds"), "max_tokens"),
        (error("ValidationException", "The provided model identifier is invalid."), "model's ID"),
        (error("ValidationException", "This model does not support the flex service tier"), "on_demand"),
        (error("ValidationException", "Unknown parameter in input: ServiceTier"), "on_demand"),
        (error("ValidationException", "system.1.cachePoint is not allowed"), "`cache: off`"),
        (error("BedrockRuntime.AccessDeniedException", "no"), "bedrock:InvokeModel"),
        (error("States.Permissions", "no"), "bedrock:InvokeModel"),
        (error("ServiceQuotaExceededException", "no"), "quota"),
        (error("ThrottlingException", "Too many tokens per day"), "quota"),
        (error("ResourceNotFoundException", "Model use case details have not been submitted"), "form"),
        (error("Bedrock.ResourceNotFoundException", "no"), "model's ID and the Region"),
        (error("Bedrock.ExpiredTokenException", "no"), "The session has run out"),
        (error("BedrockRuntime.UnrecognizedClientException", "no"), "does not accept these credentials"),
        (error("BedrockRuntime.InvalidSignatureException", "no"), "does not accept these credentials"),
        (error(UNNAMED, "The security token included in the request is expired"), "The session has run out"),
        (error(UNNAMED, "The request signature we calculated does not match"), "does not accept these"),
    ],
)
def test_the_way_out_is_told(failure, words):
    assert words in way_out(failure, model="some.model", bedrock="aws")


def test_a_profile_that_is_not_there_is_not_named_within_another():
    found = way_out(error("ValidationException", ON_DEMAND), model="eu.some.model", bedrock="aws")
    assert "geo.some.model" in found
    assert "eu." not in found


def test_another_servers_refusals_do_not_lead_to_aws():
    found = {
        name: way_out(error(f"BedrockRuntime.{name}"), model="m", bedrock="openai=http://localhost/v1")
        for name in ("AccessDeniedException", "ResourceNotFoundException", "ValidationException")
    }
    assert "OPENAI_API_KEY" in found["AccessDeniedException"]
    assert "/v1/models" in found["ResourceNotFoundException"]
    assert not any("aws" in words or "bedrock" in words for words in found.values())


def test_where_nothing_is_known_the_services_own_words_stand_alone():
    assert way_out(error("ValidationException", "Odd."), model="m", bedrock="aws") == ""
