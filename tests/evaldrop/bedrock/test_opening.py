"""What may stand after --bedrock."""

import asyncio

import pytest

from evaldrop.bedrock.aws import AwsRuntime
from evaldrop.bedrock.openai import OpenAIRuntime
from evaldrop.bedrock.opening import open_runtime
from evaldrop.bedrock.simulated.rehearsal import Rehearsal
from evaldrop.bedrock.simulated.runtime import SimulatedRuntime
from evaldrop.bedrock.specification import parse_rehearsal, split_credentials
from evaldrop.errors import InputError


@pytest.mark.parametrize(
    ("spec", "kind"),
    [
        ("aws", AwsRuntime),
        ("simulated", SimulatedRuntime),
        (" simulated:seed=3 ", SimulatedRuntime),
        ("openai=http://localhost:11434/v1", OpenAIRuntime),
    ],
)
def test_a_specification_names_a_runtime(aws, spec, kind):
    runtime = open_runtime(spec, max_in_flight=4)
    assert isinstance(runtime, kind)
    assert runtime.is_simulated == (kind is SimulatedRuntime)
    asyncio.run(runtime.close())


def test_a_rehearsal_takes_every_rate_the_seed_and_the_latency():
    spec = (
        "throttling=0.2, errors=0.05,malformed=0.02,hostile=0.01,refusals=0.01,ceiling=0.9,"
        "seed=7,latency=0.5,rpm=600,tpm=1e5"
    )
    assert parse_rehearsal(spec) == Rehearsal(
        throttling=0.2,
        errors=0.05,
        malformed=0.02,
        hostile=0.01,
        refusals=0.01,
        ceiling=0.9,
        seed=7,
        latency=0.5,
        rpm=600,
        tpm=100_000,
    )
    assert parse_rehearsal("") == Rehearsal()


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("azure", "no such runtime"),
        ("", "no such runtime"),
        ("simulated:throtling=0.1", "throttling"),
        ("simulated:throttling=20", "between 0 and 1"),
        ("simulated:throttling=nan", "between 0 and 1"),
        ("simulated:errors=some", "a number"),
        ("simulated:seed=1.5", "a whole number"),
        ("simulated:seed=99999999999999999999", "64 bits"),
        ("simulated:latency=-1", "latency"),
        ("simulated:latency=inf", "latency"),
        ("simulated:rpm=-1", "rpm"),
        ("simulated:tpm=nan", "tpm"),
        ("simulated:throttling=0.6,errors=0.6", "together"),
        ("simulated:malformed=0.6,refusals=0.6", "together"),
        ("openai=localhost:11434", "http://"),
        ("openai=", "http://"),
        ("openai=http://[::1", "openai="),
    ],
)
def test_a_wrong_specification_is_refused_and_says_what_is_possible(spec, said):
    with pytest.raises(InputError, match="--bedrock") as caught:
        open_runtime(spec, max_in_flight=4)
    assert said in str(caught.value)


def test_an_unknown_runtime_lists_all_three():
    with pytest.raises(InputError) as caught:
        open_runtime("bedrock", max_in_flight=4)
    assert all(name in str(caught.value) for name in ("aws", "simulated:", "openai=http"))


def test_at_least_one_call_must_be_allowed():
    with pytest.raises(InputError, match="--max-in-flight 0"):
        open_runtime("simulated", max_in_flight=0)


@pytest.mark.parametrize(
    ("spec", "plain", "header"),
    [
        # The headers hold in base64 what stands before the host.
        ("openai=https://ann:p%40ss@host:8443/v1", "openai=https://host:8443/v1", "Basic YW5uOnBAc3M="),
        ("openai=http://ann:p@ss@host", "openai=http://host", "Basic YW5uOnBAc3M="),
        ("openai=http://key:@host/v1", "openai=http://host/v1", "Basic a2V5Og=="),
        ("openai=http://host/v1/@me", "openai=http://host/v1/@me", None),
        ("openai=http://localhost:11434/v1", "openai=http://localhost:11434/v1", None),
        ("simulated:seed=3", "simulated:seed=3", None),
        ("aws", "aws", None),
    ],
)
def test_credentials_are_taken_out_of_a_specification(spec, plain, header):
    assert split_credentials(spec) == (plain, header)


def test_credentials_that_come_further_are_refused_and_not_told():
    with pytest.raises(InputError, match="EVALDROP_OPENAI_AUTHORIZATION") as refused:
        open_runtime("openai=http://ann:secret@host/v1", max_in_flight=1)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "spec",
    [
        "openai=ann:secret@host/v1", "opnai=http://ann:secret@host/v1", "OPENAI=http://ann:secret@host",
        "http://ann:secret@host",
        "openai=http://ann:7/secret@host/v1", "openai=http://ann:secret/x@host/v1",
        "openai=http:ann:secret@host/v1",
        "openai=http://host/v1?key=secret", "openai=http://host/v1#secret", "openai=http://ann:se?cret/secret@host",
        "openai=https//ann:secret@host/v1?key=secret",
    ],
)  # fmt: skip
def test_a_specification_that_is_refused_is_told_without_what_may_be_a_password(spec):
    """A name and password in the wrong place, or with a sign in it that ends them."""
    plain, _ = split_credentials(spec)
    with pytest.raises(InputError) as caught:
        open_runtime(plain, max_in_flight=1)
    assert "secret" not in str(caught.value)
    assert "ann" not in str(caught.value)
