"""The store's values: one form of a time, by which runs are sorted."""

import pytest

from evaldrop.store.model import in_utc
from tests.evaldrop.store.stores import a_run


@pytest.mark.parametrize(
    "moment",
    [
        "2026-11-29T10:00:00+00:00",
        "2026-11-29T10:00:00Z",
        "2026-11-29 10:00:00+00:00",
        "2026-11-29T11:00:00.250+01:00",
        "2026-W48-7T10:00:00+00:00",
        "20261129T100000Z",
        "2026-11-29T10:00:00",
    ],
)
def test_a_time_has_one_form(moment):
    assert in_utc(moment) == "2026-11-29T10:00:00+00:00"


@pytest.mark.parametrize("moment", ["2026-13-29T10:00:00+00:00", "2026-11-29T25:00:00+00:00", "", "today"])
def test_what_is_no_time_is_refused_also_in_that_form(moment):
    with pytest.raises(ValueError, match=r"month|hour|Invalid"):
        in_utc(moment)


def test_equal_runs_have_one_hash():
    assert hash(a_run("r1")) == hash(a_run("r1"))
    assert a_run("r1") != a_run("r1", evaluation="other")
