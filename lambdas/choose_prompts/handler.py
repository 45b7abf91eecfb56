"""ChoosePrompts: what a turn of a search brought in; the next turn, or the run with its prompts, out."""

from typing import Any

from evaldrop.steps.choose_prompts.choose import choose_prompts
from evaldrop.steps.services import log_step


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """
    Take a turn, and make the next move.

    Raises:
        ModelRefused: A candidate, the judge or whoever writes prompts takes no call.
    """
    state = choose_prompts(event)
    search = state.get("prompt_search", {"turn": None, "next": None})
    log_step("ChoosePrompts", run_id=event["run"]["run_id"], turn=search["turn"], next=search["next"])
    return state
