"""The whole program: all commands, as help lists them."""

from collections.abc import Callable, Mapping, Sequence

import typer

from evaldrop.cli.commands.adopt import adopt
from evaldrop.cli.commands.bedrock_eval import bedrock_eval
from evaldrop.cli.commands.bedrock_import import bedrock_import
from evaldrop.cli.commands.bless import bless
from evaldrop.cli.commands.calibrate import calibrate
from evaldrop.cli.commands.compare import compare
from evaldrop.cli.commands.criteria import criteria
from evaldrop.cli.commands.diff import diff
from evaldrop.cli.commands.doctor import doctor
from evaldrop.cli.commands.export import export
from evaldrop.cli.commands.fetch import fetch
from evaldrop.cli.commands.gate import gate
from evaldrop.cli.commands.history import history
from evaldrop.cli.commands.init import init
from evaldrop.cli.commands.keys import keys
from evaldrop.cli.commands.local import local
from evaldrop.cli.commands.plan import plan
from evaldrop.cli.commands.prove import prove
from evaldrop.cli.commands.rejudge import rejudge
from evaldrop.cli.commands.report import report
from evaldrop.cli.commands.rescore import rescore
from evaldrop.cli.commands.review import review
from evaldrop.cli.commands.run import run
from evaldrop.cli.commands.runs import runs
from evaldrop.cli.commands.schema import schema
from evaldrop.cli.commands.serve import serve
from evaldrop.cli.commands.stop import stop
from evaldrop.cli.commands.submit import submit
from evaldrop.cli.commands.trend import trend
from evaldrop.cli.commands.usage import usage
from evaldrop.cli.commands.validate import validate
from evaldrop.cli.commands.view import view
from evaldrop.cli.commands.watch import watch
from evaldrop.cli.program import program

# Here, for no command may import another.
bedrock_eval.command("import")(bedrock_import)

app = program()
# As a newcomer meets them: help lists groups and commands in this order.
_GROUPS: Mapping[str, Sequence[Callable[..., object] | typer.Typer]] = {
    "Run": (init, run, stop, validate, plan),
    "Read": (report, view, trend, export),
    "Compare and decide": (compare, diff, gate, bless, adopt),
    "Judge again, and by people": (rescore, rejudge, review, calibrate, prove),
    "Deploy": (serve, doctor, submit, watch, runs, fetch, local),
    "Bedrock's evaluation jobs": (bedrock_eval,),
    "Keys and usage": (keys, usage, history),
    "Look up": (criteria, schema),
}
for _panel, _commands in _GROUPS.items():
    for _command in _commands:
        if isinstance(_command, typer.Typer):
            app.add_typer(_command, rich_help_panel=_panel)
        else:
            app.command(rich_help_panel=_panel)(_command)
