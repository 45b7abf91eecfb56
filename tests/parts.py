"""Drives a run's functions through their parts, as the workflow does."""

from typing import Any

from evaldrop.run.part_sizes import EACH_PART, PARTS_ABOVE
from evaldrop.running.handlers import HANDLERS


def forced(monkeypatch: Any, part_bytes: int) -> None:
    """Have every dataset worked on in parts of so many bytes."""
    monkeypatch.setenv(PARTS_ABOVE, "1")
    monkeypatch.setenv(EACH_PART, str(part_bytes))


def called_in_parts(name: str, event: dict[str, Any]) -> dict[str, Any]:
    """Call a function, then for each part that it says is due, and once more, until nothing is."""
    answer: dict[str, Any] = HANDLERS[name](event, None)
    while "stage" in answer.get("parts", {}):
        due = answer["parts"]
        # In another order than the file's, as functions end.
        for number in reversed(due["numbers"]):
            part = {"stage": due["stage"], "number": number}
            assert HANDLERS[name]({"run": answer["run"], "part": part}, None) == {}
        answer = HANDLERS[name](answer, None)
    return answer
