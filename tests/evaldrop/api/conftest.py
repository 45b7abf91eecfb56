"""What several tests of the API stand on."""

import pytest

from tests.evaldrop.api.fakes import standing


@pytest.fixture
def here(tmp_path):
    """A new API, and what it stands on."""
    return standing(tmp_path)
