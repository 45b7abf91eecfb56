"""
`review export`: a run's folder in; a page, a sheet, and the key to both out.

People see records drawn at random, each with all its candidates' responses.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from evaldrop import storage
from evaldrop.errors import InputError, StorageError
from evaldrop.evaluation.criteria import Criterion
from evaldrop.nearest import did_you_mean
from evaldrop.report.review.page import ShownItem, ShownReview, review_page, review_sheet
from evaldrop.run.definition import RunDefinition
from evaldrop.run.records import prepared_records
from evaldrop.run.tables import has_table, read_rows
from evaldrop.scorecard.calibration.label import Population, ReviewItem, ReviewKey, Sampling
from evaldrop.scorecard.calibration.labels import response_digest


class Drawn(NamedTuple):
    """The responses drawn, record id and candidate, in the random order in which they are shown."""

    responses: Sequence[tuple[str, str]]
    sampling: Sampling


class Exported(NamedTuple):
    """What was written, as URIs, and what was drawn."""

    page: str
    sheet: str
    key: str
    sampling: Sampling


def key_uri(folder: str, review: str) -> str:
    """Return where a review's key is: in the run's folder, beside nothing that is sent to people."""
    return storage.join(folder, "review", "keys", f"{review}.json")


def export_review(
    folder: str, *, sample: int, seed: int, criteria: Sequence[str] = (), to: str | None = None
) -> Exported:
    """
    Draw responses of a run and write the page and the sheet on which people score them.

    About `sample` responses are drawn. `criteria` are all of the run's by default. `to` is where page and
    sheet go, by default `review/` in the run's folder; the key stays with the run.

    Raises:
        InputError: A criterion is none of the run's, or nothing can be drawn from.
        StorageError: A file cannot be read or written.
    """
    run = RunDefinition.load(folder)
    chosen = _chosen(run, criteria)
    asked = _asked(run, chosen)
    drawn = draw_responses(_population(run, asked), sample=sample, seed=seed)
    name = review_id(run.run_id, drawn.sampling, list(chosen))
    texts = _texts(run, set(drawn.responses))
    items = [
        ReviewItem(
            position=position,
            record_id=record_id,
            candidate=candidate,
            criteria=asked[record_id],
            response_sha256=response_digest(texts[record_id, candidate]),
        )
        for position, (record_id, candidate) in enumerate(drawn.responses, start=1)
    ]
    key = ReviewKey(
        review_id=name,
        run_id=run.run_id,
        simulated=run.simulated,
        sampling=drawn.sampling,
        questions={criterion: chosen[criterion].question for criterion in chosen},
        items=tuple(items),
    )
    shown = _shown(run, key, chosen, texts)
    place = to or storage.join(folder, "review")
    page, sheet = (storage.join(place, f"review-{name}.{kind}") for kind in ("html", "csv"))
    exported = Exported(page, sheet, key_uri(run.folder, name), drawn.sampling)
    # The key first: answers on a page without one can never be imported.
    storage.write_bytes(exported.key, key.model_dump_json(indent=1).encode())
    storage.write_bytes(page, review_page(shown).encode())
    storage.write_bytes(sheet, review_sheet(shown).encode())
    return exported


def draw_responses(population: Mapping[str, Sequence[str]], *, sample: int, seed: int) -> Drawn:
    """
    Draw a simple random sample of records and put their responses in a random order.

    As many records are drawn as hold about `sample` responses, at least two. The number is fixed before the
    draw, so every record is as likely as any other, and so is every candidate's response.

    `population`: candidates with a response, by record, in the dataset's order. `sample` is at least 1.
    `seed` is of both the draw and the order; the same seed gives the same page.

    Raises:
        InputError: Nothing can be drawn from.
    """
    records = [record for record, candidates in population.items() if candidates]
    responses = sum(len(population[record]) for record in records)
    if len(records) < 2:
        raise InputError(f"{len(records)} records have a response to review; a sample needs at least 2.")
    # At least two: a single record shows no spread, so that there would be no interval.
    size = min(len(records), max(2, -(-sample * len(records) // responses)))
    random = np.random.default_rng(seed)
    chosen = sorted(random.choice(len(records), size=size, replace=False).tolist())
    rows = [(records[place], candidate) for place in chosen for candidate in population[records[place]]]
    # Over all: side by side, a record's responses would be compared, and a fixed order would name candidates.
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


def _chosen(run: RunDefinition, names: Sequence[str]) -> dict[str, Criterion]:
    criteria = run.judged_criteria
    unknown = [name for name in names if name not in criteria]
    if unknown:
        guess = did_you_mean(unknown[0], criteria)
        raise InputError(
            f"--criterion {', '.join(unknown)}: not in this run.{guess} "
            f"Judges were asked for {', '.join(criteria) or 'none'}."
        )
    chosen = {name: criterion for name, criterion in criteria.items() if not names or name in names}
    if not chosen:
        raise InputError(f"{run.folder}: judges were asked for no criterion, so there is nothing to score.")
    return chosen


def _asked(run: RunDefinition, criteria: Mapping[str, Criterion]) -> dict[str, tuple[str, ...]]:
    """Return which of the criteria each record's judges were asked, records without any left out."""
    asked = {}
    for record in prepared_records(run.folder):
        names = {name for call in record.asked for name in call.criteria}
        if kept := tuple(name for name in criteria if name in names):
            asked[record.record_id] = kept
    return asked


def _population(run: RunDefinition, asked: Mapping[str, tuple[str, ...]]) -> dict[str, list[str]]:
    population: dict[str, list[str]] = {}
    for record_id, candidate, error in read_rows(_responses(run), ("record_id", "candidate", "error")):
        # A row has a response or an error.
        if error is None and record_id in asked:
            population.setdefault(record_id, []).append(candidate)
    return population


def _texts(run: RunDefinition, wanted: set[tuple[str, str]]) -> dict[tuple[str, str], str]:
    rows = read_rows(_responses(run), ("record_id", "candidate", "response"))
    return {(row[0], row[1]): row[2] or "" for row in rows if (row[0], row[1]) in wanted}


def _responses(run: RunDefinition) -> str:
    uri = run.file("responses.parquet")
    if not has_table(uri):
        raise StorageError(f"{uri}: not there. `evaldrop report {run.folder}` makes the tables of a run.")
    return uri


def _shown(
    run: RunDefinition,
    key: ReviewKey,
    criteria: Mapping[str, Criterion],
    texts: Mapping[tuple[str, str], str],
) -> ShownReview:
    wanted = {item.record_id for item in key.items}
    records = {
        record.record_id: record for record in prepared_records(run.folder) if record.record_id in wanted
    }
    items = [
        ShownItem(
            item.position,
            item.criteria,
            record.prompt,
            record.system,
            record.context,
            record.reference,
            texts[item.record_id, item.candidate],
        )
        for item in key.items
        for record in [records[item.record_id]]
    ]
    return ShownReview(key.review_id, key.run_id, key.simulated, key.sampling, criteria, items)
