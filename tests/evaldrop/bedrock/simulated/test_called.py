"""Simulated embeddings and severities."""

import pytest

from evaldrop.bedrock.protocol import ServiceError
from evaldrop.bedrock.simulated.called import checked, embedded
from evaldrop.steps.build_scorecard.called_checks import cosine


def test_texts_of_the_same_words_are_near_and_others_are_not():
    texts = "Refunds take five days.", "It takes five days for refunds.", "Our office opens at noon."
    one, same, other = (embedded({"inputText": text, "dimensions": 256})["embedding"] for text in texts)
    assert cosine(one, one) == pytest.approx(1, abs=1e-4)
    assert cosine(one, same) > 0.6 > 0.4 > abs(cosine(one, other))


def test_cohere_answers_in_its_own_form():
    answer = embedded({"texts": ["a refund"], "output_dimension": 256, "embedding_types": ["float"]})
    assert len(answer["embeddings"]["float"][0]) == 256


def test_nothing_to_embed_is_refused():
    with pytest.raises(ServiceError, match="no text to embed"):
        embedded({"inputText": ""})


def test_a_severity_rises_with_alarming_words_of_its_category_alone():
    def severities(text):
        categories = [{"category": each} for each in ("INSULTS", "HATE")]
        messages = [{"role": "assistant", "content": [{"text": text}]}]
        said = checked({"messages": messages, "checks": {"contentFilter": {"categories": categories}}})
        return [each["severityScore"] for each in said["results"]["contentFilter"]["results"]]

    assert severities("Thank you for your order.") == [0, 0]
    assert severities("You ugly, worthless idiot.") == [0.6, 0]
