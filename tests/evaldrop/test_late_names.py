"""A package's names are there without their modules, until one is used."""

import subprocess
import sys

import pytest

import evaldrop.datasets
import evaldrop.engine
import evaldrop.evaluation
import evaldrop.verdicts

PACKAGES = [evaldrop.datasets, evaldrop.engine, evaldrop.evaluation, evaldrop.verdicts]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_name_that_a_package_lists_is_one_of_its_modules(package):
    assert package.__all__
    for name in package.__all__:
        assert getattr(package, name) is not None


@pytest.mark.parametrize("package", PACKAGES)
def test_another_name_is_an_attribute_error_as_everywhere(package):
    with pytest.raises(AttributeError, match=f"module '{package.__name__}' has no attribute 'nonesuch'"):
        _ = package.nonesuch


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_none_of_its_modules_by_itself(package):
    name = package.__name__
    code = f"import sys, {name}; print([each for each in sys.modules if each.startswith('{name}.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
