"""
What a stack lets one run ask: dollars, calls, models, and whose prices count.

An upload brings its evaluation, and so decides its budget, its repeats and its prices: without caps, who may
put an object into the bucket may spend what the account has. On one machine there are none: who runs pays.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from evaldrop import storage
from evaldrop.errors import BudgetExceeded
from evaldrop.evaluation import Called, Evaluation
from evaldrop.evaluation.called_checks import is_called_check
from evaldrop.evaluation.definition import GIVEN, Price, called_models
from evaldrop.evaluation.improvement import BEDROCK, BEDROCK_JOB, JOB_JUDGE
from evaldrop.evaluation.model_ids import guardrail_arn, model_arns, model_name
from evaldrop.evaluation.originals import makes_prompts
from evaldrop.evaluation.prices import (
    FACTORS,
    ModelPrice,
    Prices,
    TokenUsage,
    cost_usd,
    load_prices,
    price_of,
)
from evaldrop.evaluation.regions import called_in, prices_in_region
from evaldrop.evaluation.reply_limits import reply_tokens
from evaldrop.evaluation.scorers import stack_scorer_problems
from evaldrop.shipped import resource
from evaldrop.steps.validate_dataset.plan import Plan, refuse_above_budget
from evaldrop.steps.validate_dataset.planned_lines import Line

ASK = "or have whoever deploys this stack raise"
_WHO_JUDGES_IN_JOBS = (
    " It judges in the jobs of by: bedrock_job where no judge of the evaluation is one that they take: "
    "Claude Opus 4.6, Sonnet 4.5 or 4.6."
)


class Caps(BaseModel):
    """
    A stack's caps, as its settings state them. None is no cap.

    Dollars are held against the plan's upper figure: every reply at its `max_tokens`. Not in it are retries,
    a judge's second call where its reply cannot be read, and what tokens of less than four bytes come to.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_run_usd: float | None = Field(default=None, gt=0, description="What a run may cost at most.")
    max_calls: int | None = Field(default=None, ge=1, description="Calls of models that a run may plan.")
    default_budget_usd: float | None = Field(
        default=None, gt=0, description="budget_usd of an evaluation that states none."
    )
    whose_prices: Literal["stack", "evaluation"] = Field(
        default="evaluation", description="stack: an evaluation's price counts where it is the higher one."
    )
    prices: dict[str, Price] = Field(default_factory=dict, description="The stack's own, by model ID.")
    models: tuple[str, ...] | None = Field(default=None, description="Models that may be called.")
    guardrails: tuple[str, ...] | None = Field(default=None, description="Guardrails that may be named.")
    scorers: tuple[str, ...] | None = Field(default=None, description="Functions that may score.")
    scorer_functions: dict[str, str] = Field(
        default_factory=dict, description="Names of the functions that the stack made of scorers' code."
    )
    prompt_optimizer: bool = Field(default=True, description="Whether Bedrock's optimiser may be asked.")
    prompt_jobs: bool = Field(default=True, description="Whether Bedrock's jobs may make prompts.")

    @property
    def counts_every_record(self) -> bool:
        """Whether a plan is counted on all records: of a sample, the costly ones can be kept out."""
        return self.max_run_usd is not None or self.max_calls is not None

    def in_region(self, region: str) -> "Caps":
        """
        Return the caps with models and prices by what they are called by from a Region, as evaluations are.

        With `geo.` alone, every profile of a model would be allowed, `global.` too.
        """
        models = None if self.models is None else tuple(called_in(model, region) for model in self.models)
        return self.model_copy(update={"models": models, "prices": prices_in_region(self.prices, region)})

    def prices_for(self, evaluation: Evaluation) -> Prices:
        """Return the prices that count for an evaluation."""
        stated = load_prices({**self.prices, **evaluation.prices})
        if self.whose_prices == "evaluation":
            return stated
        known = load_prices(self.prices)
        higher = {
            model: _higher(price_of(model, known), price_of(model, stated))
            for model in called_models([evaluation])
        }
        return Prices(date=known.date, source=stated.source, models={**known.models, **higher})

    def problems(self, evaluation: Evaluation, *, arn: str | None) -> Iterator[str]:
        """
        Yield what of an evaluation the stack does not let it ask, whatever its dataset.

        Args:
            evaluation: With the candidates that come with the dataset.
            arn: Of a function of the stack: its partition, Region and account are those of the models.
        """
        budget, cap = evaluation.budget_usd, self.max_run_usd
        if budget is not None and cap is not None and budget > cap:
            yield (
                f"budget_usd: {budget:g} is above max_run_usd: {cap:g}, which this stack allows a run. "
                f"Lower it, {ASK} max_run_usd (cdk.json)."
            )
        if arn is None:
            return
        _, partition, _, region, account, *_ = arn.split(":")
        here = {"partition": partition, "region": region, "account": account}
        for who, what, may in (
            (BEDROCK, "prompt_optimizer", self.prompt_optimizer),
            (BEDROCK_JOB, "prompt_jobs", self.prompt_jobs),
        ):
            if not may and makes_prompts(evaluation, who):
                yield (
                    f"by: {who}: in this stack it may make no prompt. Name a model, or have whoever deploys "
                    f"this stack set {what} (cdk.json)."
                )
        if self.models is not None:
            allowed = {pattern for model in self.models for pattern in model_arns(model, **here)}
            for model in called_models([evaluation]):
                if not _is_allowed(model_arns(model, **here), allowed):
                    why = _WHO_JUDGES_IN_JOBS if model_name(model)[1] == JOB_JUDGE else ""
                    yield _not_allowed("model", model, self.models) + why
        if self.guardrails is not None:
            allowed = {guardrail_arn(each, **here) for each in self.guardrails}
            named = (each.guardrail.id for each in evaluation.candidates if each.guardrail)
            for guardrail in dict.fromkeys(named):
                if not _is_allowed([guardrail_arn(guardrail, **here)], allowed):
                    yield _not_allowed("guardrail", guardrail, self.guardrails)
        yield from stack_scorer_problems(evaluation, self.scorers, made=self.scorer_functions, **here)

    def refuse_calls(self, calls: float, *, so_far: str = "") -> None:
        """
        Refuse more calls than a run may plan; `so_far` says after how many records they were counted.

        Raises:
            BudgetExceeded: The message names the cap, the figure and who can raise it.
        """
        if self.max_calls is not None and calls > self.max_calls:
            raise BudgetExceeded(
                f"the run would make {calls:,.0f} calls{so_far}, above max_calls: {self.max_calls:,}, which "
                "this stack allows a run. Evaluate fewer records (--limit), have fewer candidates, judges, "
                f"repeats, copies or proposals of prompts, {ASK} max_calls (cdk.json)."
            )

    def refuse(self, plan: Plan, evaluation: Evaluation, *, budget_usd: float | None = None) -> None:
        """
        Refuse a plan above what the stack allows, or above its budget.

        `budget_usd` is what was said of this run: it is held while the run goes, and a run that is likely to
        cost more ends when it is spent.

        Raises:
            BudgetExceeded: The message names the cap, the plan's figure and what to do.
        """
        self.refuse_calls(plan.most_calls)
        prices = self.prices_for(evaluation)
        if self.max_run_usd is not None:
            called = {line.model for line in plan.all_lines} - {BEDROCK}
            unknown = sorted(model for model in called if price_of(model, prices) is None)
            if unknown:
                raise BudgetExceeded(
                    f"the price of {', '.join(unknown)} is unknown, and max_run_usd: {self.max_run_usd:g}, "
                    "which this stack allows a run, cannot be held to. Give it under prices: in the "
                    "evaluation, or have whoever deploys this stack give it (prices in cdk.json)."
                )
            most = most_usd(plan, evaluation, prices)
            # Not `most > cap`: an infinite price makes no number, which is above nothing.
            if not most <= self.max_run_usd:
                raise BudgetExceeded(
                    f"the run could cost ${most:,.2f} (likely ${plan.cost_usd.likely:,.2f}; every reply at "
                    f"its max_tokens), above max_run_usd: {self.max_run_usd:g}, which this stack allows a "
                    "run. Evaluate fewer records (--limit), lower max_tokens, drop a candidate or judge, "
                    f"{ASK} max_run_usd (cdk.json)."
                )
        if budget_usd is not None:
            if self.max_run_usd is not None and budget_usd > self.max_run_usd:
                raise BudgetExceeded(
                    f"a budget of {budget_usd:g} is above max_run_usd: {self.max_run_usd:g}, which this "
                    f"stack allows a run. Lower it, {ASK} max_run_usd (cdk.json)."
                )
            return
        budget = evaluation.budget_usd or self.default_budget_usd
        refuse_above_budget(plan, budget, is_default=evaluation.budget_usd is None)


