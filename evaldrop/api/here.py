"""
Runs of the API on one machine: datasets below `<out>/.api`, as they lie in a stack's bucket, executed here.

What is put stays there: whatever ends the server, the next one goes on with what had not ended.
"""

from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Final

import orjson

from evaldrop import storage
from evaldrop.api.access import Caller
from evaldrop.api.answers import ProgressAnswer, UploadAnswer
from evaldrop.api.local_reports import LocalReports
from evaldrop.api.local_uploads import LocalUploads
from evaldrop.api.place import Start
from evaldrop.api.processes import RunProcesses
from evaldrop.api.used import Used, note_used, used_before
from evaldrop.api.worker import STOPPED, RunOutcome
from evaldrop.bedrock.region import region_of
from evaldrop.evaluation.finding import FILE_NAME
from evaldrop.run.request import RunRequest, run_folder
from evaldrop.running.live import LiveRun
from evaldrop.steps.start_run.prefixes import API
from evaldrop.steps.validate_dataset.caps import NO_CAPS, Caps
from evaldrop.store.model import ENDED, Ending, RunQuery, State, StoredRun
from evaldrop.store.opening import STORE
from evaldrop.store.protocol import Store

FOLDER: Final = ".api"
JOB: Final = "job.json"
"""What a run's process is told; written last: with it the run is put."""

_MOST_WORDS: Final = 1_000


