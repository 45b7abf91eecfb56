"""Checks: criteria that code answers, without a judge. What they are, and how one looks at a response."""

from evaldrop.checks.definition import CHECKED_BY, NOT, Check, check_from_config
from evaldrop.checks.editors import check_json_schema
from evaldrop.checks.kinds import KINDS, Kind
from evaldrop.checks.subject import Outcome, Subject, ToolCall

__all__ = [
    "CHECKED_BY",
    "KINDS",
    "NOT",
    "Check",
    "Kind",
    "Outcome",
    "Subject",
    "ToolCall",
    "check_from_config",
    "check_json_schema",
]
