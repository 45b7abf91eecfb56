"""What is made of a server's answer beside its text: when it may be asked again, and what an error says."""

import pytest

from evaldrop.bedrock.answers import MOST_SAID, refusal, retry_after_s
from evaldrop.bedrock.aws import service_error
from evaldrop.bedrock.channel import HttpReply

NOW = "Wed, 21 Oct 2026 07:28:00 GMT"


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        ("5", 5), (" 120 ", 120), ("0", 0), ("9" * 5000, 999_999_999),
        ("Wed, 21 Oct 2026 07:28:30 GMT", 30), ("Wed, 21 Oct 2026 07:27:00 GMT", 0),
        ("-5", None), ("1.5", None), ("soon", None), ("", None), ("１２", None), ("1e9", None),
        ("Wed, 99 Oct 2026 07:28:30 GMT", None), ("Wed, 21 Oct 2026 07:28:30 -0000", None),
    ],
)  # fmt: skip
def test_how_long_a_server_asks_to_be_left_alone(asked, seconds):
    """Seconds, or a date; what is neither asks for nothing. The workflow's Retry bounds it."""
    assert retry_after_s({"retry-after": asked, "date": NOW}) == seconds


def test_a_date_is_counted_from_the_servers_own_and_else_not_at_all():
    """Neither clock has to be right."""
    assert retry_after_s({"retry-after": NOW, "date": "Wed, 21 Oct 2026 07:27:50 GMT"}) == 10
    assert retry_after_s({"retry-after": NOW}) is None
    assert retry_after_s({}) is None


def test_throttling_says_when_to_come_again():
    answer = HttpReply(429, {"retry-after": "7", "x-amzn-errortype": "ThrottlingException"}, b"{}", 1)
    error = service_error(answer)
    assert (error.code, error.retry_after_s) == ("ThrottlingException", 7.0)


@pytest.mark.parametrize("named", ["<b>x</b>", "a b", "x" * 500, "é", "States.Runtime", "{'a': 1}"])
def test_what_is_no_name_of_an_error_is_not_taken_for_one(named):
    """Between here and Bedrock anybody may answer."""
    assert (
        service_error(HttpReply(503, {"x-amzn-errortype": named}, b"", 1)).code
        == "ServiceUnavailableException"
    )


def test_a_message_without_end_is_cut():
    error = refusal("ValidationException", "x" * 10**6, HttpReply(400, {}, b"", 1))
    assert error.message == "x" * MOST_SAID + "…"
