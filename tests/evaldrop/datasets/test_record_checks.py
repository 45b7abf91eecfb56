"""A row's checks are read as an evaluation's are, and reach nothing that a dataset must not."""

import pytest

from evaldrop.datasets.record_checks import EVALUATION_ONLY, MAX_CHECKS
from tests.evaldrop.datasets.reading_of import problems_in, problems_of, read_bytes, record_of, survey_of


def row(checks):
    return {"prompt": "When may I return shoes?", "reference": "30 days", "checks": checks}


def test_one_check_and_a_list_of_them_are_kept_as_written():
    """They are read again where responses are looked at, and written back by exports."""
    named = {"not_contains": "sorry", "name": "no_apology", "weight": 2}
    assert record_of(row("equals")).checks == ("equals",)
    assert record_of(row(["equals", named])).checks == ("equals", named)
    assert record_of(row([])).checks == ()


def test_a_check_that_cannot_be_read_is_the_rows_fault_with_its_place():
    problems = problems_of(row(["equals", {"contians": "refund"}, {"contains": ["a"]}, 5]))
    assert problems[0].startswith(
        'faq.jsonl line 1: checks[1]: "contians" is no kind of check. Did you mean contains?'
    )
    assert problems[1].startswith("faq.jsonl line 1: checks[2].contains: is no text; write a string")
    assert problems[2].startswith('faq.jsonl line 1: "checks[3]" is a number, not a kind such as "equals"')
    assert len(problems) == 3


@pytest.mark.parametrize("kind", EVALUATION_ONLY)
@pytest.mark.parametrize("prefix", ["", "not_"])
def test_no_dataset_runs_code_or_calls_somebody(kind, prefix):
    for check in ({prefix + kind: "os:system"}, prefix + kind):
        (problem,) = problems_of(row([check]))
        assert f'"{kind}" is no check of a record' in problem
        assert "Write it into the evaluation's checks." in problem


def test_no_dataset_names_a_file():
    for kind in ("json", "not_json"):
        (problem,) = problems_of(row({kind: "/etc/passwd"}))
        assert "a dataset names no files" in problem


def test_checks_of_a_record_are_bounded_by_number_and_length():
    assert len(record_of(row(["equals"] * MAX_CHECKS)).checks) == MAX_CHECKS
    assert "holds 51 checks, more than the 50" in problems_of(row(["equals"] * (MAX_CHECKS + 1)))[0]
    assert "characters, more than the 65,536" in problems_of(row({"contains": "x" * 70_000}))[0]


def test_checks_are_mapped_like_any_field():
    record = record_of(
        {"prompt": "q", "must": {"say": [{"contains": "refund"}]}},
        {"prompt": "prompt", "checks": "must.say"},
    )
    assert record.checks == ({"contains": "refund"},)
    (problem,) = problems_of({"prompt": "q", "must": "nothing"}, {"prompt": "prompt", "checks": "must"})
    assert problem.startswith('faq.jsonl line 1: must: "nothing" is no kind of check')


def test_a_tables_cell_holds_checks_as_json_or_a_kind():
    table = b'prompt,reference,checks\nq,a,equals\nq2,b,"[{""contains"": ""x""}]"\n'
    first, second = read_bytes(table, source="faq.csv")
    assert (first.checks, second.checks) == (("equals",), ({"contains": "x"},))
    (problem,) = problems_in(b'prompt,checks\nq,"[{""contains"": "\n', source="faq.csv")
    assert '"checks"' in problem


def test_a_survey_counts_checks_by_name():
    survey = survey_of(row(["equals"]), row(["equals", "equals", {"contains": "x", "name": "says_x"}]))
    assert {name: seen.n for name, seen in survey.checks.items()} == {"equals": 2, "says_x": 1}
    assert survey.with_field["checks"] == 2


def test_answers_of_two_models_bring_their_checks_once():
    rows = (
        b'{"prompt": "q", "response": "a", "model": "m1", "checks": ["equals"]}\n'
        b'{"prompt": "q", "response": "b", "model": "m2", "checks": ["equals", {"contains": "b"}]}\n'
    )
    (record,) = read_bytes(rows)
    assert record.responses == {"m1": "a", "m2": "b"}
    assert record.checks == ("equals", {"contains": "b"})


@pytest.mark.parametrize("given", [{"total": 12.5, "größe": None}, [{"total": 12.5, "größe": None}]])
def test_a_reference_that_is_an_object_is_its_json_text(given):
    record = record_of({"prompt": "Extract.", "reference": given})
    assert record.reference == ('{"total": 12.5, "größe": null}',)
    assert record_of({"prompt": "q", "gold": given}, {"reference": "gold"}).reference == record.reference


def test_how_an_object_became_a_reference_is_told():
    (told,) = survey_of({"prompt": "Extract.", "reference": {"total": 1}}).recognised
    assert told == "recognised as evaldrop rows: prompt; reference (as JSON)"
