"""A scorer of one's own in a stack: its code is in the settings, and its numbers are in the scorecard."""

import json
import shutil

import pytest

from tests.local_aws.harness import ROOT, start

pytestmark = pytest.mark.slow

EVALUATION = """
name: scored
candidates:
  - {name: lite, model: "amazon.nova-lite-v1:0"}
metrics:
  - {python: my_scorers:even}
"""
SCORER = """
def even(record, response):
    assert response.text
    return int(record.id[1:]) % 2 == 0
"""


@pytest.fixture(scope="module")
def scoring(tmp_path_factory):
    """A local AWS from a checkout whose cdk.json names the evaluation and the scorer's file."""
    checkout = tmp_path_factory.mktemp("checkout")
    # A script is run from where it really is: a link to it would lead to this checkout.
    shutil.copyfile(ROOT / "app.py", checkout / "app.py")
    for name in ("constraints.txt", "evaldrop", "infra", "lambdas", "prompts", "tests"):
        (checkout / name).symlink_to(ROOT / name)
    # What pip installed is taken from this checkout, and kept there.
    installed = ROOT / "cdk.out" / "installed"
    installed.mkdir(parents=True, exist_ok=True)
    (checkout / "cdk.out").mkdir()
    (checkout / "cdk.out" / "installed").symlink_to(installed)
    own = checkout / "datasets" / "scored"
    own.mkdir(parents=True)
    (own / "evaluation.yaml").write_text(EVALUATION)
    (own / "my_scorers.py").write_text(SCORER)
    cdk = json.loads((ROOT / "cdk.json").read_bytes())
    cdk["context"]["evaldrop"] |= {
        "evaluations": ["datasets/scored"],
        "scorers": [{"python": "my_scorers:even", "source": "datasets/scored/my_scorers.py"}],
        "weekly": {},
    }
    (checkout / "cdk.json").write_text(json.dumps(cdk))
    started = start(checkout / "cdk.out" / "local", checkout=checkout)
    yield started
    started.close()


def test_a_dropped_dataset_is_scored_by_the_function_that_the_stack_made(scoring):
    rows = [{"id": f"r{place}", "prompt": f"What is {place} and one?"} for place in range(8)]
    key = scoring.upload(rows)
    [execution] = scoring.finished(key)
    assert execution["status"] == "SUCCEEDED", execution.get("cause")
    folder = scoring.folder_of(execution)
    even = json.loads(scoring.read(f"{folder}/scorecard.json"))["candidates"]["lite"]["criteria"]["even"]
    assert (even["pass_rate"], even["n_scored"]) == (0.5, len(rows))
    assert b"even" in scoring.read(f"{folder}/report.html")
