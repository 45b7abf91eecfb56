"""The Region that models are called from is the one boto3 will use."""

import pytest

from evaldrop.bedrock.region import region_of


@pytest.fixture(autouse=True)
def _configuration(tmp_path, monkeypatch):
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    file = tmp_path / "config"
    file.write_text("[default]\nregion = eu-north-1\n[profile nowhere]\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(file))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))


def test_the_profile_names_it():
    assert region_of("aws") == "eu-north-1"


def test_the_environment_wins(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    assert region_of("aws") == "us-west-2"


@pytest.mark.parametrize("profile", ["nowhere", "not-there"])
def test_without_one_there_is_none(monkeypatch, profile):
    monkeypatch.setenv("AWS_PROFILE", profile)
    assert region_of("aws") is None


@pytest.mark.parametrize("bedrock", ["simulated", "simulated,seed=3", "openai=http://localhost:1/v1"])
def test_other_runtimes_have_none(bedrock):
    assert region_of(bedrock) is None
