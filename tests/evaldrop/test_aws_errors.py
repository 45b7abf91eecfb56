"""AWS's errors in words: the names that are looked for are those that botocore has."""

import botocore.exceptions
import pytest
from botocore.exceptions import ClientError

from evaldrop import aws_errors
from evaldrop.aws_errors import as_service_error, code_of, explain, is_aws_fault
from evaldrop.errors import AwsError


@pytest.mark.parametrize("name", aws_errors._BY_TYPE)
def test_every_error_with_advice_is_one_of_botocores(name):
    assert issubclass(getattr(botocore.exceptions, name), Exception)


def refusal(code):
    return ClientError({"Error": {"Code": code, "Message": "said by AWS."}}, "HeadObject")


def test_an_error_keeps_its_own_words_before_the_advice():
    assert explain(refusal("ExpiredTokenException")).endswith(
        "said by AWS. The session has run out: renew it (`aws sso login`, or new temporary keys) and try "
        "again."
    )


def test_an_error_without_advice_is_told_as_it_is():
    assert explain(refusal("SlowDown")) == str(refusal("SlowDown"))
    assert explain(ValueError("plain")) == "plain"


def test_no_credentials_name_the_ways_to_have_some_and_to_do_without():
    said = explain(botocore.exceptions.NoCredentialsError())
    for way in ("AWS_PROFILE", "aws sso login", "--bedrock simulated", "evaldrop local"):
        assert way in said


def test_a_fault_of_aws_is_known_by_where_it_was_defined():
    assert is_aws_fault(refusal("SlowDown"))
    assert not is_aws_fault(ValueError())
    assert (code_of(refusal("SlowDown")), code_of(ValueError())) == ("SlowDown", "")


def test_what_a_service_refuses_is_told_with_what_did_not_happen():
    with (
        pytest.raises(AwsError, match=r"^nothing was sent: .*said by AWS") as raised,
        as_service_error("nothing was sent"),
    ):
        raise refusal("AccessDenied")
    assert isinstance(raised.value.__cause__, ClientError)


def test_what_is_no_fault_of_a_service_stays_what_it_is():
    with pytest.raises(ZeroDivisionError), as_service_error("nothing"):
        raise ZeroDivisionError
