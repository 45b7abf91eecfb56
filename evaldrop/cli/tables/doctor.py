"""What was found in an account, a line each."""

from collections.abc import Sequence

from rich.console import Console
from yaml import safe_dump

from evaldrop.cli.output import shown
from evaldrop.cli.prose import print_prose
from evaldrop.cli.tables.layout import GAP
from evaldrop.running.deployed.checkup.finding import AccountFinding

_STYLES = {"ok": "green", "note": "yellow", "problem": "red", "unknown": "yellow"}
_WIDTH = max(map(len, _STYLES))


def print_findings(console: Console, findings: Sequence[AccountFinding]) -> None:
    """Print each finding, below it what to do, and at the end what stands in the way."""
    for each in findings:
        style = _STYLES[each.state]
        mark = f"[{style}]{each.state:<{_WIDTH}}[/{style}]"
        print_prose(
            console,
            f"[bold]{shown(each.subject)}[/bold]: {shown(each.said)}",
            indent=_WIDTH + GAP,
            head=mark,
        )
        if each.way_out:
            print_prose(console, shown(each.way_out), indent=_WIDTH + GAP)
    problems = sum(each.state == "problem" for each in findings)
    unknown = sum(each.state == "unknown" for each in findings)
    said = f"{problems} problems" if problems != 1 else "1 problem"
    if not problems:
        said = "nothing found that stands in the way"
    more = f"; {unknown} not looked at, for AWS did not say" if unknown else ""
    print_prose(console, f"\n[bold]{said}{more}[/bold]")
    if stated := limits_in_yaml(findings):
        print_prose(console, "\n[bold]for evaluation.yaml[/bold], what the account may call in a minute:")
        console.print(shown(stated), soft_wrap=True, highlight=False)


def limits_in_yaml(findings: Sequence[AccountFinding]) -> str:
    """Return `limits` as an evaluation states them; empty where no quota is surely a model's."""
    found = {each.model: dict(each.limits) for each in findings if each.limits}
    return safe_dump({"limits": found}, sort_keys=False, default_flow_style=None) if found else ""
