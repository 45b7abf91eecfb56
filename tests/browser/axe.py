"""axe-core, which knows what a page must have for those who do not see it or do not use a mouse."""

import json
import os
from pathlib import Path

from tests.browser.chromium import Page

INSTALLED = Path(__file__).parents[2] / ".venv" / "node" / "node_modules" / "axe-core" / "axe.min.js"
PATIENCE_S = 240
# A finding as a line: the rule, the element, and what is wrong with it.
RUN = """
axe.run({include: [%s], exclude: ["tbody > tr:nth-child(n + 7)"]}, %s).then(({violations}) =>
    violations.flatMap(({id, impact, nodes}) => nodes.map(({target, any, all, none}) =>
        `${id} (${impact}): ${target.join(" ")}: ${
            [...any, ...all, ...none].map((check) => check.message).join("; ")}`)))
"""


def find_axe() -> Path | None:
    """Return axe's script; None where it is not installed."""
    path = Path(os.environ.get("EVALDROP_AXE") or INSTALLED)
    return path if path.is_file() else None


def violations(page: Page, axe: Path, *rules: str, within: str = "html") -> list[str]:
    """
    Return what axe finds on a page as it is now, a line per rule and element.

    axe is evaluated by way of the DevTools protocol, which the page's policy does not bind: that policy lets
    no other script in, by address, by text or by eval, and it stays as strict while axe looks at the page.
    Of a table the first six rows are looked at: the others are made like them, and each cell takes its time.

    Args:
        page: The page, open.
        axe: axe's script.
        rules: Which to ask; all of them by default.
        within: What to look at, a selector: of a page that was looked at before the part that is new.
    """
    if not page.run("'axe' in window"):
        page.run(f"{axe.read_text()}; true")
    options = {"resultTypes": ["violations"], **({"runOnly": rules} if rules else {})}
    script = RUN % (json.dumps(within), json.dumps(options))
    # Of thousands of elements it takes seconds, or a minute, in which the page does nothing else.
    return [str(line) for line in page.run(script, patience_s=PATIENCE_S)]
