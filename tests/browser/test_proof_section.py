"""A proof in the report, in both themes and on a phone: axe finds nothing, and nothing is too wide."""

import pytest

from evaldrop.report.page import html_report
from evaldrop.scorecard.read import read_run
from tests.browser.axe import find_axe, violations
from tests.browser.pages import READY, write_baseline
from tests.evaldrop.proofs import proof_of_everything


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    place = tmp_path_factory.mktemp("proved")
    run = read_run(write_baseline(place / "run"))
    proved = run.scorecard.model_copy(update={"proof": proof_of_everything()})
    page = place / "report.html"
    page.write_text(html_report(proved, run.run, (), ()))
    return page


@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_page(browser, report, width):
    axe = find_axe()
    with browser.page(report.as_uri(), ready=READY, width=width) as page:
        assert page.run("document.documentElement.scrollWidth") <= width
        assert page.run("document.querySelectorAll('#proof table').length") == 3
        assert page.run("document.querySelector('#proof img')") is None
        if axe is None:
            pytest.skip("axe-core is not installed: `make test` installs it where there is npm")
        assert violations(page, axe, within="#proof") == []
        page.show(dark=True)
        assert violations(page, axe, "color-contrast", within="#proof") == []
