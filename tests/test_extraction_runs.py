"""The sample of invoices: what its README promises, and a rehearsal in which checks tell models apart."""

import json
from collections import Counter

import pyarrow.parquet as pq
import pytest

from evaldrop.checks import CHECKED_BY, Subject, check_from_config
from evaldrop.evaluation.load import read_evaluation
from tests.whole_runs import ROOT, called, only_run

FOLDER = ROOT / "datasets" / "extraction"
LANGUAGES = {"de", "en", "fr", "es"}
CENT = 0.01


@pytest.fixture(scope="module")
def rows():
    return [json.loads(line) for line in (FOLDER / "records.jsonl").read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def checks():
    evaluation = read_evaluation(str(FOLDER / "evaluation.yaml"))
    assert not evaluation.judges
    return [check_from_config(config, path="checks") for config in evaluation.checks]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    out = tmp_path_factory.mktemp("extraction")
    done = called("run", FOLDER / "records.jsonl", "--bedrock", "simulated:latency=0", "--out", out)
    assert done.returncode == 0, done.stdout + done.stderr
    return only_run(out)


@pytest.fixture(scope="module")
def card(run):
    return json.loads((run / "scorecard.json").read_text())


def test_languages_layouts_currencies_and_gaps_are_all_there(rows):
    assert Counter(row["category"] for row in rows) == dict.fromkeys(LANGUAGES, 15)
    assert len({row["id"] for row in rows}) == 60
    layouts = {"table", "letter", "lines", "mail", "receipt", "markdown", "scan"}
    assert {row["metadata"]["layout"] for row in rows} == layouts
    references = [row["reference"] for row in rows]
    assert {each["currency"] for each in references} == {"EUR", "GBP", "USD", "CHF", "INR", "MXN"}
    assert max(len(each["items"]) for each in references) == 3
    for gap in ("invoice_number", "due_date", "discount", "tax"):
        assert 0 < sum(each[gap] is None for each in references) < 60


def test_every_invoice_adds_up(rows):
    for row in rows:
        reference = row["reference"]
        # Each line of an invoice is rounded to a cent.
        net = sum(item["quantity"] * item["unit_price"] for item in reference["items"])
        total = net - (reference["discount"] or 0) + (reference["tax"] or 0)
        assert total == pytest.approx(reference["total"], abs=CENT * len(reference["items"])), row["id"]


def test_the_right_answer_passes_every_check(rows, checks):
    for row in rows:
        response = json.dumps(row["reference"])
        subject = Subject(response=response, references=(response,))
        own = [check_from_config(config, path="checks") for config in row["checks"]]
        assert [check.run(subject).score for check in (*checks, *own)] == [1.0] * (len(checks) + 1), row["id"]


def test_a_wrong_total_fails_its_records_check_and_no_more_than_that(rows, checks):
    row = rows[0]
    given = json.dumps({**row["reference"], "total": row["reference"]["total"] + 1})
    subject = Subject(response=given, references=(json.dumps(row["reference"]),))
    (total,) = [check_from_config(config, path="checks") for config in row["checks"]]
    assert total.run(subject).score == 0.0
    scores = {check.name: check.run(subject).score for check in checks}
    assert scores.pop("fields") < 1.0
    assert set(scores.values()) == {1.0}


def test_checks_tell_candidates_apart_in_a_rehearsal(card):
    """Neither is everything right nor nothing, and the better model is better at every check."""
    for check in ("valid", "fields", "total"):
        rates = [card["candidates"][name]["criteria"][check]["pass_rate"] for name in ("micro", "haiku")]
        assert 0.05 < rates[0] < rates[1] < 0.98, check


def test_nobody_is_asked_to_judge_and_nothing_is_paid_for_it(run, card):
    verdicts = pq.read_table(run / "verdicts.parquet").to_pylist()
    assert {row["judge"] for row in verdicts} == {CHECKED_BY}
    assert {row["criterion"] for row in verdicts} == {"valid", "fields", "currency", "total"}
    assert len(verdicts) == 60 * 3 * 4
    assert card["gate"]["decision"] == "pass"


def test_a_field_called_as_a_check_is_no_verdict_meant_for_a_judge(card):
    """Where nobody judges, a line such as "total": 887.2 is talking to nobody."""
    assert not [alarm for alarm in card["alarms"] if "meant for a judge" in alarm]
