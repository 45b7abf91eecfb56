"""A finished run for notebooks: the scorecard, typed, and the tables as pandas DataFrames."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

import orjson
from pydantic import ValidationError

from evaldrop import storage
from evaldrop.errors import StorageError, first_line
from evaldrop.run.request import RUN_FILE
from evaldrop.scorecard.answers import held_to_answers
from evaldrop.scorecard.model.scorecard import Scorecard

if TYPE_CHECKING:
    import pandas as pd


class Run:
    """
    A run's folder. Tables are read when first asked for.

    Attributes:
        uri: The folder.
        scorecard: Counts and estimates.
        run: What was run, the content of `run.json`.
    """

    def __init__(self, uri: str, scorecard: Scorecard, run: dict[str, Any]) -> None:
        self.uri = uri
        self.scorecard = scorecard
        self.run = run

    @cached_property
    def responses(self) -> "pd.DataFrame":
        """A row per record and candidate; the columns of `responses.parquet`."""
        return self._table("responses")

    @cached_property
    def verdicts(self) -> "pd.DataFrame":
        """A row per record, candidate, criterion and judge; the columns of `verdicts.parquet`."""
        return self._table("verdicts")

    @cached_property
    def comparisons(self) -> "pd.DataFrame":
        """A row per record, pair, order and judge; the columns of `comparisons.parquet`."""
        return self._table("comparisons")

    @cached_property
    def robustness(self) -> "pd.DataFrame":
        """A row per perturbed copy, candidate and criterion; the columns of `robustness.parquet`."""
        return self._table("robustness")

    def __repr__(self) -> str:
        simulated = " SIMULATED" if self.scorecard.simulated else ""
        card = self.scorecard
        return f"<Run {card.evaluation}/{card.run_id}{simulated}: {card.gate.decision}>"

    def _table(self, name: str) -> "pd.DataFrame":
        # Imported here: pandas takes half a second, and no command needs it.
        from evaldrop.run.tables import read_table

        found = read_table(storage.join(self.uri, f"{name}.parquet"))
        table: pd.DataFrame = found.to_pandas(use_threads=False)
        return table


def read_run(uri: str) -> Run:
    """
    Read a finished run.

    Args:
        uri: The run's folder, a path or `s3://…`.

    Raises:
        StorageError: The folder holds no scorecard of this version of evaldrop.
    """
    scorecard = read_scorecard(uri)
    try:
        run = orjson.loads(storage.read_bytes(storage.join(uri, RUN_FILE)))
    except orjson.JSONDecodeError as error:
        raise _refusal(uri, error) from error
    return Run(uri.rstrip("/"), scorecard, run)


def read_scorecard(uri: str) -> Scorecard:
    """
    Read the scorecard of a finished run, and nothing else of its folder.

    One of an earlier version says "no gate" of a run in which somebody answered nothing: it is held to that.

    Raises:
        StorageError: The folder holds no scorecard of this version of evaldrop.
    """
    try:
        scorecard = Scorecard.model_validate_json(storage.read_bytes(storage.join(uri, "scorecard.json")))
    except ValidationError as error:
        raise _refusal(uri, error) from error
    return held_to_answers(scorecard)


def _refusal(uri: str, error: Exception) -> StorageError:
    place = storage.join(uri, "scorecard.json")
    return StorageError(
        f"{place}: not a scorecard of this version ({first_line(error)}). `evaldrop report {uri} --rebuild` "
        "makes it anew."
    )
