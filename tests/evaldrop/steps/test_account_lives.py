"""Which of an account's models are leaving, and what a run says of it."""

from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from evaldrop.errors import DatasetError
from evaldrop.evaluation.lifecycle import BRIDGE
from evaldrop.model_lives import published_lives
from evaldrop.run.definition import RunDefinition
from evaldrop.steps.account_lives import account_lives
from evaldrop.steps.validate_dataset.validate import validate_dataset
from tests.evaldrop.evaluations import JUDGE, LITE, ROW, SMALL, request, write


class Bedrock:
    """Lists models that end in so many days."""

    def __init__(self, **days):
        self._days = days

    def list_foundation_models(self):
        return {"modelSummaries": [_summary(of, days) for of, days in self._days.items()]}


def _summary(of, days):
    model = (LITE if of == "lite" else JUDGE)["model"].removeprefix("us.")
    end = datetime.now(UTC) + timedelta(days=days)
    return {"modelId": model, "modelLifecycle": {"status": "LEGACY", "endOfLifeTime": end}}


def defined(folder, lives):
    write(folder, SMALL, [ROW])
    return RunDefinition.load(validate_dataset(request(folder), lives=lives)["run"]["folder"])


def test_a_judge_that_ends_is_an_alarm_of_the_run_and_a_candidate_a_note(tmp_path):
    facts = defined(tmp_path, account_lives(Bedrock(lite=30, judge=30))).dataset
    (alarm,) = facts.alarms
    assert alarm.startswith("judge judge: us.anthropic.claude-haiku-4-5")
    assert BRIDGE in alarm
    assert [note for note in facts.notes if note.startswith("candidate lite: us.amazon.nova-lite-v1:0")]


def test_a_model_that_has_ended_is_refused_before_anything_is_spent(tmp_path):
    with pytest.raises(DatasetError, match=r"candidate lite: .* reached its end of life"):
        defined(tmp_path, account_lives(Bedrock(lite=-1)))
    assert not (tmp_path / "runs").exists()


def test_a_list_that_is_refused_is_no_failure_and_is_said(tmp_path):
    class Denied:
        def list_foundation_models(self):
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "ListFoundationModels")

    lives = account_lives(Denied())
    assert lives.models == published_lives().models
    facts = defined(tmp_path, lives).dataset
    assert not facts.alarms
    assert "could not be listed" in facts.notes[-1]
    assert lives.read in facts.notes[-1]


def test_a_run_with_successors_asks_them_as_the_model_and_refuses_where_none_calls_it(tmp_path):
    write(tmp_path, SMALL, [ROW])
    successors = {"amazon.nova-lite-v1:0": ("us.amazon.nova-2-lite-v1:0",)}
    run = validate_dataset(request(tmp_path, successors=successors))["run"]
    candidates = RunDefinition.load(run["folder"]).candidates
    assert [each.model for each in candidates] == [LITE["model"], "us.amazon.nova-2-lite-v1:0"]
    with pytest.raises(DatasetError, match=r"no candidate calls amazon\.nova-pro-v1:0"):
        validate_dataset(request(tmp_path, run_id="two", successors={"amazon.nova-pro-v1:0": ("m",)}))
