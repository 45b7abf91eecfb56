"""Inspect's scorers become checks of the same meaning, or are kept and said; its logs are datasets."""

import json
import re

import pytest

from evaldrop.datasets.shapes.foreign_checks import NotCarriedOverError
from evaldrop.datasets.shapes.inspect_scorers import checks_of
from tests.evaldrop.datasets.reading_of import read_bytes, survey_of


@pytest.mark.parametrize(
    ("name", "options", "check"),
    [
        ("includes", {}, {"icontains": None}),
        ("includes", {"ignore_case": False}, {"contains": None}),
        ("match", {"location": "any"}, {"icontains": None}),
        ("exact", {}, {"exact_match": None}),
    ],
)
def test_a_scorer_becomes_the_check_that_means_the_same(name, options, check):
    assert checks_of(name, options, ["Paris"]) == [check]


@pytest.mark.parametrize(
    ("name", "options", "right", "wrong"),
    [
        ("match", {}, ["So it is paris.", "PARIS", "London or Rome"], ["Paris it is"]),
        ("match", {"ignore_case": False}, ["It is Paris."], ["It is paris."]),
        ("match", {"location": "begin"}, ['"Paris" it is', "rome!"], ["It is Paris"]),
        ("match", {"location": "exact"}, [" Paris. "], ["Paris, of course"]),
        ("answer", {"pattern": "word"}, ["Well.\nANSWER: paris", "answer : Rome."], ["ANSWER: Parisian"]),
        ("answer", {"pattern": "line"}, ["ANSWER: Paris\nBye."], ["ANSWER: Paris, France"]),
    ],
)
def test_a_match_is_looked_for_where_the_scorer_does(name, options, right, wrong):
    ((kind, pattern),) = checks_of(name, options, ["Paris", "Rome"])[0].items()
    assert kind == "regex"
    assert all(re.search(pattern, text) for text in right)
    assert not any(re.search(pattern, text) for text in wrong)


def test_a_target_is_no_pattern():
    ((_, pattern),) = checks_of("match", {}, ["$1.50 (net)"])[0].items()
    assert re.search(pattern, "It costs $1.50 (net).")
    assert not re.search(pattern, "It costs $1050 net")


@pytest.mark.parametrize(
    ("name", "options", "targets", "why"),
    [
        ("model_graded_qa", {}, ["x"], "needs a model"),
        ("model_graded_fact", {}, ["x"], "needs a model"),
        ("match", {"numeric": True}, ["4"], "no check means the same"),
        ("match", {"location": "middle"}, ["4"], "no check means the same"),
        ("pattern", {"pattern": "(\\d+)"}, ["4"], "no check means the same"),
        ("f1", {}, ["x"], "no check means the same"),
        ("includes", {}, [], "the sample has no target"),
    ],
)
def test_a_scorer_that_means_nothing_here_says_why(name, options, targets, why):
    with pytest.raises(NotCarriedOverError, match=why):
        checks_of(name, options, targets)


def log(*scorers):
    """Return a log of two samples with one answer each."""
    said = {"model": "m", "choices": [{"message": {"role": "assistant", "content": "Paris."}}]}
    sample = {"epoch": 1, "input": "Capital of France?", "target": "Paris", "output": said, "scores": {}}
    samples = [{"id": 1, **sample}, {"id": 2, **sample}]
    return json.dumps({"version": 2, "eval": {"scorers": list(scorers)}, "samples": samples}, indent=1)


def test_a_logs_samples_have_its_scorers_as_checks():
    scorers = [{"name": "inspect_ai/match", "options": {"location": "exact"}}, {"name": "model_graded_qa"}]
    records = read_bytes(log(*scorers).encode(), source="log.json")
    assert [record.id for record in records] == ["1", "2"]
    for record in records:
        assert record.responses == {"m": "Paris."}
        assert record.checks == ({"regex": r"(?i)\A\W*(?:Paris)\W*\Z", "name": "match"},)
        assert record.metadata["scorers"] == [{"name": "model_graded_qa"}]


def test_what_is_not_carried_over_is_named_and_counted():
    findings = survey_of(log({"name": "model_graded_qa"}), source="log.json").findings
    (note,) = [each.what for each in findings if "Inspect" in each.what]
    assert note.startswith('Inspect\'s scorer "model_graded_qa" is not carried over (it needs a model)')
    assert note.endswith("it is kept in metadata (2 rows)")


def test_a_list_called_samples_in_another_file_is_a_rows_own_value():
    (record,) = read_bytes(b'{"prompt": "q", "samples": [{"a": 1}]}')
    assert record.metadata["samples"] == [{"a": 1}]