NO_CAPS = Caps()


def read_caps(name: str) -> Caps:
    """
    Return the caps that a stack's function carries in a file.

    Raises:
        StorageError: It is not there: a function without its caps must not validate without any.
    """
    return Caps.model_validate_json(storage.read_bytes(str(resource(name))))


def most_usd(plan: Plan, evaluation: Evaluation, prices: Prices) -> float:
    """Return what a plan costs when every reply is as long as it may be, in USD; all prices are known."""
    by_role: Mapping[str, Mapping[str, Called]] = {
        "candidate": {each.name: each for each in evaluation.candidates},
        "judge": {each.name: each for each in evaluation.judges},
    }
    called = [each for each in evaluation.candidates if each.model != GIVEN]
    # The plan has judges read of a response what `inference` allows it; `extra` may allow it more.
    longest = max(map(reply_tokens, called), default=0)
    is_longer = any(reply_tokens(each) > (each.inference.max_tokens or 0) for each in called)

    def most_of(line: Line, calls: int) -> float:
        if line.model == BEDROCK and line.cost_usd:
            return line.cost_usd.high
        read, written = line.input_tokens.high, line.output_tokens.high
        if line.role == "judge" and is_longer:
            read += 2 * longest * calls
        # Who writes prompts is asked with a limit of evaldrop's own.
        if line.role != "proposer" and not is_called_check(line.name):
            written = reply_tokens(by_role[line.role][line.name]) * calls
        # On demand, whatever is asked: what a job does not answer and what flex does not serve costs it.
        usage = TokenUsage(round(read), round(written), cache_write=round(line.cached_tokens))
        cost = cost_usd(line.model, usage, prices)
        assert cost is not None
        return cost

    total = plan.orchestration_usd + sum(most_of(line, line.calls) for line in plan.lines)
    for search in plan.prompt_search.searches if plan.prompt_search else ():
        most = sum(most_of(line, search.most[line.role]) for line in search.lines)
        total += min(most, search.budget_usd) if search.is_held and search.budget_usd else most
    return total


def _higher(one: ModelPrice | None, other: ModelPrice | None) -> ModelPrice | None:
    if one is None or other is None:
        return one or other
    names = ("input", "output", *FACTORS)
    return replace(one, **{name: max(getattr(one, name), getattr(other, name)) for name in names})


def _is_allowed(arns: list[str], allowed: set[str]) -> bool:
    # All of them, as IAM has it: a profile's own ARN, and that of the model behind it.
    return all(any(fnmatchcase(arn, pattern) for pattern in allowed) for arn in arns)


def _not_allowed(kind: str, name: str, allowed: tuple[str, ...]) -> str:
    return (
        f'{kind} "{name}" is none that this stack may use; it may use {", ".join(allowed) or "none"}. Name '
        f"one of those, or have whoever deploys this stack add it to {kind}s (cdk.json)."
    )
