"""The store as its users know it: SQLite on one machine, DynamoDB in a stack."""

from collections.abc import Iterable, Mapping
from typing import Literal, Protocol

from evaldrop.store.model import ChosenCandidate, Ending, Key, Limits, Page, RunQuery, StoredRun, Usage


class Store(Protocol):
    """
    Runs, keys and what they have used.

    Every method may be called by many at once, and again after an answer that was lost. All of them raise a
    StorageError, or an AwsError, where the store cannot be reached.
    """

    def admit(self, run: StoredRun, limits: Limits, *, now: str) -> tuple[StoredRun, bool]:
        """
        Note a run, count it and reserve its estimate, all of it or nothing.

        A run of this ID and `request_sha256` that is there already is returned, and nothing is counted; who
        holds `run` holds that one, too, for as long as it is only admitted. The
        limits are of the run's key, or of its user where it has none. Dollars are those of runs that have
        ended and the estimates of those that have not.

        Returns:
            The run, and whether it is new.

        Raises:
            LimitReached: The key has no run, or no dollar, left this month or today. Nothing was noted.
            Conflict: There is a run of this ID that was asked for by another request.
        """
        ...

    def withdraw(self, run_id: str, holder: str | None = None) -> None:
        """
        Forget a run that was admitted and could not be begun, with its count and its estimate.

        One that has begun after all stays, and so does one that others hold than `holder`: theirs may begin
        it, and its place must not be another's by then. Without `holder` nobody is waited for.
        """
        ...

    def begin(self, run: StoredRun, *, monthly_usd: float | None = None) -> None:
        """
        Note that a run goes on. One that was admitted keeps its owner, estimate and digest; one that ended
        stays as it is, but for its `rest_usd`: no more than what `run` may cost in all (`estimate_usd`)
        beyond what it has cost is reserved beside that, until it ends again.

        Args:
            run: The run.
            monthly_usd: What all runs of its month may cost together: those that have ended, and the
                estimates of the others.

        Raises:
            LimitReached: With this one they would cost more. Nothing was noted.
        """
        ...

    def end(self, run_id: str, ending: Ending, *, run: StoredRun | None = None) -> None:
        """
        Note how a run ended, and settle its estimate. `run` is noted first where the store does not know it.

        Another ending later on (a redrive, a rescore) replaces it, and the difference is settled. What `run`
        says of its evaluation, folder and labels is kept where it was not known before.

        Raises:
            InputError: The store does not know the run, and `run` is not given.
        """
        ...

    def choose(self, run_id: str, choice: ChosenCandidate) -> None:
        """
        Note which candidate was taken. The last choice holds.

        Raises:
            InputError: The store does not know the run.
        """
        ...

    def run(self, run_id: str) -> StoredRun | None:
        """Return a run."""
        ...

    def runs(self, query: RunQuery) -> Page:
        """
        Return runs, the newest first.

        Raises:
            InputError: `query.after` is of no page.
        """
        ...

    def rebuild(self, runs: Iterable[StoredRun]) -> int:
        """Note runs as their folders have them; owner, estimate and choice stay. Return how many."""
        ...

    def count_request(self, key_id: str, limits: Limits, *, now: str) -> None:
        """
        Count a request of a key.

        Raises:
            LimitReached: The key has no request left today.
        """
        ...

    def usage(self, month: str, *, by: Literal["customer", "key", "user", "stack"]) -> Mapping[str, Usage]:
        """Return what was used in a month, such as `2026-11`, by whose it is; "" where nobody is named."""
        ...

    def used(self, key_id: str, period: str) -> Usage:
        """Return what a key has used in a month (`2026-11`) or on a day (`2026-11-29`)."""
        ...

    def add_key(self, key: Key) -> None:
        """
        Keep a key.

        Raises:
            Conflict: There is one of this ID.
        """
        ...

    def revoke_key(self, key_id: str, *, now: str) -> None:
        """
        Revoke a key, at once and for good.

        Raises:
            InputError: There is none of this ID.
        """
        ...

    def keys(self) -> tuple[Key, ...]:
        """Return all keys, also those that are revoked, by name."""
        ...

    def key(self, key_id: str) -> Key | None:
        """Return a key by its ID."""
        ...

    def key_of(self, digest: str) -> Key | None:
        """Return the key whose secret has this SHA-256; None where none has, or it is revoked."""
        ...
