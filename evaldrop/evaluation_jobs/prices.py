"""
What evaluation jobs cost, before they are created.

AWS asks nothing for a job itself: models are paid by token at their on-demand prices, judges' prompts with
them, and people by the task (https://aws.amazon.com/bedrock/pricing/, "Model evaluation", read 2026-11-30).
How long AWS's own judge prompts are is an estimate.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from evaldrop.evaluation.definition import Candidate
from evaldrop.evaluation.prices import Prices, TokenUsage, cost_usd
from evaldrop.evaluation_jobs.datasets import RowTally
from evaldrop.job_formats.asked_metrics import MetricGroup
from evaldrop.steps.validate_dataset.plan import JOB_PROMPT_TOKENS, RESPONSE_TOKENS, VERDICT_TOKENS, tokens
from evaldrop.steps.validate_dataset.planned_lines import ZERO, Range

PRICES_READ: Final = "2026-11-30"
HUMAN_TASK_USD: Final = 0.21
"""Of a task that one person has completed: one prompt with its responses."""
ROBUSTNESS_COPIES: Final = 5
"""How often a prompt is asked once more, changed, where robustness is computed."""

Role = Literal["candidate", "judge", "people"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CostLine:
    """
    What a model, or people, cost over all jobs; None where the price is unknown.

    `calls` of people are tasks, each of one person: a job may give a prompt to up to three.
    """

    role: Role
    name: str
    model: str
    calls: int
    input_tokens: Range
    output_tokens: Range
    cost_usd: Range | None

    def to_json(self) -> dict[str, Any]:
        """Return the line as files have it."""
        return asdict(self)


def candidate_cost(candidate: Candidate, tally: RowTally, group: MetricGroup, prices: Prices) -> CostLine:
    """Return what a job's calls of a candidate cost."""
    times = 1 + (ROBUSTNESS_COPIES if "Builtin.Robustness" in group.names else 0)
    sent = tally.prompt_tokens * times
    output = _response(tally, candidate.inference.max_tokens).times(tally.n * times)
    return _line("candidate", candidate.name, candidate.model, tally.n * times, _known(sent), output, prices)


def judge_cost(
    judge: str, model: str, candidate: Candidate, tally: RowTally, group: MetricGroup, prices: Prices
) -> CostLine:
    """Return what a job's calls of its judge cost: one for each prompt and metric."""
    n_own = len(group.names) - len(group.custom)
    asked = JOB_PROMPT_TOKENS.times(n_own * tally.n)
    custom = _known(sum(tokens(dict(each)) for each in group.custom) * tally.n)
    known = tally.response_tokens.get(candidate.name)
    response = (
        _response(tally, candidate.inference.max_tokens).times(tally.n) if known is None else _known(known)
    )
    shown = response + _known(tally.prompt_tokens + tally.reference_tokens)
    calls = tally.n * len(group.names)
    sent = asked + custom + shown.times(len(group.names))
    return _line("judge", judge, model, calls, sent, VERDICT_TOKENS.times(calls), prices)


def people_cost(name: str, tally: RowTally) -> CostLine:
    """Return what a job's tasks cost with one person for each prompt; their time is not in it."""
    cost = _known(tally.n * HUMAN_TASK_USD)
    return CostLine(
        role="people",
        name=name,
        model="",
        calls=tally.n,
        input_tokens=ZERO,
        output_tokens=ZERO,
        cost_usd=cost,
    )


def added(lines: Mapping[tuple[Role, str], CostLine], line: CostLine) -> dict[tuple[Role, str], CostLine]:
    """Return lines by role and name, with one more added to that of the same."""
    key = (line.role, line.name)
    before = lines.get(key)
    if before is None:
        return {**lines, key: line}
    both = before.cost_usd and line.cost_usd
    return {
        **lines,
        key: CostLine(
            role=line.role,
            name=line.name,
            model=line.model,
            calls=before.calls + line.calls,
            input_tokens=before.input_tokens + line.input_tokens,
            output_tokens=before.output_tokens + line.output_tokens,
            cost_usd=before.cost_usd + line.cost_usd if both and before.cost_usd and line.cost_usd else None,
        ),
    }


def _response(tally: RowTally, limit: int | None) -> Range:
    low, likely = map(float, RESPONSE_TOKENS)
    if tally.references:
        likely = max(low, 1.5 * tally.reference_tokens / tally.references)
    high = limit or 4096
    return Range(low=min(low, high), likely=min(likely, high), high=high)


def _known(figure: float) -> Range:
    return Range(low=figure, likely=figure, high=figure)


def _line(
    role: Role, name: str, model: str, calls: int, sent: Range, output: Range, prices: Prices
) -> CostLine:
    costs = [
        cost_usd(model, TokenUsage(round(getattr(sent, level)), round(getattr(output, level))), prices)
        for level in ("low", "likely", "high")
    ]
    low, likely, high = costs
    known = low is not None and likely is not None and high is not None
    return CostLine(
        role=role,
        name=name,
        model=model,
        calls=calls,
        input_tokens=sent,
        output_tokens=output,
        cost_usd=Range(low=low, likely=likely, high=high) if known else None,  # type: ignore[arg-type]
    )
