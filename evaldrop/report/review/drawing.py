"""Draws the responses that people see: records at random, each with all its candidates' responses."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from evaldrop.errors import InputError
from evaldrop.scorecard.calibration.label import Population, Sampling


class Drawn(NamedTuple):
    """The responses drawn, record id and candidate, in the random order in which they are shown."""

    responses: Sequence[tuple[str, str]]
    sampling: Sampling


def draw_responses(population: Mapping[str, Sequence[str]], *, sample: int, seed: int) -> Drawn:
    """
    Draw a simple random sample of records and put their responses in a random order.

    As many records are drawn as hold about `sample` responses, at least two. The number is fixed before the
    draw, so every record is as likely as any other, and so is every candidate's response.

    Args:
        population: Candidates with a response, by record, in the dataset's order.
        sample: Responses wanted, at least 1.
        seed: Of both the draw and the order; the same seed gives the same page.

    Raises:
        InputError: Nothing can be drawn from.
    """
    records = [record for record, candidates in population.items() if candidates]
    responses = sum(len(population[record]) for record in records)
    if len(records) < 2:
        raise InputError(f"{len(records)} records have a response to review; a sample needs at least 2.")
    size = min(len(records), max(2, -(-sample * len(records) // responses)))
    random = np.random.default_rng(seed)
    chosen = sorted(random.choice(len(records), size=size, replace=False).tolist())
    rows = [(records[place], candidate) for place in chosen for candidate in population[records[place]]]
    order = random.permutation(len(rows)).tolist()
    return Drawn(
        [rows[place] for place in order],
        Sampling(
            seed=seed,
            population=Population(records=len(records), responses=responses),
            sample=Population(records=size, responses=len(rows)),
        ),
    )


def review_id(run_id: str, sampling: Sampling, criteria: Sequence[str]) -> str:
    """Return the name of a review: the same for the same draw from the same run."""
    said = "\n".join([run_id, sampling.model_dump_json(), *criteria])
    return hashlib.sha256(said.encode()).hexdigest()[:10]
