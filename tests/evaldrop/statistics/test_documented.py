"""Every public function says what it computes, from where, in which units, and what it raises."""

import inspect
import re

import pytest

from evaldrop import statistics

FUNCTIONS = {
    name: function for name in statistics.__all__ if inspect.isfunction(function := getattr(statistics, name))
}
# Arithmetic on its arguments, nobody's method.
NO_SOURCE = {"agreement_rate", "normal_quantile", "panel_spread"}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_argument_is_described(name):
    said = inspect.getdoc(FUNCTIONS[name])
    for parameter in inspect.signature(FUNCTIONS[name]).parameters:
        assert re.search(rf"^    {parameter}: \S", said, re.MULTILINE) or "Arguments, and what raises" in said


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_raises_is_said(name):
    assert re.search(
        r"^Raises(:$| as `)|what raises,\sas\sin|Raises nothing",
        inspect.getdoc(FUNCTIONS[name]),
        re.MULTILINE,
    )


@pytest.mark.parametrize("name", sorted(FUNCTIONS.keys() - NO_SOURCE))
def test_a_method_names_its_source(name):
    assert re.search(r"\b(?:18|19|20)\d\d\b", inspect.getdoc(FUNCTIONS[name]))
