"""The flex tier and the cache point: where requests ask for them, and where they do not."""

import pytest

from evaldrop.bedrock.families.requests import candidate_call, judge_call
from evaldrop.bedrock.families.savings import cached_part
from evaldrop.evaluation import Candidate, Judge

LONG, SHORT = "Be exact. " * 600, "Be exact."
TOOL = {"name": "give", "description": "Give it.", "input_schema": {"type": "object", "properties": {}}}
SONNET, HAIKU = "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "us.anthropic.claude-haiku-4-5-20251001-v1:0"
POINT = {"CachePoint": {"Type": "default"}}


def asked(model=SONNET, system=LONG, delivery="on_demand", tool=TOOL, **settings):
    judge = Judge(name="j", model=model, **settings)
    return judge_call(judge, system=system, tool=tool, reminder="", delivery=delivery)["request"]


def test_flex_is_asked_for_by_candidates_and_judges_and_no_other_tier_is():
    candidate = Candidate(name="c", model=SONNET)
    for delivery, tier in (("flex", {"Type": "flex"}), ("on_demand", None), ("batch", None)):
        assert (
            candidate_call(candidate, request_key="k", delivery=delivery)["request"].get("ServiceTier")
            == tier
        )
        assert asked(delivery=delivery).get("ServiceTier") == tier


def test_the_cache_point_stands_behind_the_system_text_which_comes_after_the_tools():
    request = asked()
    assert request["System"] == [{"Text": LONG}, POINT]
    assert cached_part(request) == {"System": request["System"], "ToolConfig": request["ToolConfig"]}


@pytest.mark.parametrize("settings", [
    {"system": SHORT}, {"cache": "off"}, {"delivery": "batch"}, {"model": "mistral.mistral-large-2407-v1:0"},
    # 6,000 bytes are more than 1,024 tokens of Sonnet's, and fewer than the 4,096 that Haiku 4.5 wants.
    {"model": HAIKU}, {"system": ""},
])  # fmt: skip
def test_there_is_no_cache_point_where_nothing_would_be_cached(settings):
    request = asked(**settings)
    assert POINT not in request.get("System", ())
    assert cached_part(request) == {}


def test_what_nova_does_not_cache_does_not_count():
    large = {**TOOL, "description": "Give it. " * 2000}
    assert POINT in asked(system=SHORT, tool=large)["System"]
    assert POINT not in asked("amazon.nova-pro-v1:0", system=SHORT, tool=large)["System"]
    assert POINT in asked("amazon.nova-pro-v1:0")["System"]
