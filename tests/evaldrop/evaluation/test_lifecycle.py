"""Models that come and go: which is Legacy, which ends, and what is said of it on which day."""

from datetime import UTC, date, datetime

import pytest

from evaldrop.evaluation import parse_evaluation
from evaldrop.evaluation.lifecycle import BRIDGE, leaving_models, life_of, with_successors
from evaldrop.model_lives import Lives, ModelLife, listed_lives, published_lives

OPUS = "anthropic.claude-opus-4-1-20250805-v1:0"
LIFE = ModelLife(legacy=date(2026, 7, 8), extended=date(2026, 10, 8), end=date(2027, 1, 8))


def evaluation(candidate="amazon.nova-lite-v1:0", judge="amazon.nova-pro-v1:0", checks=()):
    return parse_evaluation(
        f"""
name: small
candidates: [{{name: lite, model: "{candidate}"}}]
judges: [{{name: strict, model: "{judge}"}}]
criteria: [correctness]
checks: {list(checks)}
""".encode(),
        source="evaluation.yaml",
    )


@pytest.mark.parametrize(
    ("day", "leaving", "ended", "words"),
    [
        ("2026-05-01", False, False, "is still active and ends on 2027-01-08"),
        ("2026-07-08", True, False, "is Legacy since 2026-07-08"),
        ("2026-12-01", True, False, "in 38 days; it may cost more since 2026-10-08"),
        ("2027-01-08", True, True, "reached its end of life on 2027-01-08"),
    ],
)
def test_days_tell_what_a_model_is(day, leaving, ended, words):
    today = date.fromisoformat(day)
    assert (LIFE.is_leaving(today), LIFE.has_ended(today)) == (leaving, ended)
    assert words in LIFE.said(today)


def test_a_model_that_is_active_still_leaves_from_sixty_days_before_its_end():
    life = ModelLife(is_legacy=False, end=date(2026, 12, 31))
    assert [life.is_leaving(day) for day in (date(2026, 10, 31), date(2026, 11, 1))] == [False, True]


@pytest.mark.parametrize("model", [OPUS, f"us.{OPUS}", f"geo.{OPUS}", f"global.{OPUS}"])
def test_profiles_resolve_to_their_model(model):
    assert life_of(model, published_lives(), "us-east-1").end == date(2027, 1, 8)


def test_what_the_file_does_not_have_is_unknown():
    lives = published_lives()
    assert lives.of("amazon.nova-lite-v1:0") is None
    assert lives.of(OPUS, "eu-west-1") is None
    evaluated = evaluation(candidate="amazon.nova-micro-v1:0")
    found = leaving_models(evaluated, lives, day=date(2030, 1, 1), region=None)
    assert found == type(found)()


def test_without_a_region_the_first_end_counts():
    sonnet = "anthropic.claude-3-5-sonnet-20240620-v1:0"
    assert published_lives().of(sonnet).end == date(2026, 6, 1)
    assert published_lives().of(sonnet, "ap-southeast-2").end == date(2026, 7, 30)


def test_a_candidate_is_a_warning_and_a_judge_an_alarm():
    day, lives = date(2026, 12, 1), published_lives()
    found = leaving_models(evaluation(f"us.{OPUS}", f"us.{OPUS}"), lives, day=day, region="us-east-1")
    (warning,), (alarm,) = found.warnings, found.alarms
    assert warning.startswith(f"candidate lite: us.{OPUS} is Legacy since 2026-07-08")
    assert "Amazon's documentation said, read 2026-12-01" in warning
    assert alarm.startswith("judge strict:")
    assert alarm.endswith(f"; {BRIDGE}.")
    assert not found.problems


def test_models_of_checks_are_looked_at():
    checks = [{"similarity": {"model": "amazon.titan-embed-text-v1", "pass_at": 0.8}}]
    evaluated = evaluation().model_copy(update={"checks": tuple(checks)})
    lives = Lives(models={"amazon.titan-embed-text-v1": (LIFE,)}, read="2026-12-01")
    found = leaving_models(evaluated, lives, day=date(2026, 12, 1), region=None)
    assert found.warnings[0].startswith("check similarity: amazon.titan-embed-text-v1 is Legacy")


def test_an_end_that_an_account_tells_is_a_problem_and_one_of_the_file_is_not():
    listed = listed_lives(
        [
            {
                "modelId": "amazon.nova-pro-v1:0",
                "modelLifecycle": {"status": "LEGACY", "endOfLifeTime": datetime(2026, 11, 1, tzinfo=UTC)},
            },
            {"modelId": "amazon.nova-lite-v1:0", "modelLifecycle": {"status": "ACTIVE"}},
        ],
        read=date(2026, 12, 1),
    )
    day = date(2026, 12, 1)
    found = leaving_models(evaluation(), listed, day=day, region="us-east-1")
    (problem,) = found.problems
    assert "judge strict: amazon.nova-pro-v1:0 reached its end of life on 2026-11-01" in problem
    assert "ListFoundationModels" in problem
    assert found.alarms == found.warnings == ()
    filed = Lives(models=listed.models, read="2026-11-01")
    assert leaving_models(evaluation(), filed, day=day, region=None).alarms


def test_successors_answer_beside_the_model_asked_the_same_way():
    evaluated = evaluation(candidate=f"us.{OPUS}")
    found = with_successors(evaluated, {OPUS: ("us.anthropic.claude-opus-4-6-v1", f"eu.{OPUS}")})
    first, second = found.candidates
    assert first == evaluated.candidates[0]
    assert (second.name, second.model) == ("lite-next1", "us.anthropic.claude-opus-4-6-v1")
    assert second.inference == first.inference
    assert found.judges == evaluated.judges
    assert with_successors(evaluated, {"amazon.nova-pro-v1:0": ("m",)}) == evaluated, "judges stay"
