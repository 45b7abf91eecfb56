"""
What the machinery around a run's calls takes of AWS: Step Functions, evaldrop's functions, requests to S3.

How often each is asked for follows from the workflow and from what the functions read and write; how long the
functions take is measured by `python -m benchmarks.scale`, and is a guess elsewhere. Prices are those of
us-east-1. What Step Functions itself asks of S3, as it reads records and writes results, AWS does not tell.
"""

import math
from collections.abc import Iterable
from typing import Final, NamedTuple

from evaldrop.checks.scorers import MAX_BATCH_BYTES, ScorerSettings
from evaldrop.run.part_sizes import PartSizes

# USD per state transition, per Express request, per GB-hour of an Express child; and a child's GB.
TRANSITION_USD, EXPRESS_REQUEST_USD, EXPRESS_GB_HOUR_USD, CHILD_GB = 25e-6, 1e-6, 0.06, 64 / 1024

# USD per GB-second of a function on Arm, and per call of it.
FUNCTION_GB_S_USD, FUNCTION_CALL_USD = 13.3334e-6, 0.2e-6

# USD per request to S3: to read or to look at an object, and to write or to list.
GET_USD, PUT_USD = 0.4e-6, 5e-6

FUNCTION_GB: Final = {
    "ValidateDataset": 3008 / 1024,
    "PrepareRecords": 1769 / 1024,
    "BuildScorecard": 3008 / 1024,
}
"""The stack's usual memory."""

RECORD_S: Final = {"ValidateDataset": 320e-6, "PrepareRecords": 400e-6}
CALL_S: Final = 100e-6
"""Seconds of a function for each record of 3,000 bytes, and of BuildScorecard for each call with a reply."""

SCORER_S, SCORER_GB = 0.01, 512 / 1024
"""Of a scorer's function for a response: a guess, for nothing tells before what somebody's code takes."""

RESULT_BYTES, BYTES_PER_TOKEN = 330, 4
"""Of a call in a Map run's results: what a reply has beside its text, and each token of the text."""

# Requests for each part, for each range of the results, and for all of a run's parts.
PART_GETS, RANGE_GETS, RUN_GETS = 43, 3, 83
PART_PUTS, RANGE_PUTS, RUN_PUTS = 16, 1, 40

PART_PIECES: Final = 32
"""Of a part's prepared records, four times the dataset's bytes, as boto3 uploads them: 8 MB each."""

# A child is begun, works and is done; around a stage's parts are the Map, two choices, the function.
_CHILD_TRANSITIONS, _STAGE_TRANSITIONS, _STAGES = 3, 4, 6


class PartCounts(NamedTuple):
    """How many parts a dataset has in a stack, and ranges its results; none where it goes in one piece."""

    parts: int = 0
    ranges: int = 0

    @property
    def children(self) -> int:
        """Calls of functions for a part: in five stages one for each, in one of them one for each range."""
        # And one for the file's digest, one for the anchors.
        return 5 * self.parts + self.ranges + 2 if self.parts else 0

    @property
    def transitions(self) -> int:
        """Of Step Functions, beyond those of a run in one piece."""
        return self.children * _CHILD_TRANSITIONS + _STAGES * _STAGE_TRANSITIONS if self.parts else 0

    @property
    def gets(self) -> int:
        """Requests that read, or look, at least."""
        # Each part looks for its own in every range's index.
        return RUN_GETS + PART_GETS * self.parts + RANGE_GETS * self.ranges + self.parts * self.ranges

    @property
    def puts(self) -> int:
        """Requests that write or list, without the pieces of what is large."""
        return RUN_PUTS + PART_PUTS * self.parts + RANGE_PUTS * self.ranges


class Machinery(NamedTuple):
    """
    What a run takes of AWS beside its models, in USD, without retries.

    Attributes:
        parts: In how many parts a stack works on the dataset; 0 in one piece.
        children_usd: Step Functions for the records' children.
        parts_usd: Step Functions for the parts.
        functions_usd: Lambda.
        storage_usd: Requests to S3; not the bytes that are kept there.
    """

    parts: int
    children_usd: float
    parts_usd: float
    functions_usd: float
    storage_usd: float

    @property
    def usd(self) -> float:
        """All of it."""
        return self.children_usd + self.parts_usd + self.functions_usd + self.storage_usd


def parts_in_stack(dataset_bytes: int, result_bytes: float, sizes: PartSizes | None = None) -> PartCounts:
    """Return in how many parts a dataset of lines goes through a stack with the usual sizes."""
    sizes = sizes or PartSizes()
    if dataset_bytes <= sizes.above_bytes:
        return PartCounts()
    return PartCounts(math.ceil(dataset_bytes / sizes.part_bytes), math.ceil(result_bytes / sizes.part_bytes))


def scorers_usd(scorers: Iterable[ScorerSettings], *, responses: int, response_bytes: float) -> float:
    """
    Return what scorers take in a stack: Step Functions for their batches, and their functions' time.

    Args:
        scorers: As the evaluation names them.
        responses: How many each of them scores.
        response_bytes: About how many bytes a response has with its record.
    """
    total = 0.0
    for scorer in scorers:
        fits = max(1, int(MAX_BATCH_BYTES / max(response_bytes, 1)))
        batches = math.ceil(responses / min(scorer.most_in_batch, fits))
        total += batches * (_CHILD_TRANSITIONS * TRANSITION_USD + FUNCTION_CALL_USD)
        total += responses * SCORER_S * SCORER_GB * FUNCTION_GB_S_USD
    return total


def result_bytes(calls: float, output_tokens: float) -> float:
    """Return about how many bytes the results of so many calls have."""
    return RESULT_BYTES * calls + BYTES_PER_TOKEN * output_tokens


def machinery(*, records: int, calls: int, children_usd: float, parts: PartCounts) -> Machinery:
    """
    Return what a run's machinery takes.

    Args:
        records: How many are prepared and evaluated, copies included.
        calls: Of candidates and judges.
        children_usd: What Step Functions takes for the records' children.
        parts: Of its dataset.
    """
    seconds = {name: records * each for name, each in RECORD_S.items()} | {"BuildScorecard": calls * CALL_S}
    gb_s = sum(FUNCTION_GB[name] * each for name, each in seconds.items())
    # ValidateDataset, PrepareRecords twice with CheckFirstCalls, BuildScorecard, Decide and Notify.
    n_calls = 6 + parts.children
    return Machinery(
        parts=parts.parts,
        children_usd=children_usd,
        parts_usd=parts.transitions * TRANSITION_USD,
        functions_usd=gb_s * FUNCTION_GB_S_USD + n_calls * FUNCTION_CALL_USD,
        storage_usd=parts.gets * GET_USD + (parts.puts + PART_PIECES * parts.parts) * PUT_USD,
    )
