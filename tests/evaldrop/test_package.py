"""What `import evaldrop` gives a notebook."""

import subprocess
import sys

import pytest

import evaldrop


def test_read_run_and_its_run_are_the_packages_own():
    from evaldrop.scorecard import read

    assert evaldrop.read_run is read.read_run
    assert evaldrop.Run is read.Run


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nothing_like_it"):
        _ = evaldrop.nothing_like_it


def test_importing_the_package_loads_no_table_library():
    program = "import evaldrop, sys; print(sorted({'pandas', 'pyarrow', 'numpy'} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
