"""A page of another site, open in a browser, gets nothing from our servers and changes nothing in them."""

import http.client
import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
import urllib3
from botocore.exceptions import ClientError

from evaldrop.report.serving import LOOPBACK, Folder, open_server
from tests.browser.chromium import find_chromium
from tests.browser.chromium import running as running_browser

pytestmark = pytest.mark.slow

# What a page can do to an address: send without asking first, ask for leave, load as a picture, a script or a
# frame, post a form, open a socket.
ATTACK = """
<iframe name="frame" src="ENDPOINT/INPUT"></iframe>
<form id="form" method="post" target="frame" enctype="multipart/form-data" action="ENDPOINT/INPUT">
  <input name="key" value="stolen-by-form.txt"><input name="file" value="x">
</form>
<script>
const attack = [
  ['/moto-api/reset', {method: 'POST', mode: 'no-cors'}],
  ['/moto-api/data.json', {}],
  ['/INPUT/stolen.txt', {method: 'POST', mode: 'no-cors', body: 'x'}],
  ['/INPUT/stolen-too.txt', {method: 'PUT', body: 'x'}],
  ['/INPUT', {mode: 'no-cors'}],
  ['/INPUT', {credentials: 'include'}],
  ['/', {method: 'POST', mode: 'no-cors', headers: {'Content-Type': 'text/plain'},
    body: 'Action=CreateUser&UserName=stolen&Version=2010-05-08'}],
  ['/2015-03-31/functions/FUNCTION/configuration',
    {method: 'PUT', body: '{"Environment": {"Variables": {"X": "1"}}}'}],
  ['/2015-03-31/functions/FUNCTION/invocations', {method: 'POST', mode: 'no-cors', body: '{}'}],
  ['/', {method: 'DELETE'}],
  ['/?Action=ListTopics', {}],
  ['/index.html', {}],
];
const asked = attack.map(([path, how]) => fetch('ENDPOINT' + path, how)
  .then(answer => answer.type === 'opaque' ? 'opaque' : answer.text(), () => 'refused'));
const loaded = ['img', 'script'].map(kind => new Promise(done => {
  const element = document.createElement(kind);
  element.onload = () => done(kind + ' loaded');
  element.onerror = () => done('refused');
  element.src = 'ENDPOINT/index.html';
  document.head.append(element);
}));
const socket = new Promise(done => {
  const opened = new WebSocket('ENDPOINT'.replace('http', 'ws') + '/INPUT');
  opened.onopen = () => done('socket opened');
  opened.onerror = () => done('refused');
});
document.getElementById('form').submit();
Promise.all([...asked, ...loaded, socket]).then(all => { document.title = 'done ' + JSON.stringify(all); });
</script>
"""


@contextmanager
def site(page):
    """Serve a page at addresses of this machine: same-site for a browser, and of another origin."""

    class Site(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def visited(page, host):
    """Return what a page got when a browser opened it, as a list of answers."""
    chromium = find_chromium()
    if chromium is None:
        pytest.skip("no Chromium: apt-get install chromium, or name one in EVALDROP_CHROMIUM")
    with (
        site(page) as port,
        running_browser(chromium) as browser,
        browser.page(f"http://{host}:{port}/", ready="document.title.startsWith('done')") as opened,
    ):
        return json.loads(opened.run("document.title").removeprefix("done "))


def ask(endpoint, path, method="GET", **headers):
    """Send a request with headers as given, and return its status, headers and body."""
    place = urlsplit(endpoint)
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
    for said in (
        {"Host": f"evil.example:{port}"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site"},
    ):
        status, headers, body = ask(aws.endpoint, listing, **said)
        assert status == 403
        assert b"evaldrop local env" not in body
        assert not [name for name in headers if name.startswith("access-control")]
    assert ask(aws.endpoint, listing, "OPTIONS", Origin="https://evil.example")[0] == 403
    assert ask(aws.endpoint, "/moto-api/reset", "POST")[2] == b"There is no such page.\n"
    assert ask(aws.endpoint, "/moto-api/data.json")[0] == 403


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "site.localhost"])
def test_a_page_of_another_origin_in_a_real_browser_changes_nothing(aws, host):
    function = aws.functions["BuildScorecard"]
    users = len(aws.client("iam").list_users()["Users"])
    before = aws.client("lambda").get_function_configuration(FunctionName=function)["Environment"]
    page = ATTACK.replace("ENDPOINT", aws.endpoint).replace("INPUT", aws.input).replace("FUNCTION", function)

    assert set(visited(page, host)) == {"refused", "opaque"}

    assert aws.client("lambda").get_function_configuration(FunctionName=function)["Environment"] == before
    keys = [each["Key"] for each in aws.client("s3").list_objects_v2(Bucket=aws.input).get("Contents", [])]
    assert not [key for key in keys if "stolen" in key]
    assert len(aws.client("iam").list_users()["Users"]) == users


