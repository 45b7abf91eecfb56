"""The page signs in by the authorisation code flow with PKCE, against a sign-in of the tests' own."""

import pytest

from evaldrop.api.doors import stack_door
from evaldrop.api.operations import Service
from evaldrop.api.page_settings import PageSettings, SignIn
from evaldrop.api.router import Api
from evaldrop.store.sqlite import SqliteStore
from tests.browser.api_page import SIGNED_IN, press, text
from tests.browser.signing_in import GatewayServer, SignInServer, served
from tests.evaldrop.api.fakes import FakePlace

READY = "document.documentElement.dataset.ready"
SIGN_IN = "document.querySelector('h2')?.textContent === 'With your account'"


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    """The sign-in, and the API behind its gateway."""
    folder = tmp_path_factory.mktemp("stack")
    sign_in, gateway = SignInServer(), GatewayServer()
    sign_in.page = gateway.page
    store = SqliteStore(folder / "runs.sqlite")
    told = SignIn(client_id="page-1", sign_in=sign_in.address, addresses=(gateway.page,))
    service = Service(store=store, place=FakePlace(folder), page=PageSettings(sign_in=told))
    gateway.handle = Api(service, stack_door(store), log=lambda _: None, fault=pytest.fail).handle
    with served(sign_in, gateway):
        yield sign_in, gateway


def test_a_sign_in_leads_back_to_where_it_was_asked_for_and_leaves_no_code(browser, servers):
    sign_in, gateway = servers
    with browser.page(f"{gateway.page}#/usage", ready=READY) as page:
        page.wait(SIGN_IN)
        assert page.run("document.getElementById('key')") is None, "keys are for the API's other address"
        press(page, "Sign in")
        page.wait("!!document.getElementById('month')?.value")
        assert page.run("location.href") == f"{gateway.page}#/usage"
        assert text(page, "#as") == "ada@example.com"
        (_, asked), (_, exchanged) = sign_in.told[-2:]
        assert asked["code_challenge_method"] == "S256"
        assert asked["scope"] == "openid email"
        assert exchanged["client_id"] == "page-1"
        assert "client_secret" not in exchanged
        assert page.run("Object.keys(sessionStorage)") == ["evaldrop"], "neither proof nor state is kept"
        press(page, "Sign out")
        page.wait(SIGN_IN)
        assert sign_in.told[-1] == ("/logout", {"client_id": "page-1", "logout_uri": gateway.page})
        assert page.run("sessionStorage.length") == 0


def test_tokens_that_end_soon_are_renewed_once_for_all_requests(browser, servers):
    sign_in, gateway = servers
    sign_in.lasts_s = 30
    try:
        with browser.page(gateway.page, ready=READY) as page:
            press(page, "Sign in")
            page.wait(SIGNED_IN)
            grants = [form["grant_type"] for path, form in sign_in.told if path == "/oauth2/token"]
            # Models and evaluations are asked for at once.
            assert grants[-2:] == ["authorization_code", "refresh_token"]
            assert page.run("session.who.refresh_token") == "refresh-1"
    finally:
        sign_in.lasts_s = 3600


def test_a_code_that_the_page_has_not_asked_for_is_not_used(browser, servers):
    sign_in, gateway = servers
    before = len(sign_in.told)
    with browser.page(f"{gateway.page}?code=stolen&state=guessed", ready=READY) as page:
        assert text(page, "#trouble") == "This sign-in was not begun here. Sign in again."
        assert page.run("location.search") == ""
    assert len(sign_in.told) == before
