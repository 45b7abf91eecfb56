"""
A large dataset validated in parts: lines counted, rows surveyed, records looked at, each by as many functions
as there are parts; and between them, and at the end, by one that makes of their findings what one pass finds.

Only files of lines are cut. What has to be read as a whole (several answers to one question, choices counted
as other rows say, a search for prompts, a limit) is validated in one piece, as all smaller ones are.
"""

import hashlib
from array import array
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import accumulate
from typing import Any

import orjson

from evaldrop import storage
from evaldrop.datasets import Record, Survey
from evaldrop.datasets.files.opening import HEAD_BYTES, is_of_lines
from evaldrop.datasets.files.ranges import CHUNK_BYTES, count_lines
from evaldrop.datasets.parts import (
    Ids,
    PartSurvey,
    merged_survey,
    repeated_ids,
    survey_part,
    tally_from_json,
    tally_to_json,
)
from evaldrop.datasets.survey import SurveyTally
from evaldrop.errors import BudgetExceeded
from evaldrop.evaluation import Evaluation
from evaldrop.evaluation.originals import improved_candidates
from evaldrop.evaluation.scorers import named_scorers
from evaldrop.run.definition import RunDefinition
from evaldrop.run.part_sizes import PARTS, PartSizes
from evaldrop.run.parts import DIGEST, Cut, CutDataset, PartFiles, PartTask, due
from evaldrop.run.request import RunRequest
from evaldrop.steps.validate_dataset.caps import Caps
from evaldrop.steps.validate_dataset.looking import LookAtRecords, sample_step

JSON = dict[str, Any]

DEFINITION = f"{PARTS}/definition.json"


def is_cut(request: RunRequest, evaluation: Evaluation, sizes: PartSizes) -> bool:
    """Tell whether a dataset is validated in parts."""
    if request.limit or request.parent or improved_candidates(evaluation) or _has_more_steps(evaluation):
        return False
    if storage.describe(request.dataset).size <= sizes.above_bytes:
        return False
    with storage.open_read(request.dataset, request.dataset_version) as stream:
        return is_of_lines(stream.read(HEAD_BYTES))


def bytes_in_parts(request: RunRequest, evaluation: Evaluation) -> int:
    """Return the size of a dataset that a stack of the usual settings validates in parts; 0 of others."""
    if not is_cut(request, evaluation, PartSizes()):
        return 0
    return storage.describe(request.dataset).size


def _has_more_steps(evaluation: Evaluation) -> bool:
    """Tell whether jobs or scorers have a say: what prepares those reads all records by itself."""
    called = (*evaluation.candidates, *evaluation.judges)
    in_jobs = any(evaluation.delivery_setting(each) in ("batch", "auto") for each in called)
    return in_jobs or bool(evaluation.job_judges) or bool(named_scorers(evaluation))


