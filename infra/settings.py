"""What a deployment chooses: `context.evaldrop` in cdk.json. Documented in docs/deploying.md."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from evaldrop.evaluation import Evaluation, parse_evaluation
from evaldrop.evaluation.definition import Price, called_models, named_guardrails
from evaldrop.evaluation.improvement import BEDROCK, BEDROCK_JOB
from evaldrop.evaluation.model_ids import model_name
from evaldrop.evaluation.originals import makes_prompts
from evaldrop.evaluation.regions import in_region, region_problem, region_problems, resolved_model
from evaldrop.evaluation.scorers import named_functions
from evaldrop.steps.validate_dataset.caps import Caps
from infra.settings_parts import Network, Part, ScorerCode, SignIn, Thresholds, Weekly

ROOT = Path(__file__).parent.parent

Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]

FunctionName = Literal[
    "StartRun",
    "ValidateDataset",
    "ChoosePrompts",
    "PrepareRecords",
    "CheckFirstCalls",
    "PrepareScores",
    "BuildScorecard",
    "ReportFailure",
    "SteerRuns",
    "Api",
]


class Settings(Part):
    """A deployment's choices, all with defaults."""

    stack_name: str = Field(default="evaldrop", pattern=r"^[A-Za-z][A-Za-z0-9-]{0,63}$")
    region: str | None = Field(
        default=None,
        pattern=r"^[a-z]{2}(-[a-z]+)+-\d+$",
        description="The Region to deploy to; without it the one that CDK finds.",
    )
    tags: dict[str, str] = Field(
        default_factory=dict, description="Tags of every resource, beside Project and Stack."
    )
    evaluations: tuple[str, ...] = Field(
        default=("datasets/support-faq",),
        description="Folders with an evaluation.yaml; deployed, and their models may be called.",
    )
    default_evaluation: str | None = Field(
        default=None, description="Name of the evaluation for datasets without one; else the first."
    )
    models: tuple[str, ...] = Field(
        default=(), description="Further models that uploaded evaluations may call: IDs, profiles or ARNs."
    )
    successors: dict[str, tuple[str, ...]] = Field(
        default_factory=dict,
        description="Model ID: models tried beside it by the weekly datasets once it is leaving Bedrock.",
    )
    guardrails: tuple[str, ...] = Field(
        default=(), description="Further guardrails that uploaded evaluations may name: IDs or ARNs."
    )
    guardrail_checks: bool = Field(
        default=False,
        description="Whether uploaded evaluations may have the check guardrail; those of the stack may.",
    )
    scorers: tuple[str | ScorerCode, ...] = Field(
        default=(),
        description="Further functions that evaluations may score by: names, ARNs, or code to make one of.",
    )
    prompt_optimizer: bool = Field(
        default=False,
        description="Whether uploaded evaluations may have prompts made by: bedrock, which reads a prompt.",
    )
    prompt_jobs: bool = Field(
        default=False,
        description="Whether uploaded evaluations may have prompts made by: bedrock_job, a job of Bedrock's.",
    )
    max_run_usd: Annotated[float, Field(gt=0, allow_inf_nan=False)] = Field(
        default=25, description="A run that could cost more, every reply at its max_tokens, is refused."
    )
    max_calls: int = Field(default=200_000, ge=1, description="A run that plans more calls is refused.")
    default_budget_usd: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = Field(
        default=None, description="budget_usd of runs for which none is stated; held while they go."
    )
    whose_prices: Literal["stack", "evaluation"] = Field(
        default="stack", description="stack: an evaluation's price counts only where it is the higher one."
    )
    prices: dict[str, Price] = Field(
        default_factory=dict, description="Model ID: USD per 1,000,000 tokens, before the shipped price file."
    )
    children: Literal["EXPRESS", "STANDARD"] = Field(
        default="EXPRESS",
        description="Type of the records' child workflows; STANDARD for models slower than 5 minutes.",
    )
    max_dataset_mb: int = Field(default=500, ge=1, le=1_000_000, description="Larger uploads are refused.")
    parts_above_mb: int = Field(
        default=256, ge=1, description="Larger files of lines are worked on in parts of 64 MB."
    )
    memory_mb: dict[FunctionName, Annotated[int, Field(ge=128, le=10_240)]] = Field(
        default_factory=dict, description="Function name: MB, where the stack's own figure does not do."
    )
    weekly: Weekly = Weekly()
    notification_email: Email | None = Field(
        default=None, description="Default of the NotificationEmail parameter."
    )
    monthly_budget_usd: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = Field(
        default=None,
        description="What all runs of a month may cost together: a run that might pass it is refused.",
    )
    budgets_usd: tuple[Annotated[float, Field(gt=0)], ...] = Field(
        default=(10, 25), description="Monthly budgets of the account; none for an empty list."
    )
    budget_emails: tuple[Email, ...] = Field(
        default=(), max_length=10, description="Who is told; the topic when there is nobody."
    )
    alarms: Thresholds = Thresholds()
    kms: bool | Literal["kept"] = Field(
        default=False,
        description="A key of the stack's own for all that is kept; kept: for what it encrypted.",
    )
    history: bool = Field(
        default=True, description="A table of runs and what they cost: to ask instead of folders."
    )
    customer_metrics: tuple[Annotated[str, Field(min_length=1, max_length=100)], ...] = Field(
        default=(), max_length=20, description="Customers with a metric of what their runs cost."
    )
    api: bool = Field(default=False, description="An HTTPS API with keys and limits, and a page.")
    api_log_role: bool = Field(
        default=True,
        description="Set the account's role by which API Gateway writes logs; false: another stack has.",
    )
    sign_in: SignIn | None = Field(default=None, description="People sign in to the API's page.")
    waf: Annotated[int, Field(ge=10, le=2_000_000_000)] | None = Field(
        default=None, description="A web ACL before the API: requests in five minutes from one address."
    )
    network: Network | None = Field(default=None, description="Functions run in these subnets.")
    audit: bool = Field(default=False, description="A CloudTrail trail of who reads and writes the buckets.")
    steer: bool = Field(
        default=False, description="Each minute, running runs whose models are throttled are slowed down."
    )
    keep_runs_days: int | None = Field(default=None, ge=1, description="Runs are deleted after so many days.")
    keep_logs_days: Literal[1, 7, 14, 30, 90, 180, 365] = 30
    model_invocation_logging: bool = Field(
        default=True,
        description="A log group, a role and saved queries for Bedrock's own log of invocations.",
    )
    delete_with_stack: bool = Field(
        default=False, description="Deleting the stack deletes empty buckets, logs and the key, too."
    )

    @model_validator(mode="after")
    def _has_what_successors_need(self) -> "Settings":
        for model in self.successors:
            if model_name(model) != (None, model):
                raise ValueError(f'successors: "{model}" is a profile or an ARN; give the model\'s own ID')
        if self.successors and not self.weekly.datasets:
            raise ValueError("successors: they are tried by weekly.datasets, and there are none")
        return self

    @model_validator(mode="after")
    def _goes_together(self) -> "Settings":
        if self.api and not self.history:
            raise ValueError("api: it counts runs and keeps keys in the table: history may not be false")
        if self.monthly_budget_usd is not None and not self.history:
            raise ValueError("monthly_budget_usd: runs are counted in the table: history may not be false")
        for name in ("sign_in", "waf"):
            if getattr(self, name) is not None and not self.api:
                raise ValueError(f"{name}: there is nothing to protect without api: true")
        return self

    @model_validator(mode="after")
    def _default_exists(self) -> "Settings":
        names = set(self.load_evaluations())
        if self.default_evaluation and self.default_evaluation not in names:
            raise ValueError(
                f'default_evaluation: "{self.default_evaluation}" is no evaluation of this stack; '
                f"there are {', '.join(sorted(names)) or 'none'}"
            )
        return self

    @model_validator(mode="after")
    def _has_each_scorers_code_once(self) -> "Settings":
        made = [each for each in self.scorers if isinstance(each, ScorerCode)]
        for each in made:
            if problem := each.problem(ROOT):
                raise ValueError(f"scorers: {each.python}: {problem}")
        if len({each.python for each in made}) < len(made):
            raise ValueError("scorers: one is there twice")
        return self

    @model_validator(mode="after")
    def _within_the_caps(self) -> "Settings":
        stated = {
            f"evaluation {name}": each.budget_usd for name, (_, each) in self.load_evaluations().items()
        }
        for whose, budget in {**stated, "default_budget_usd": self.default_budget_usd}.items():
            if budget is not None and budget > self.max_run_usd:
                raise ValueError(
                    f"{whose}: a budget of {budget:g} is above max_run_usd: {self.max_run_usd:g}. "
                    "Lower the one, or raise the other"
                )
        return self

    def load_evaluations(self) -> dict[str, tuple[Path, Evaluation]]:
        """
        Return folder and content of the deployed evaluations by name.

        Raises:
            EvaluationError: One is missing or wrong: a deployment that could not evaluate is refused here.
        """
        found = {}
        for place in self.evaluations:
            file = ROOT / place / "evaluation.yaml"
            if not file.is_file():
                raise ValueError(f"evaluations: there is no {place}/evaluation.yaml")
            evaluation = parse_evaluation(file.read_bytes(), source=f"{place}/evaluation.yaml")
            found[evaluation.name] = (file.parent, evaluation)
        return found

    @property
    def further_models(self) -> tuple[str, ...]:
        """Models that no deployed evaluation names and that may be called: of uploads, and successors."""
        return (*self.models, *(each for several in self.successors.values() for each in several))

    def models_in(self, region: str | None) -> list[str]:
        """Return what the stack's models are called by from a Region; `geo.` stays where that is unknown."""
        evaluations = [evaluation for _, evaluation in self.load_evaluations().values()]
        if region is None:
            return called_models(evaluations, self.further_models)
        further = (resolved_model(model, region) for model in self.further_models)
        return called_models([in_region(evaluation, region) for evaluation in evaluations], further)

    def check_region(self, region: str) -> None:
        """
        Look whether every model of the stack is called from a Region.

        Raises:
            ValueError: One is not; the message has all of them, and the way out.
        """
        problems = [
            f"{name}: {problem}"
            for name, (_, evaluation) in self.load_evaluations().items()
            for problem in region_problems(evaluation, region)
        ]
        told = (region_problem(model, region) for model in self.further_models)
        problems += [f"models: {problem}" for problem in told if problem]
        if problems:
            raise ValueError("\n".join([f"{region} does not have all models of this stack:", *problems]))

    def memory_of(self, function: str, *, usual: int) -> int:
        """Return a function's memory in MB."""
        chosen = {str(name): memory_mb for name, memory_mb in self.memory_mb.items()}
        return chosen.get(function, usual)

    @property
    def caps(self) -> Caps:
        """What a run may ask. The state machine's role may call no other models either."""
        evaluations = [evaluation for _, evaluation in self.load_evaluations().values()]
        return Caps(
            max_run_usd=self.max_run_usd,
            max_calls=self.max_calls,
            default_budget_usd=self.default_budget_usd,
            whose_prices=self.whose_prices,
            prices=self.prices,
            models=tuple(called_models(evaluations, self.further_models)),
            guardrails=tuple(named_guardrails(evaluations, self.guardrails)),
            scorers=tuple(named_functions(evaluations, self._further_scorers)),
            scorer_functions=self.scorer_functions,
            prompt_optimizer=self.has_prompt_optimizer,
            prompt_jobs=self.has_prompt_jobs,
        )

    @property
    def own_scorers(self) -> dict[str, ScorerCode]:
        """The scorers that the stack makes functions of, by their functions' names."""
        made = (each for each in self.scorers if isinstance(each, ScorerCode))
        return {each.function_name(self.stack_name): each for each in made}

    @property
    def scorer_functions(self) -> dict[str, str]:
        """Those functions' names by what evaluations name the scorers by."""
        return {each.python: name for name, each in self.own_scorers.items()}

    @property
    def _further_scorers(self) -> list[str]:
        return [*(each for each in self.scorers if isinstance(each, str)), *self.own_scorers]

    @property
    def has_prompt_optimizer(self) -> bool:
        """Whether Bedrock's optimiser may be asked: a deployed evaluation does, or uploaded ones may."""
        return self.prompt_optimizer or self._has_prompts_by(BEDROCK)

    @property
    def has_prompt_jobs(self) -> bool:
        """Whether Bedrock's jobs may make prompts, likewise."""
        return self.prompt_jobs or self._has_prompts_by(BEDROCK_JOB)

    def _has_prompts_by(self, who: str) -> bool:
        return any(makes_prompts(each, who) for _, each in self.load_evaluations().values())

    @property
    def max_dataset_bytes(self) -> int:
        """Size of the largest upload that is taken."""
        return self.max_dataset_mb * 1_000_000

    @property
    def default_name(self) -> str | None:
        """Name of the evaluation for datasets without one; None when none is deployed."""
        return self.default_evaluation or next(iter(self.load_evaluations()), None)

    @classmethod
    def from_context(cls, context: Any) -> "Settings":
        """Return the settings that cdk.json states; absent ones are the defaults."""
        return cls.model_validate(context or {})
