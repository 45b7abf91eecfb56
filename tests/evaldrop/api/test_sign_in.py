"""Who signed in, by the claims that an authorizer hands on: whose runs, which role, on whose account."""

import pytest

from evaldrop.api.doors import stack_door
from evaldrop.api.operations import Service
from evaldrop.api.router import Api
from evaldrop.store.sqlite import SqliteStore
from tests.evaldrop.api.asking import answered, event
from tests.evaldrop.api.fakes import ARTICLE, NOW, FakePlace

ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_example"


def claims(user, groups, **further):
    """An ID token's claims, all of them texts, as a REST API's Cognito authorizer hands them on."""
    return {
        "sub": user,
        "cognito:groups": groups,
        "email_verified": "true",
        "iss": ISSUER,
        "cognito:username": user,
        "aud": "client-1",
        "token_use": "id",
        "auth_time": "1796040000",
        "exp": "Mon Nov 30 13:00:00 UTC 2026",
        "iat": "Mon Nov 30 12:00:00 UTC 2026",
        "email": f"{user}@example.com",
        **further,
    }


@pytest.fixture
def ask(tmp_path):
    """Asks a stack's API as somebody who signed in."""
    store = SqliteStore(tmp_path / "runs.sqlite")
    service = Service(store=store, place=FakePlace(tmp_path), now=lambda: NOW)
    api = Api(service, stack_door(store), log=lambda _: None, fault=lambda _: None)

    def asked(method, target, body=None, *, who=None, **headers):
        return answered(api.handle(event(method, target, body, claims=who, headers=headers)))

    return asked


@pytest.mark.parametrize(
    ("groups", "reads", "starts"),
    [
        ("admin,runner", 200, 202),
        ("[viewer runner]", 200, 202),
        ("viewer", 200, 403),
        ("", 403, 403),
        ("administrators", 403, 403),
    ],
)
def test_the_strongest_of_ones_groups_says_what_one_may(ask, groups, reads, starts):
    who = claims("ann", groups)
    assert ask("GET", "/runs", who=who).status == reads
    assert ask("POST", "/runs", ARTICLE, who=who).status == starts


def test_a_run_is_its_users_and_goes_on_the_account_of_their_customer(ask):
    run = ask("POST", "/runs", ARTICLE, who=claims("ann", "runner", **{"custom:customer": "acme"})).json
    assert (run["user"], run["customer"], run["key_id"]) == ("ann", "acme", None)
    own = f"/runs/{run['run_id']}"
    assert ask("GET", own, who=claims("ben", "viewer", **{"custom:customer": "acme"})).status == 200
    assert ask("DELETE", own, who=claims("ben", "runner", **{"custom:customer": "acme"})).status == 403
    for stranger in (claims("cho", "runner", **{"custom:customer": "globex"}), claims("dov", "runner")):
        assert ask("GET", own, who=stranger).status == 404
    assert ask("GET", own, who=claims("eve", "admin")).status == 200


def test_a_user_of_no_customer_sees_their_own_alone_and_is_found_among_usage(ask):
    for name in ("ann", "ben"):
        assert ask("POST", "/runs", ARTICLE, who=claims(name, "runner")).status == 202
    assert [run["user"] for run in ask("GET", "/runs", who=claims("ann", "runner")).json["runs"]] == ["ann"]
    usage = ask("GET", "/usage?by=user&month=2026-11", who=claims("ann", "runner")).json
    assert [row["name"] for row in usage["rows"]] == ["ann"]
    assert usage["own"]["month"] is None


def test_whom_no_authorizer_knows_is_nobody_whatever_they_send(ask):
    """A header is the caller's word, and no authorizer's: no claim and no key is read from one."""
    forged = {"Authorization": "Bearer ey.ey.ey", "x-api-key": "k1", "x-amzn-claims": '{"sub": "ann"}'}
    assert ask("GET", "/runs", **forged).status == 401
    assert ask("GET", "/runs", who={"cognito:groups": "admin"}).status == 401
