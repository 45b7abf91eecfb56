"""A run's records before it begins, split as its searches for prompts will split them."""

from collections import Counter

from evaldrop.evaluation.originals import improved_candidates
from evaldrop.prompt_search.kept import read_parts
from evaldrop.prompt_search.parts import PartsOf, parts_of, split
from evaldrop.prompt_search.state import Part
from evaldrop.run.definition import RunDefinition
from evaldrop.steps.choose_prompts.tuning_records import part_record, records_of, split_seed
from evaldrop.steps.validate_dataset.planning_searches import SplitRecords


def split_before(run: RunDefinition) -> SplitRecords:
    """
    Return how a run's records will be split; where nobody reads them, all are test.

    A run that takes over responses has the parts of the one that it takes them from.
    """
    records = [part_record(record) for record in records_of(run)]
    parts: dict[str, Part] = {}
    if run.parent is not None:
        parts = dict(read_parts(run.parent.folder))
    elif any(improved.reads_records for _, improved in improved_candidates(run.evaluation)):
        parts = split(records, seed=split_seed(run))
    tuned = {record: part for record, part in parts.items() if part != "test"}
    test = [record for record in records if record.record_id not in tuned]
    groups = {record.group for record in test if record.group is not None}
    counts = Counter(parts.get(record.record_id, "test") for record in records)
    order = parts_of(records, tuned, seed=split_seed(run)) if run.parent is None else PartsOf((), ())
    return SplitRecords(
        parts=tuned,
        order=order,
        records={"train": counts["train"], "dev": counts["dev"], "test": counts["test"]},
        test_units=len(groups) + sum(record.group is None for record in test),
    )
