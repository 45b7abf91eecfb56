"""`evaldrop criteria`: the built-in criteria, and what a judge is asked for one."""

from typing import Annotated

import typer
from rich.table import Table

from evaldrop.cli import completing
from evaldrop.cli.output import shown, stdout


def criteria(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]",
            help="Print the exact prompt of this one.",
            autocompletion=completing.built_in_criteria,
        ),
    ] = None,
) -> None:
    """
    List the built-in criteria, or print the prompt a judge gets for one.

    Examples:

        evaldrop criteria

        evaldrop criteria correctness
    """
    if name is None:
        _print_list()
    else:
        _print_prompt(name)


def _print_list() -> None:
    from evaldrop.evaluation.criteria import BUILT_IN

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("name", "scale", "good", "needs", "question"):
        table.add_column(column, no_wrap=column in {"name", "scale"})
    for criterion in BUILT_IN.values():
        scale = criterion.scale
        span = "yes/no" if scale.kind == "binary" else f"{scale.low:g}..{scale.high:g}"
        needs = [word for word in ("reference", "context") if getattr(criterion, f"needs_{word}")]
        good = "high" if criterion.higher_is_better else "low"
        table.add_row(criterion.name, span, good, ", ".join(needs), shown(criterion.question))
    stdout().print(table)


def _print_prompt(name: str) -> None:
    from evaldrop.evaluation.criteria import built_in
    from evaldrop.evaluation.prompts import load_prompt
    from evaldrop.steps.prepare_records.judge_texts import criteria_for_prompt
    from evaldrop.verdicts import VERDICT_TOOL_NAME

    prompt = load_prompt("judge", "criteria.v1")
    # Placeholders and not a sample: what a run draws at random would differ from one print to the next.
    values = {
        "criteria": criteria_for_prompt([built_in(name, path="criteria")]),
        "verdict": "tool",
        "tool": VERDICT_TOOL_NAME,
        "mark": "<random>",
        "prompt": "<the record's prompt>",
        "context": "<the record's context>",
        "reference": ["<the record's reference>"],
        "response": '<response mark="<random>">\n<the response>\n</response mark="<random>">',
    }
    for turn in prompt.render(values):
        stdout().print(f"[bold]{turn.role}[/bold]\n\n{shown(turn.text)}\n")
