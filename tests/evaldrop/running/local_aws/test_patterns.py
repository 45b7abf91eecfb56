"""Event patterns, as EventBridge documents its comparisons."""

import pytest

from evaldrop.running.local_aws.patterns import UnknownMatcherError, matches


def key(*alternatives):
    return {"detail": {"object": {"key": list(alternatives)}}}


def event(name):
    return {"source": "aws.s3", "detail": {"bucket": {"name": "b"}, "object": {"key": name, "size": 3}}}


@pytest.mark.parametrize(
    "name",
    [
        "datasets/a.json",
        "datasets/ein ordner/ä+b c.json",
        "datasets/.json",
        "datasets/" + "k" * 990 + ".json",
    ],
)
def test_a_wildcard_spans_folders_spaces_and_any_character(name):
    assert matches(key({"wildcard": "datasets/*.json"}), event(name))


@pytest.mark.parametrize("name", ["datasets/a.jsonl", "other/datasets/a.json", "datasets/a.json.gz", ""])
def test_a_wildcard_is_held_at_both_ends(name):
    assert not matches(key({"wildcard": "datasets/*.json"}), event(name))


def test_an_escaped_star_is_a_star_and_a_dot_is_a_dot():
    assert matches(key({"wildcard": r"a\*b*"}), event("a*bc"))
    assert not matches(key({"wildcard": r"a\*b*"}), event("axbc"))
    assert not matches(key({"wildcard": "a.b"}), event("axb"))


@pytest.mark.parametrize(
    ("wanted", "name", "fits"),
    [
        ("a.csv", "a.csv", True),
        ("a.csv", "b.csv", False),
        ({"prefix": "data"}, "data/x", True),
        ({"prefix": {"equals-ignore-case": "DATA"}}, "data/x", True),
        ({"suffix": ".csv"}, "x.csv", True),
        ({"suffix": ".csv"}, "x.CSV", False),
        ({"suffix": {"equals-ignore-case": ".CSV"}}, "x.csv", True),
        ({"equals-ignore-case": "X.csv"}, "x.CSV", True),
        ({"anything-but": ["x", "y"]}, "z", True),
        ({"anything-but": ["x", "y"]}, "y", False),
        ({"anything-but": {"suffix": ".csv"}}, "x.csv", False),
        ({"anything-but": {"prefix": ["a", "b"]}}, "c", True),
        ({"exists": True}, "x", True),
        ({"exists": False}, "x", False),
    ],
)
def test_a_comparison(wanted, name, fits):
    assert matches(key(wanted), event(name)) is fits


def test_a_field_that_the_event_lacks_fits_only_its_absence():
    assert not matches({"detail": {"reason": ["PutObject"]}}, event("x"))
    assert matches({"detail": {"reason": [{"exists": False}]}}, event("x"))
    assert not matches({"nowhere": {"at": {"all": ["x"]}}}, event("x"))


def test_every_field_has_to_fit_and_one_alternative_is_enough():
    assert matches({"source": ["aws.s3"], **key("y", {"prefix": "x"})}, event("x"))
    assert not matches({"source": ["aws.ec2"], **key("x")}, event("x"))


def test_a_number_is_no_text():
    assert matches({"detail": {"object": {"size": [3]}}}, event("x"))
    assert not matches({"detail": {"object": {"size": ["3"]}}}, event("x"))


def test_a_comparison_that_is_not_known_is_told():
    with pytest.raises(UnknownMatcherError, match='"cidr" is no comparison'):
        matches(key({"cidr": "10.0.0.0/8"}), event("x"))
