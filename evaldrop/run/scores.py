"""What scorers said of a run's responses, beside its results: a Map run's files below `scores/`."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from evaldrop import storage
from evaldrop.run.results import MANIFEST, open_lines, parse_row, read_manifest, row_output
from evaldrop.scorers.batches import results_of
from evaldrop.scorers.scoring import NOT_APPLICABLE

JSON = dict[str, Any]

SCORES: Final = "scores"
"""The folder of a run that holds what its scorers were asked, and what they said."""
LOST: Final = "Lost"
"""The error of a response whose batch brought nothing."""


class ScoreKey(NamedTuple):
    """Of which response a result is, by which check, and by a digest of what the scorer was shown."""

    check: str
    record_id: str
    candidate: str
    digest: str


def read_scores(folder: str) -> dict[ScoreKey, JSON]:
    """
    Return the result of every response that scorers of a run were asked about.

    A result that is a score comes before an error; of two the newest.

    Raises:
        StorageError: A file cannot be read.
    """
    results: dict[ScoreKey, JSON] = {}
    manifests = [
        uri for uri in storage.list_files(storage.join(folder, SCORES)) if uri.endswith(f"/{MANIFEST}")
    ]
    for uri in sorted(manifests, key=storage.modified_at):
        for key, result in _of_manifest(uri):
            if key not in results or is_score(result) or not is_score(results[key]):
                results[key] = result
    return results


def is_score(result: Mapping[str, Any]) -> bool:
    """Tell whether a result says something of a response, and no more is to be asked."""
    if result.get("errorCode") == NOT_APPLICABLE:
        return True
    return "errorCode" not in result and "errorMessage" not in result


def _of_manifest(uri: str) -> Iterator[tuple[ScoreKey, JSON]]:
    for file in read_manifest(uri).succeeded:
        with open_lines(file) as lines:
            for line in lines:
                if line.strip():
                    yield from _of_batch(row_output(parse_row(line)))


def _of_batch(output: Mapping[str, Any]) -> Iterator[tuple[ScoreKey, JSON]]:
    keys = [ScoreKey(output["check"], *key) for key in output["keys"]]
    if (error := output.get("error")) is not None:
        lost = {"errorCode": error.get("Error") or LOST, "errorMessage": str(error.get("Cause") or "")[:2000]}
        results = [lost] * len(keys)
    else:
        results = results_of(output.get("reply"), len(keys))
    yield from zip(keys, results, strict=True)


class Scores:
    """A run's scores by response, to be put beside its results."""

    def __init__(self, folder: str) -> None:
        self._results: dict[tuple[str, str], dict[str, JSON]] = {}
        for key, result in read_scores(folder).items():
            self._results.setdefault((key.record_id, key.candidate), {})[key.check] = result

    def add_to(self, output: JSON | None, record_id: str) -> None:
        """Add what scorers said of a record's responses to its child's output."""
        for response in (output or {}).get("responses") or () if self._results else ():
            if said := self._results.get((record_id, response.get("candidate"))):
                response["scores"] = said