class DatasetParts:
    """
    The parts of a run's dataset.

    Args:
        request: The run's.
        folder: The run's.
        fields: The evaluation's, by which rows are read.
    """

    def __init__(self, request: RunRequest, folder: str, fields: Mapping[str, str] | None) -> None:
        self._folder = folder
        self._files = PartFiles(folder)
        self._dataset = CutDataset(folder, request.dataset, request.dataset_version, fields)
        self._size_of = partial(storage.describe, request.dataset)

    def begin(self, sizes: PartSizes, started_at: str) -> JSON:
        """Cut the dataset, and return what is due first."""
        cut = Cut(self._size_of().size, sizes.part_bytes)
        self._dataset.begin(cut, started_at)
        return due("lines", [*range(len(cut.ranges)), DIGEST])

    def work(self, task: PartTask, caps: Caps) -> None:
        """Do what is asked of a part, and write what was found."""
        if task.stage == "lines":
            found = orjson.dumps(self._lines(task.number))
        elif task.stage == "survey":
            found = self._survey_to_json(self._survey(task.number))
        else:
            found = self._look(task.number, caps).to_json()
        self._files.write(task.stage, task.number, found)

    def after_lines(self) -> JSON:
        """Number the parts' lines, and return what is due."""
        numbers = range(self._dataset.count)
        counts = [orjson.loads(self._files.read("lines", n))["lines"] for n in numbers]
        self._dataset.note(
            first_lines=[1 + n for n in accumulate(counts[:-1], initial=0)],
            sha256=orjson.loads(self._files.read("lines", DIGEST))["sha256"],
        )
        return due("survey", numbers)

    def after_survey(self) -> Survey | JSON | None:
        """
        Return what is in the dataset.

        None where it cannot be read in parts; what is due first where parts repeat IDs of earlier ones.
        """
        numbers = range(self._dataset.count)
        if "repeated" not in self._dataset.facts:
            ids = list[Ids]()
            for number in numbers:
                found = self._read_survey(number)
                if found.tally is None:
                    return None
                ids.append(found.ids)
            repeated = repeated_ids(ids)
            for number, known in repeated.items():
                self._files.write("repeated", number, orjson.dumps([*known]))
            self._dataset.note(repeated=sorted(repeated))
            if repeated:
                return due("survey", sorted(repeated))
        accepted = list[int]()

        def tallies() -> Iterator[SurveyTally]:
            # One after the other: of hundreds of parts they would take gigabytes.
            for number in numbers:
                tally = self._read_survey(number).tally
                if tally is not None:
                    accepted.append(tally.n_accepted)
                    yield tally

        source, fields = self._dataset.source, self._dataset.fields
        sha256 = str(self._dataset.facts["sha256"])
        survey = merged_survey(tallies(), source=source, fields=fields, sha256=sha256)
        self._dataset.note(accepted=accepted)
        return survey

    def before_look(self, definition: RunDefinition) -> JSON:
        """Keep what records are looked at for, and return what is due."""
        storage.write_bytes(definition.file(DEFINITION), definition.model_dump_json().encode())
        return due("look", range(self._dataset.count))

    def after_look(self, definition: RunDefinition, caps: Caps) -> LookAtRecords:
        """
        Return what was found in all the parts.

        Raises:
            BudgetExceeded: There are more calls than the stack allows a run.
        """
        found = self._new_look(definition, caps)
        for number in range(self._dataset.count):
            part = self._new_look(definition, caps)
            part.read_json(self._files.read("look", number))
            found.merge(part)
        caps.refuse_calls(found.counting.n_calls)
        return found

    @property
    def started_at(self) -> str:
        """When the first of its functions began."""
        return str(self._dataset.facts["started_at"])

    def _lines(self, number: int) -> JSON:
        if number != DIGEST:
            return {"lines": count_lines(self._dataset.open_from, self._dataset.cut.ranges[number])}
        digest = hashlib.sha256()
        with self._dataset.open_from(0) as stream:
            while piece := stream.read(CHUNK_BYTES):
                digest.update(piece)
        return {"sha256": digest.hexdigest()}

    def _survey(self, number: int) -> PartSurvey:
        part, repeated = self._dataset.part(number)
        source, fields = self._dataset.source, self._dataset.fields
        return survey_part(self._dataset.open_from, part, source=source, fields=fields, repeated=repeated)

    def _look(self, number: int, caps: Caps) -> LookAtRecords:
        accepted: Sequence[int] = self._dataset.facts["accepted"]
        look = self._new_look(RunDefinition.load(self._folder, DEFINITION), caps)
        records = (each for each in self._dataset.outcomes(number) if isinstance(each, Record))
        try:
            look.take(records, step=sample_step(sum(accepted)), first=sum(accepted[:number]))
        except BudgetExceeded:
            # Whoever adds up all parts refuses it, in words.
            return look
        return look

    def _new_look(self, definition: RunDefinition, caps: Caps) -> LookAtRecords:
        return LookAtRecords(definition, None, place=f"{self._dataset.source} line", caps=caps)

    def _read_survey(self, number: int) -> PartSurvey:
        content = orjson.loads(self._files.read("survey", number))
        ids = array("Q"), array("I")
        for numbers, packed in zip(ids, content["ids"], strict=True):
            numbers.frombytes(b64decode(packed))
        if content["tally"] is None:
            return PartSurvey(None, ids)
        source, fields = self._dataset.source, self._dataset.fields
        return PartSurvey(tally_from_json(content["tally"].encode(), source=source, fields=fields), ids)

    def _survey_to_json(self, survey: PartSurvey) -> bytes:
        source, fields, tally = self._dataset.source, self._dataset.fields, None
        if survey.tally is not None:
            tally = tally_to_json(survey.tally, source=source, fields=fields).decode()
        ids = [b64encode(each.tobytes()).decode() for each in survey.ids]
        return orjson.dumps({"tally": tally, "ids": ids})
