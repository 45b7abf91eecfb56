"""The stack: wires the constructs, defines none."""

from aws_cdk import CfnOutput, Environment, Stack, Tags
from constructs import Construct

from infra.acknowledgements import acknowledge
from infra.acknowledgements_further import acknowledge_further
from infra.api import Api, outputs_of
from infra.audit import Audit, Wall
from infra.budgets import REGIONS as BUDGET_REGIONS
from infra.budgets import Budgets, budgets_note
from infra.bundles import LAMBDA, bytecode_note, target_of
from infra.events import let_send
from infra.failures import Failures
from infra.functions import Functions
from infra.history import History, RunBudgets
from infra.jobs import EvaluationJobs, Jobs
from infra.monitoring import Monitoring, watched_models
from infra.network import PrivateNetwork
from infra.notifications import Notifications
from infra.scorers import Scorers
from infra.settings import Settings
from infra.steering import Steering
from infra.storage import Storage
from infra.triggers import Triggers
from infra.workflow import Workflow

# An output holds 1,024 characters.
_NOT_IN_CAPS = {
    *("models", "guardrails", "scorers", "scorer_functions", "prices"),
    *("prompt_optimizer", "prompt_jobs"),
}


class EvaldropStack(Stack):
    """Drop a dataset in the input bucket, find its scorecard in the output bucket."""

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002 - CDK's word
        *,
        settings: Settings,
        region: str | None = None,
    ) -> None:
        """
        Wire the stack.

        Args:
            scope: The app.
            id: The stack's name.
            settings: What the deployment chooses. Its `region` makes the template that Region's.
            region: Where it is likely to be deployed; the template is any Region's all the same.

        Raises:
            ValueError: The Region does not have all of the stack's models.
        """
        super().__init__(
            scope,
            id,
            description="evaldrop: batch evaluation of language models",
            env=Environment(region=settings.region) if settings.region else None,
        )
        region = settings.region or region
        if region:
            settings.check_region(region)
        models = settings.models_in(region)
        watched, notes = watched_models(models)
        told = (*notes, budgets_note(settings, region), bytecode_note(target_of(self)))
        self.notes = tuple(note for note in told if note)
        """What whoever deploys should hear."""
        for key, value in {"Project": "evaldrop", "Stack": settings.stack_name, **settings.tags}.items():
            Tags.of(self).add(key, value)
        storage = Storage(self, "Storage", settings=settings)
        notifications = Notifications(self, "Notifications", settings=settings, key=storage.encryption_key)
        functions = Functions(self, "Functions", storage=storage, settings=settings)
        jobs = Jobs(self, "BatchJobs", storage=storage, settings=settings)
        evaluation_jobs = EvaluationJobs(self, "JudgeJobs", storage=storage, settings=settings)
        workflow = Workflow(
            self,
            "Workflow",
            steps=functions.steps,
            storage=storage,
            jobs=jobs,
            evaluation_jobs=evaluation_jobs,
            notifications=notifications,
            settings=settings,
        )
        triggers = Triggers(
            self,
            "Triggers",
            storage=storage,
            workflow=workflow,
            notifications=notifications,
            settings=settings,
        )
        failures = Failures(
            self,
            "Failures",
            steps=functions.steps,
            workflow=workflow,
            notifications=notifications,
            triggers=triggers,
            storage=storage,
            jobs=jobs,
            evaluation_jobs=evaluation_jobs,
        )
        scorers = Scorers(self, "Scorers", settings=settings, key=storage.encryption_key)
        steps = [*functions.steps.values(), triggers.start_run, *scorers.steps.values()]
        let_send((triggers.start_run, functions.steps["BuildScorecard"], functions.steps["ReportFailure"]))
        history = History(self, "History", storage=storage, settings=settings) if settings.history else None
        if history:
            for name in ("ValidateDataset", "BuildScorecard", "ReportFailure"):
                history.let_note(functions.steps[name])
            history.let_note(triggers.start_run)
        if settings.monthly_budget_usd is not None:
            most = f"{settings.monthly_budget_usd:g}"
            functions.steps["ValidateDataset"].tell("EVALDROP_MONTHLY_BUDGET_USD", most)
        budgets = history or RunBudgets(self, "RunBudgets", storage=storage, settings=settings)
        functions.steps["PrepareRecords"].tell("EVALDROP_BUDGET_TABLE", budgets.table.table_name)
        workflow.let_hold_budgets(budgets.table, storage)
        steering = None
        if settings.steer:
            steering = Steering(
                self, "Steering", storage=storage, workflow=workflow, triggers=triggers, settings=settings
            )
            steps.append(steering.step)
        api = None
        if history and settings.api:
            api = Api(self, "Api", storage=storage, workflow=workflow, history=history, settings=settings)
            steps.append(api.step)
            # A run that was stopped in the moment in which it was started.
            triggers.start_run.allow(["states:StopExecution"], [workflow.executions])
        if api and settings.waf and target_of(self) == LAMBDA:
            Wall(self, "Wall", apis=api.rest_apis, most=settings.waf, settings=settings)
        # A local AWS has none of these subnets.
        if settings.network and target_of(self) == LAMBDA:
            PrivateNetwork(self, "Network", steps=steps, network=settings.network)
        audit = Audit(self, "Audit", storage=storage, settings=settings) if settings.audit else None
        Monitoring(
            self,
            "Monitoring",
            workflow=workflow,
            triggers=triggers,
            steps=steps,
            notifications=notifications,
            storage=storage,
            api=api,
            settings=settings,
            models=watched,
        )
        if region is None or region in BUDGET_REGIONS:
            Budgets(self, "Budgets", notifications=notifications, settings=settings)
        for name, value in (
            ("InputBucket", storage.input.bucket_name),
            ("OutputBucket", storage.output.bucket_name),
            ("StateMachine", workflow.machine.state_machine_arn),
            ("StartRunFunction", triggers.start_run.function.function_name),
            ("ResultsTopic", notifications.topic.topic_arn),
            ("DeadLetterQueue", triggers.dead_letters.queue_url),
            ("MaxDatasetBytes", str(settings.max_dataset_bytes)),
            (
                "Caps",
                settings.caps.model_dump_json(exclude=_NOT_IN_CAPS),
            ),
            *([("HistoryTable", history.table.table_name)] if history else []),
            *(outputs_of(api) if api else []),
        ):
            CfnOutput(self, name, value=value)
        acknowledge(
            storage=storage,
            steps=functions.steps,
            workflow=workflow,
            jobs=jobs,
            evaluation_jobs=evaluation_jobs,
            triggers=triggers,
            failures=failures,
            settings=settings,
        )
        acknowledge_further(
            storage=storage,
            workflow=workflow,
            steps=steps,
            api=api,
            audit=audit,
            steering=steering,
            scorers=scorers.steps.values(),
            settings=settings,
        )
