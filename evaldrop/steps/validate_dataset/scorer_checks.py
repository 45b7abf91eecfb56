"""Scorers of one machine, looked at before anything is spent: can they be imported?"""

from collections.abc import Iterator

from evaldrop.evaluation import Evaluation
from evaldrop.evaluation.scorers import named_scorers


def import_problems(evaluation: Evaluation, uri: str) -> Iterator[str]:
    """
    Yield why scorers cannot be imported; each is tried in a process of its own.

    Args:
        evaluation: Whose scorers.
        uri: The evaluation's file, beside which they are looked for first.
    """
    scorers = named_scorers(evaluation)
    if not scorers:
        return
    # What makes processes is imported where there is something to try.
    from evaldrop.scorers.processes import import_problem
    from evaldrop.steps.prepare_scores.folders import import_folders

    folders = import_folders(uri)
    for name, scorer in scorers.items():
        if scorer.python is not None and (problem := import_problem(scorer.python, folders)):
            yield f"checks: {name}: {scorer.python}: {problem}."
