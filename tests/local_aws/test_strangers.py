"""A page of another site, open in a browser, gets nothing from a local AWS and changes nothing in it."""

import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from tests.browser.chromium import find_chromium
from tests.browser.chromium import running as running_browser

pytestmark = pytest.mark.slow

# What a page can send without asking first: a form's or a text's body, to any address.
ATTACK = """
<script>
const attack = [
  ['/moto-api/reset', {method: 'POST', mode: 'no-cors'}],
  ['/moto-api/data.json', {}],
  ['/INPUT/stolen.txt', {method: 'POST', mode: 'no-cors', body: 'x'}],
  ['/2015-03-31/functions/FUNCTION/configuration',
    {method: 'PUT', body: '{"Environment": {"Variables": {"X": "1"}}}'}],
  ['/?Action=ListTopics', {}],
];
Promise.all(attack.map(([path, how]) => fetch('ENDPOINT' + path, how)
  .then(answer => answer.type === 'opaque' ? 'opaque' : answer.text(), () => 'refused')))
  .then(all => { document.title = 'done ' + all.join(); });
</script>
"""


def ask(aws, path, method="GET", **headers):
    """Send a request with headers as given, and return its status, headers and body."""
    place = urlsplit(aws.endpoint)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=20)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, headers={"Host": place.netloc, **named})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, {name.lower() for name in answer.headers}, body


def test_a_forged_host_or_another_origin_is_refused_and_no_page_is_given_leave(aws):
    port = urlsplit(aws.endpoint).port
    listing = f"/{aws.input}"
    status, headers, _ = ask(aws, listing)
    assert status == 200
    assert not [name for name in headers if name.startswith("access-control")]
    for said in (
        {"Host": f"evil.example:{port}"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site"},
    ):
        status, headers, body = ask(aws, listing, **said)
        assert status == 403
        assert aws.input.encode() not in body
        assert not [name for name in headers if name.startswith("access-control")]
    assert ask(aws, listing, "OPTIONS", Origin="https://evil.example")[0] == 403
    assert ask(aws, "/moto-api/reset", "POST")[0] == 403
    assert ask(aws, "/moto-api/data.json")[0] == 403
    assert ask(aws, listing)[0] == 200


def test_a_page_of_another_origin_in_a_real_browser_changes_nothing(aws):
    chromium = find_chromium()
    if chromium is None:
        pytest.skip("no Chromium: apt-get install chromium, or name one in EVALDROP_CHROMIUM")
    function = aws.functions["BuildScorecard"]
    before = aws.client("lambda").get_function_configuration(FunctionName=function)["Environment"]
    page = ATTACK.replace("ENDPOINT", aws.endpoint).replace("INPUT", aws.input).replace("FUNCTION", function)

    class Site(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, *_):
            pass

    site = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=site.serve_forever)
    thread.start()
    try:
        address = f"http://127.0.0.1:{site.server_port}/"
        with (
            running_browser(chromium) as browser,
            browser.page(address, ready="document.title.startsWith('done')") as page_there,
        ):
            told = page_there.run("document.title")
    finally:
        site.shutdown()
        site.server_close()
        thread.join()
    assert aws.input not in told
    assert aws.client("lambda").get_function_configuration(FunctionName=function)["Environment"] == before
    keys = [each["Key"] for each in aws.client("s3").list_objects_v2(Bucket=aws.input).get("Contents", [])]
    assert "stolen.txt" not in keys
