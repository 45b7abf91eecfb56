"""What an error is, whatever Step Functions calls it."""

import pytest

from evaldrop.bedrock.error_names import bare_name, known_name, without_ids


def test_an_error_is_named_without_its_service():
    assert {bare_name(f"{prefix}X") for prefix in ("", "Bedrock.", "BedrockRuntime.")} == {"X"}


@pytest.mark.parametrize("service", ["", "Bedrock.", "BedrockRuntime."])
def test_what_the_services_model_lacks_is_known_by_what_was_said(service):
    said = "The security token included in the request is expired (Service: BedrockRuntime, Status Code: 403)"
    assert known_name(f"{service}BedrockRuntimeException", said) == "ExpiredTokenException"
    assert known_name(f"{service}ValidationException", said) == "ValidationException"


@pytest.mark.parametrize(
    "cause",
    [
        "no (Service: BedrockRuntime, Status Code: 403, Request ID: 0b1c-2)",
        "no (Service: BedrockRuntime, Status Code: 403, Request ID: 0b1c-2, Extended Request ID: a/b+c=)",
        "no (Service: BedrockRuntime, Status Code: 403)",
    ],
)
def test_one_fault_reads_the_same_whatever_the_calls_ids(cause):
    assert without_ids(cause) == "no (Service: BedrockRuntime, Status Code: 403)"