def test_a_page_of_another_origin_reads_no_report_that_evaldrop_view_shows(tmp_path):
    (tmp_path / "index.html").write_text("document.title = 'done [\"a secret\"]'")
    with open_server(Folder(str(tmp_path), lambda: "")) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            endpoint = f"http://{LOOPBACK}:{server.server_port}"
            assert ask(endpoint, "/index.html")[0] == 200
            assert set(visited(ATTACK.replace("ENDPOINT", endpoint), "localhost")) == {"refused"}
            # A site whose name was made to point here.
            forged = ask(endpoint, "/index.html", Host=f"evil.example:{server.server_port}")
            assert (forged[0], b"secret" in forged[2]) == (421, False)
        finally:
            server.shutdown()
            thread.join()


def test_nobody_without_a_key_of_this_start_does_anything(aws):
    strange = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
    guessed = {"aws_secret_access_key": "local"}
    for given, code in ((strange, "InvalidAccessKeyId"), (guessed, "SignatureDoesNotMatch")):
        s3 = aws.session(**given).client("s3", endpoint_url=aws.endpoint)
        with pytest.raises(ClientError, match="evaldrop local env") as refused:
            s3.put_object(Bucket=aws.input, Key="datasets/stolen.jsonl", Body=b"{}")
        assert refused.value.response["Error"]["Code"] == code
    status, _, body = ask(aws.endpoint, f"/{aws.input}")
    assert (status, b"The request is not signed. Run: eval" in body) == (403, True)


def test_presigned_urls_and_forms_are_good_for_what_was_signed(aws):
    s3 = aws.client("s3")
    s3.put_object(Bucket=aws.input, Key="shared/a b.txt", Body=b"shared")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": aws.input, "Key": "shared/a b.txt"})
    place = urlsplit(url)
    assert ask(aws.endpoint, f"{place.path}?{place.query}")[2] == b"shared"
    assert ask(aws.endpoint, f"/{aws.output}/x?{place.query}")[0] == 403
    form = s3.generate_presigned_post(aws.input, "shared/form.txt")

    posted = urllib3.request("POST", form["url"], fields={**form["fields"], "file": ("f", b"formed")})
    assert posted.status in {200, 204}
    assert s3.get_object(Bucket=aws.input, Key="shared/form.txt")["Body"].read() == b"formed"


def test_a_role_that_is_assumed_is_held_to_its_policies(aws):
    role = aws.client("iam").get_role(RoleName=aws.role.rpartition("/")[2])["Role"]["Arn"]
    got = aws.client("sts").assume_role(RoleArn=role, RoleSessionName="me")["Credentials"]
    session = aws.session(
        aws_access_key_id=got["AccessKeyId"],
        aws_secret_access_key=got["SecretAccessKey"],
        aws_session_token=got["SessionToken"],
    )
    with pytest.raises(ClientError, match="is not authorized to perform: s3:PutObject"):
        session.client("s3", endpoint_url=aws.endpoint).put_object(Bucket=aws.input, Key="k", Body=b"")


@pytest.mark.parametrize(
    ("service", "action", "request_"),
    [
        ("lambda", "update_function_configuration", {"Handler": "os.system"}),
        ("lambda", "update_function_code", {"ZipFile": b"PK"}),
        ("cloudformation", "delete_stack", {"StackName": "evaldrop"}),
    ],
)
def test_what_functions_run_is_what_the_template_says(aws, service, action, request_):
    named = {"FunctionName": aws.functions["StartRun"]} if service == "lambda" else {}
    with pytest.raises(ClientError, match="are what the template says"):
        getattr(aws.client(service), action)(**named, **request_)


def test_a_state_machine_of_somebodys_own_runs_nothing_but_the_stacks_functions(aws):
    def ends(resource, **arguments):
        states = {"Only": {"Type": "Task", "Resource": resource, "Arguments": arguments, "End": True}}
        definition = {"QueryLanguage": "JSONata", "StartAt": "Only", "States": states}
        client = aws.client("stepfunctions")
        arn = client.create_state_machine(
            name=f"own-{len(client.list_state_machines()['stateMachines'])}",
            definition=json.dumps(definition),
            roleArn=aws.role,
        )["stateMachineArn"]
        try:
            execution = client.start_execution(stateMachineArn=arn)["executionArn"]
            while (ended := client.describe_execution(executionArn=execution))["status"] == "RUNNING":
                time.sleep(0.05)
            return ended["status"], ended.get("error"), ended.get("cause")
        except ClientError as error:
            return "REFUSED", error.response["Error"]["Code"], error.response["Error"]["Message"]
        finally:
            client.delete_state_machine(stateMachineArn=arn)

    other = "arn:aws:lambda:us-east-1:123456789012:function:somebodys"
    status, error, cause = ends("arn:aws:states:::lambda:invoke", FunctionName=other, Payload={})
    assert (status, error) == ("FAILED", "Lambda.ResourceNotFoundException")
    assert f"Function not found: {other}. There are: " in cause
    for resource in (
        other,
        "arn:aws:states:::http:invoke",
        "arn:aws:states:::aws-sdk:lambda:updateFunctionConfiguration",
    ):
        status, _, cause = ends(resource)
        assert status == "REFUSED"
        assert "cannot run here" in cause
