"""The jobs that an evaluation takes, what they cost, and what there is to say about them."""

from dataclasses import dataclass, field

from evaldrop.errors import BudgetExceeded
from evaldrop.evaluation_jobs.datasets import DatasetPlan, RowTally
from evaldrop.evaluation_jobs.jobs_file import EvaluationJob
from evaldrop.evaluation_jobs.prices import CostLine
from evaldrop.job_formats.metrics import TaskType
from evaldrop.job_formats.rows import LeftOut


@dataclass(frozen=True, kw_only=True)
class JobsPlan:
    """
    The jobs, and what there is to say about them.

    Attributes:
        tallies: Rows of each series of datasets.
        jobs: With their requests, none of them created.
        lines: What models and people cost.
        notes: What a reader should know before paying.
        prices_date: When the models' prices were read.
        left_out: Records that are in no job.
    """

    task: TaskType
    tallies: dict[DatasetPlan, RowTally]
    jobs: tuple[EvaluationJob, ...]
    lines: tuple[CostLine, ...]
    notes: tuple[str, ...]
    prices_date: str
    left_out: dict[str, LeftOut] = field(default_factory=dict)

    @property
    def unknown(self) -> tuple[str, ...]:
        """Models whose price is unknown."""
        return tuple(sorted({line.model for line in self.lines if line.calls and line.cost_usd is None}))

    @property
    def likely_usd(self) -> float:
        """What those with a known price likely cost."""
        return sum(line.cost_usd.likely for line in self.lines if line.cost_usd)

    def refuse_above(self, budget_usd: float | None) -> None:
        """
        Refuse what likely costs more.

        Raises:
            BudgetExceeded: It does.
        """
        if budget_usd is not None and self.likely_usd > budget_usd:
            raise BudgetExceeded(
                f"the likely cost is ${self.likely_usd:,.2f}, above budget_usd: {budget_usd:g}. Evaluate "
                "fewer records (--limit), name fewer candidates or judges, or raise budget_usd."
            )