class LocalPlace:
    """
    See `evaldrop.api.place.RunsPlace`.

    Args:
        store: Knows the runs.
        store_uri: The same, for the runs' own processes.
        out: The folder that runs are kept in.
        bedrock: Who answers calls, as --bedrock says it.
        evaluations: A folder that holds `NAME/evaluation.yaml`.
        address: Returns the server's address.
        at_once: Runs at a time.
    """

    region: str | None
    caps: Caps = NO_CAPS
    function_arn: str | None = None

    def __init__(
        self,
        *,
        store: Store,
        store_uri: str,
        out: str,
        bedrock: str,
        evaluations: str,
        address: Callable[[], str],
        at_once: int,
        now: Callable[[], str],
    ) -> None:
        self._store, self._now = store, now
        self._bedrock = bedrock
        self.out = storage.absolute(out)
        self.region = region_of(bedrock)
        self.folder = Path(self.out) / FOLDER
        self._evaluations = storage.local_path(evaluations)
        self.uploads = LocalUploads(self.folder, address)
        self.reports = LocalReports(store, address)
        self._live: dict[str, LiveRun] = {}
        self._processes = RunProcesses(
            at_once=at_once, environment={STORE: store_uri}, begins=self._begins, ends=self._ends
        )

    @cached_property
    def simulated(self) -> bool:
        """Whether no model is called and no money spent."""
        return self._bedrock.startswith("simulated")

    def dataset_uri(self, run_id: str, name: str) -> str:
        """Return where a run's dataset will be."""
        return str(self.folder / API / run_id / name)

    def evaluations(self) -> tuple[str, ...]:
        """Return the names of the evaluations that can be asked for by name."""
        return tuple(sorted(path.parent.name for path in self._evaluations.glob(f"*/{FILE_NAME}")))

    def evaluation(self, name: str) -> str | None:
        """Return the path of an evaluation; None where there is none of this name."""
        # Of those that are there: a name in a request never becomes a path.
        return str(self._evaluations / name / FILE_NAME) if name in self.evaluations() else None

    def uploaded(self, uri: str, caller: Caller) -> str | None:
        """Return the path of a dataset that the caller has uploaded."""
        return self.uploads.find(uri, caller)

    def upload(self, name: str, caller: Caller) -> UploadAnswer:
        """Return where a dataset can be put."""
        return self.uploads.begin(name, caller)

    def is_put(self, run_id: str, dataset: str) -> bool:
        """Tell whether a run's job is there."""
        return Path(self.dataset_uri(run_id, dataset)).with_name(JOB).exists()

    def put(self, start: Start) -> None:
        """Put a run's files, and have it executed."""
        dataset = self.dataset_uri(start.run_id, start.dataset)
        folder = Path(dataset).parent
        for path, content in start.files.items():
            storage.write_bytes(str(folder / path), content)
        if start.content is not None:
            storage.write_bytes(dataset, start.content)
        elif start.copied_from is not None and not storage.exists(dataset):
            storage.copy(start.copied_from, dataset)
        request = RunRequest(
            run_id=start.run_id,
            dataset=dataset,
            evaluation=start.evaluation or str(folder / FILE_NAME),
            out=self.out,
            bedrock=self._bedrock,
            region=self.region,
            limit=start.limit,
            budget_usd=start.budget_usd,
            labels=start.labels,
            owner=start.owner,
        )
        job = {
            "request": request.model_dump(mode="json"),
            "folder": run_folder(self.out, start.evaluation_name, start.run_id),
        }
        storage.write_bytes(str(folder / JOB), orjson.dumps(job))
        self._processes.put(start.run_id, folder / JOB)

    def progress(self, run: StoredRun) -> ProgressAnswer | None:
        """Return how far a run is that goes on."""
        if run.state != "running" or run.folder is None:
            return None
        look = self._live.setdefault(run.run_id, LiveRun(run.folder)).look()
        return ProgressAnswer(done=look.records, total=look.total, failed=look.failed, cost_usd=look.cost_usd)

    def stop(self, run: StoredRun) -> Used | None:
        """Stop a run; one that waits for its turn has ended with that."""
        return None if self._processes.stop(run.run_id) else used_before(self._folder(run))

    def link(self, _: str) -> None:
        """Return None: files of any size are answered."""

    def report_link(self, run: StoredRun, _: str) -> str:
        """Return an address at which a report can be read for a while."""
        return self.reports.link(run.run_id)

    def resume(self) -> int:
        """Go on with the runs that had not ended when the server did; return how many."""
        count = 0
        # The oldest first, as they came.
        for run in reversed([*self._all("admitted"), *self._all("running")]):
            job = Path(run.dataset).with_name(JOB)
            if not job.is_relative_to(self.folder):
                continue
            if job.exists():
                self._processes.put(run.run_id, job)
                count += 1
            else:
                # Cut off before it was put: whoever asked for it was told nothing.
                self._store.withdraw(run.run_id)
        return count

    def close(self) -> None:
        """Stop what is under way; the next server goes on with it."""
        self._processes.close()

    def _all(self, state: State) -> Iterator[StoredRun]:
        page = self._store.runs(RunQuery(state=state, limit=1000))
        yield from page.runs
        while page.after:
            page = self._store.runs(RunQuery(state=state, limit=1000, after=page.after))
            yield from page.runs

    def _begins(self, run_id: str) -> bool:
        run = self._store.run(run_id)
        return run is not None and run.state not in ENDED

    def _ends(self, run_id: str, outcome: RunOutcome) -> None:
        self._live.pop(run_id, None)
        run = self._store.run(run_id)
        if run is None:
            return
        used = note_used(self._folder(run), outcome.used)
        if run.ending is not None:
            # The run's own functions have noted it; what a run without a scorecard cost they do not know.
            if run.ending.cost_usd is None and run.state != "finished":
                self._store.end(run_id, run.ending.model_copy(update=used.fields()))
        elif outcome.status != STOPPED:
            why = (outcome.cause or "It ended without a word.")[:_MOST_WORDS]
            ending = Ending(state="failed", ended_at=self._now(), why=why, **used.fields())
            self._store.end(run_id, ending)
        elif not self._processes.is_closing:
            self._store.end(run_id, Ending(state="stopped", ended_at=self._now(), **used.fields()))

    def _folder(self, run: StoredRun) -> Path:
        return self.folder / API / run.run_id
