"""
The gate: rules over a scorecard, and the decision they come to. The grammar is in docs/gate.md.

Parsing is apart from judging: `parse_gate` needs no scorecard, and `check_names` only the names of a run.
"""

from typing import TYPE_CHECKING

from evaldrop.late_names import late_names

if TYPE_CHECKING:
    from evaldrop.scorecard.gate.judging import evaluate_gate as evaluate_gate
    from evaldrop.scorecard.gate.names import RunNames as RunNames
    from evaldrop.scorecard.gate.names import gate_problems as gate_problems
    from evaldrop.scorecard.gate.names import unreadable_rules as unreadable_rules
    from evaldrop.scorecard.gate.rules import parse_gate as parse_gate

# Who checks a gate before a run does not wait for a scorecard's types.
_NAMES = {
    "judging": ("evaluate_gate",),
    "names": ("RunNames", "gate_problems", "unreadable_rules"),
    "rules": ("parse_gate",),
}
__all__, __getattr__ = late_names(__name__, _NAMES)
