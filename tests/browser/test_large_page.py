"""A report of 50,000 records, three responses each, keeps its promises. Limits are loose; see benchmarks/."""

import pytest

from benchmarks.report_page import measure, write_page

RECORDS = 50_000


@pytest.mark.slow
def test_a_page_of_50000_records_opens_scrolls_and_answers_quickly(browser, tmp_path, capsys):
    found = measure(browser, write_page(tmp_path, RECORDS, "short"))
    with capsys.disabled():
        print(f"\n50,000 records: {found}")  # noqa: T201 - the test's log holds the measurement
    assert found.carried > 0.9 * RECORDS
    assert found.size_mb <= 10
    # Promised: 1000 and 300 ms, and no jank. Asserted is what the page's thread computes, for the clock also
    # tells what else the machine does; of the frames the worst kind, in which every row is another one.
    assert found.opens_cpu < 1000
    assert found.search_cpu < 300
    assert found.frame_cpu < 1000 / 30


@pytest.mark.slow
@pytest.mark.nightly
def test_a_page_of_long_texts_keeps_its_size_by_carrying_a_choice(tmp_path):
    page = write_page(tmp_path, 4_000, "long")
    assert 8e6 < page.stat().st_size <= 10e6
    assert "The page carries " in page.read_text()
