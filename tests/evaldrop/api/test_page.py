"""The page as it is served: what its policy allows, and what it is told."""

import json
import re
from importlib.resources import files

from evaldrop.api.operations import Service
from evaldrop.api.page_settings import PageSettings, SignIn
from evaldrop.api.router import Api
from evaldrop.api.stack import page_of
from tests.evaldrop.api.fakes import standing

SIGN_IN = SignIn(client_id="page</script>", sign_in="https://x.auth.eu-central-1.amazoncognito.com")


def _served(folder, page):
    here = standing(folder)
    api = Api(
        Service(store=here.store, place=here.place, page=page),
        None,
        log=here.lines.append,
        fault=here.faults.append,
    )
    event = {"httpMethod": "GET", "path": "/", "requestContext": {"requestId": "1"}}
    answer = api.handle(event)
    return answer["body"], answer["multiValueHeaders"]["Content-Security-Policy"][0]


def test_its_script_may_ask_the_api_and_nobody_else(tmp_path):
    body, policy = _served(tmp_path, PageSettings())
    assert "connect-src 'self';" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert policy.endswith("frame-ancestors 'none'")
    assert body.count("<script>") == 1


def test_a_sign_in_and_the_place_of_uploads_may_be_asked_too(tmp_path):
    page = PageSettings(sign_in=SIGN_IN, uploads_to=("https://drop.s3.eu-central-1.amazonaws.com",))
    _, policy = _served(tmp_path, page)
    asked = re.search(r"connect-src ([^;]*)", policy)[1].split()
    assert asked == ["'self'", SIGN_IN.sign_in, "https://drop.s3.eu-central-1.amazonaws.com"]


def test_what_it_is_told_cannot_end_its_element(tmp_path):
    body, _ = _served(tmp_path, PageSettings(sign_in=SIGN_IN))
    told = re.search(r'id="settings">(.*?)</script>', body)[1]
    assert json.loads(told)["sign_in"]["client_id"] == "page</script>"


def test_a_stack_tells_how_to_sign_in_where_people_may():
    told = page_of({"EVALDROP_SIGN_IN": '{"client_id": "a", "sign_in": "https://b"}'}, "https://drop")
    assert told == PageSettings(
        sign_in=SignIn(client_id="a", sign_in="https://b"), uploads_to=("https://drop",)
    )
    assert page_of({}, "https://drop").sign_in is None


def test_no_script_makes_elements_out_of_text():
    scripts = files("evaldrop.api").joinpath("templates", "scripts")
    texts = [file.read_text() for folder in scripts.iterdir() if folder.is_dir() for file in folder.iterdir()]
    assert len(texts) > 10
    for text in texts:
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text
        )
