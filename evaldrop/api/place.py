"""Where runs start, are looked at and stopped: on this machine, or in a stack."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from evaldrop.api.access import Caller
from evaldrop.api.answers import ProgressAnswer, UploadAnswer
from evaldrop.api.used import Used
from evaldrop.run.request import Labels, Owner
from evaldrop.steps.validate_dataset.caps import Caps
from evaldrop.store.model import StoredRun

LINK_LASTS_S: Final = 300
"""How long the address of a report is good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """
    A run that is to be started: all that is put, by its place in the run's own folder of datasets.

    Attributes:
        dataset: The dataset's file name.
        content: Of the dataset; None where it is copied from `copied_from`.
        files: What goes beside it, by path: its evaluation and the prompts; put before it.
        evaluation: URI of an evaluation that is there already; None where one of `files` is it.
        evaluation_name: Names the folder of the run.
    """

    run_id: str
    dataset: str
    content: bytes | None
    copied_from: str | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)
    evaluation: str | None
    evaluation_name: str
    owner: Owner
    limit: int | None
    budget_usd: float | None = None
    labels: Labels


class RunsPlace(Protocol):
    """A place runs start in. What it cannot do it raises as an `EvaldropError`."""

    @property
    def out(self) -> str:
        """URI of the folder that runs are kept in."""
        ...

    @property
    def simulated(self) -> bool:
        """Whether no model is called and no money spent."""
        ...

    @property
    def region(self) -> str | None:
        """AWS Region that models are called from."""
        ...

    @property
    def caps(self) -> Caps:
        """What a run may ask."""
        ...

    @property
    def function_arn(self) -> str | None:
        """Of a function of the stack: tells where its models are; None on one machine."""
        ...

    def dataset_uri(self, run_id: str, name: str) -> str:
        """Return where a run's dataset will be."""
        ...

    def evaluations(self) -> tuple[str, ...]:
        """Return the names of the evaluations that can be asked for by name."""
        ...

    def evaluation(self, name: str) -> str | None:
        """Return the URI of an evaluation, None where there is none of this name."""
        ...

    def uploaded(self, uri: str, caller: Caller) -> str | None:
        """Return where to read a dataset that the caller has uploaded; None where there is none."""
        ...

    def upload(self, name: str, caller: Caller) -> UploadAnswer:
        """Return where a dataset can be put by its caller, and by nobody else."""
        ...

    def is_put(self, run_id: str, dataset: str) -> bool:
        """Tell whether a run's dataset is there: the run starts, or has."""
        ...

    def put(self, start: Start) -> None:
        """Put a run's files, the dataset last; with it the run starts. Again, it starts none twice."""
        ...

    def progress(self, run: StoredRun) -> ProgressAnswer | None:
        """Return how far a run is that goes on; None where nothing is known."""
        ...

    def stop(self, run: StoredRun) -> Used | None:
        """
        Stop a run; return what it has used if it has ended with that, and is to be noted so.

        None: its calls under way may end, and the place notes it then.
        """
        ...

    def report_link(self, run: StoredRun, uri: str) -> str:
        """
        Return a URL at which a run's report, which is at `uri`, can be opened for a while without a key.

        What is there has another origin than the API's page, or none.
        """
        ...

    def link(self, uri: str) -> str | None:
        """Return a URL at which a file can be read that is too large to be answered; None without one."""
        ...
