"""Converse in the API's casing: what Step Functions makes of a request, and of a response."""

from evaldrop.engine.integrations.sdk import request_plan, result_plan
from evaldrop.steps.prepare_jobs.casing import as_result, as_sent

REQUEST = {
    "ModelId": "amazon.nova-lite-v1:0",
    "System": [{"Text": "Be brief."}, {"CachePoint": {"Type": "default"}}],
    "Messages": [{"Role": "user", "Content": [{"Text": "Hello."}]}],
    "InferenceConfig": {"MaxTokens": 10, "TopP": 0.5, "StopSequences": ["END"]},
    "AdditionalModelRequestFields": {"reasoningConfig": {"Type": "as it is"}, "TopK": 3},
}
RESPONSE = {
    "output": {
        "message": {
            "role": "assistant",
            "content": [
                {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "s"}}},
                {"text": "Good day."},
                {"toolUse": {"toolUseId": "t", "name": "submit", "input": {"first_score": {"aB": 1}}}},
            ],
        }
    },
    "stopReason": "tool_use",
    "usage": {"inputTokens": 5, "outputTokens": 7, "totalTokens": 12, "cacheReadInputTokens": 0},
    "metrics": {"latencyMs": 80},
    "additionalModelResponseFields": {"stop_sequence": {"aB": "END"}},
}


def test_a_request_is_what_step_functions_would_make_of_it():
    sent = request_plan("bedrock-runtime", "Converse")(REQUEST, ())
    assert as_sent(REQUEST) == {key: value for key, value in sent.items() if key != "modelId"}


def test_a_response_is_what_a_call_would_have_given():
    assert as_result(RESPONSE) == result_plan("bedrock-runtime", "Converse")(RESPONSE, ())
