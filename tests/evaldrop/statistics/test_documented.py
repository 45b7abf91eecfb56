"""Every public function says what it computes, from where, in which units, and what it raises."""

import inspect
import pkgutil
import re
from importlib import import_module

import pytest

from evaldrop import statistics

# Arrays checked and summed: no statistics.
NO_METHODS = {"vectors", "paired_test"}
MODULES = [
    import_module(f"{statistics.__name__}.{module.name}")
    for module in pkgutil.iter_modules(statistics.__path__)
    if module.name not in NO_METHODS
]
FUNCTIONS = {
    name: function
    for module in MODULES
    for name, function in inspect.getmembers(module, inspect.isfunction)
    if function.__module__ == module.__name__ and not name.startswith("_")
}
# Arithmetic on their arguments, nobody's method.
NO_SOURCE = {"agreement_rate", "changed_clusters", "normal_quantile", "quantile_of"}
# Checks and sums that the methods share.
SHARED = {"check_counts", "several", "totals_by_cluster", "wilson_with_quantile"}
for shared in SHARED:
    del FUNCTIONS[shared]


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
