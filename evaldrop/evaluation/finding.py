"""Finds the evaluation file of a dataset, and its name, without what an evaluation consists of."""

from evaldrop import storage
from evaldrop.datasets.files.formats import stem_of
from evaldrop.shipped import resource

FILE_NAME = "evaluation.yaml"
EVALUATIONS = "evaluations"


def find_evaluation(dataset: str) -> str | None:
    """
    Return the URI of the evaluation file that belongs to a dataset, or None.

    The sidecar (`faq.yaml` for `faq.jsonl` and for `faq.csv.gz`) wins, then the nearest `evaluation.yaml` in
    the dataset's folder or above.
    """
    for ending in (".yaml", ".yml"):
        if storage.exists(stem_of(dataset) + ending):
            return stem_of(dataset) + ending
    folder = storage.parent(dataset)
    while folder:
        candidate = storage.join(folder, FILE_NAME)
        if storage.exists(candidate):
            return candidate
        folder = storage.parent(folder)
    return None


def stack_evaluation(dataset: str, name: str) -> str | None:
    """
    Return the URI of one of a stack's own evaluations, or None.

    What is in the input bucket under `evaluations/NAME/` wins over what was deployed with the function, so
    that an evaluation can be changed without a deployment.
    """
    if storage.is_s3(dataset):
        uploaded = storage.join(f"s3://{storage.place(dataset).bucket}", EVALUATIONS, name, FILE_NAME)
        if storage.exists(uploaded):
            return uploaded
    deployed = resource(EVALUATIONS, name, FILE_NAME)
    return str(deployed) if deployed.is_file() else None


def evaluation_name(uri: str) -> str:
    """
    Return the name that a file's evaluation has.

    Raises:
        EvaluationError: As `parse_evaluation`.
        StorageError: It cannot be read.
    """
    from evaldrop.evaluation.load import parse_evaluation

    return parse_evaluation(storage.read_bytes(uri), source=uri).name
