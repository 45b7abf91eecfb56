"""What answers to called checks say."""

import pytest

from evaldrop.bedrock.families.called import embedding_of, severities_of
from evaldrop.bedrock.families.replies import read_body, read_reply


@pytest.mark.parametrize(
    "body",
    [
        {"embedding": [0.5, -0.5]},
        {"embeddings": {"float": [[0.5, -0.5]]}},
        {"embeddings": {"float": [0.5, -0.5]}},
        {"embeddings": [[0.5, -0.5]]},
    ],
)
def test_an_embedding_is_found_where_titan_and_cohere_have_it(body):
    assert embedding_of({"Body": body}) == [0.5, -0.5]


@pytest.mark.parametrize("body", [None, {}, {"embedding": ["a"]}, {"embedding": [float("nan")]}, []])
def test_what_is_no_embedding_is_a_reply_with_an_error(body):
    assert embedding_of({"Body": body}) == []
    assert read_reply("embed", {"Body": body}).error["Error"] == "UnknownReplyLayout"


def test_tokens_and_text_units_are_what_is_billed():
    assert read_reply("embed", {"Body": {"embedding": [1.0], "inputTextTokenCount": 7}}).input_tokens == 7
    # Cohere's body does not tell.
    assert read_reply("embed", {"Body": {"embeddings": {"float": [[1.0]]}}}).input_tokens is None
    results = [{"Category": "HATE", "SeverityScore": 0.4}, {"Category": "INSULTS", "SeverityScore": 2}]
    raw = {"Results": {"ContentFilter": {"Results": results}}, "Usage": {"ContentFilter": {"TextUnits": 3}}}
    said = read_reply("guardrail_checks", raw)
    assert (said.input_tokens, said.output_tokens, said.error) == (3, 0, None)
    assert severities_of(raw) == {"HATE": 0.4}


def test_a_body_with_an_embedding_is_read_as_one():
    said = read_body(b'{"embedding": [1.0], "inputTextTokenCount": 5}')
    assert (said.input_tokens, said.error) == (5, None)
