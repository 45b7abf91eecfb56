"""The engine stands alone."""

import subprocess
import sys
from pathlib import Path

import evaldrop.engine

ENGINE = Path(evaldrop.engine.__file__).parent
MODULES = sorted(ENGINE.rglob("*.py"))


def test_the_process_of_a_function_does_not_wait_for_asyncio():
    code = "import sys; import evaldrop.engine.invocation; print('asyncio' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_every_public_name_is_there():
    assert sorted(evaldrop.engine.__all__) == evaldrop.engine.__all__
    assert all(hasattr(evaldrop.engine, name) for name in evaldrop.engine.__all__)


def test_modules_stay_small():
    assert max(len(path.read_text().splitlines()) for path in MODULES) <= 400
