"""Who may do what: the one place where that is decided."""

import pytest

from evaldrop.api import access
from evaldrop.api.access import of_claims, of_key
from evaldrop.api.problems import ApiProblem
from evaldrop.run.request import Owner
from evaldrop.store.model import StoredRun
from tests.evaldrop.api.fakes import NOW, key


def _run(**owner):
    return StoredRun(run_id="r", state="running", started_at=NOW, dataset="s3://b/d", owner=Owner(**owner))


@pytest.mark.parametrize(
    ("caller", "owner", "is_seen"),
    [
        (key("a"), {"key_id": "a"}, True),
        (key("a"), {"key_id": "b"}, False),
        (key("a"), {}, False),
        (key("a", user="ada"), {"key_id": "b", "user": "ada"}, True),
        (key("a", user="ada"), {"key_id": "a", "user": "bob"}, False),
        (key("a", customer="acme"), {"key_id": "b", "customer": "acme"}, True),
        (key("a", customer="acme"), {"key_id": "b", "customer": "other"}, False),
        (key("a", role="admin", customer="acme"), {"key_id": "b", "customer": "other"}, True),
        (key("a", role="viewer", user="ada"), {"user": "ada"}, True),
    ],
)
def test_a_run_is_seen_by_its_own_people_and_is_not_there_for_others(caller, owner, is_seen):
    if is_seen:
        assert access.visible(of_key(caller), _run(**owner), "r").run_id == "r"
        return
    with pytest.raises(ApiProblem) as hidden:
        access.visible(of_key(caller), _run(**owner), "r")
    with pytest.raises(ApiProblem) as absent:
        access.visible(of_key(caller), None, "r")
    assert hidden.value.document() == absent.value.document()


@pytest.mark.parametrize(("role", "may"), [("viewer", ""), ("runner", "own"), ("admin", "own others")])
def test_a_role_says_which_runs_may_be_stopped(role, may):
    caller = of_key(key("a", role=role))
    for whose, run in (("own", _run(key_id="a")), ("others", _run(key_id="b"))):
        if whose in may.split():
            access.refuse_to_stop(caller, run)
        else:
            with pytest.raises(ApiProblem):
                access.refuse_to_stop(caller, run)


def test_two_who_are_nobody_in_particular_stop_nothing_of_each_other():
    with pytest.raises(ApiProblem):
        access.refuse_to_stop(of_key(key("a")), _run(key_id=None, user=None))


def test_a_sign_in_has_the_strongest_role_of_its_groups():
    claims = {"sub": "c0ffee", "cognito:groups": "[viewer admin]", "custom:customer": "acme"}
    caller = of_claims(claims)
    assert (caller.role, caller.owner) == ("admin", Owner(user="c0ffee", customer="acme"))
    assert caller.account == "user:c0ffee"
    with pytest.raises(ApiProblem):
        of_claims({"cognito:groups": "admin"})
