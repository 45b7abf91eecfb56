"""
Prompts that Bedrock's own optimiser makes, in one call each.

Step Functions cannot call it, so the function does, and keeps what came: it is asked once for a candidate.
"""

from collections.abc import Callable

import orjson

from evaldrop import storage
from evaldrop.bedrock.optimizer import PromptOptimizer, open_optimizer
from evaldrop.errors import PromptError
from evaldrop.prompt_search.calls import OPTIMIZER_USD
from evaldrop.prompt_search.plain_text import file_of_plain, plain_text
from evaldrop.prompt_search.search import proposal_id
from evaldrop.prompt_search.size import prompt_tokens
from evaldrop.prompt_search.state import FIRST, Proposal, Search
from evaldrop.run.definition import RunDefinition
from evaldrop.steps.choose_prompts.texts import Variables


def optimized_prompt(
    run: RunDefinition,
    search: Search,
    variables: Variables,
    *,
    opener: Callable[[str], PromptOptimizer] = open_optimizer,
) -> tuple[Proposal, float]:
    """
    Return what Bedrock's optimiser makes of a search's first prompt, and about what that cost in USD.

    Raises:
        AwsError: It made none.
    """
    first = search.proposal(FIRST)
    which = proposal_id(search.round + 1, 1)
    try:
        text = plain_text(first.text, present=variables.present)
        made = _made(run, search.candidate, text, opener)
        file = file_of_plain(made, first.text, present=variables.present, always=variables.always)
    except PromptError as error:
        return Proposal(id=which, parent=FIRST, text="", refused=str(error)), 0.0
    usd = (prompt_tokens(text) + prompt_tokens(made)) / 1000 * OPTIMIZER_USD
    return Proposal(id=which, parent=FIRST, text=file, tokens=prompt_tokens(file)), usd


def _made(run: RunDefinition, candidate: str, text: str, opener: Callable[[str], PromptOptimizer]) -> str:
    uri = run.file(f"prompts/optimized/{candidate}.json")
    if storage.exists(uri):
        kept: str = orjson.loads(storage.read_bytes(uri))["text"]
        return kept
    model = next(each.model for each in run.candidates if each.name == candidate)
    made = opener(run.bedrock).optimize(text, model)
    storage.write_bytes(uri, orjson.dumps({"text": made}) + b"\n")
    return made
