"""
The gate: rules over a scorecard, and the decision they come to. The grammar is in docs/gate.md.

Parsing is apart from judging: `parse_gate` needs no scorecard, and `check_names` only the names of a run.
"""

from evaldrop.scorecard.gate.judging import evaluate_gate
from evaldrop.scorecard.gate.names import RunNames, gate_problems, unreadable_rules
from evaldrop.scorecard.gate.rules import parse_gate

__all__ = ["RunNames", "evaluate_gate", "gate_problems", "parse_gate", "unreadable_rules"]
