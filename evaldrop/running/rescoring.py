"""The scorers of a run that is scored again, on one machine."""

from typing import Final

from evaldrop import storage
from evaldrop.engine import execute, lambda_invoke, load
from evaldrop.errors import StorageError
from evaldrop.evaluation.criteria import scorers_of
from evaldrop.run.definition import RunDefinition
from evaldrop.run.results import find_manifests
from evaldrop.running.handlers import HANDLERS
from evaldrop.running.scorers import RunScorers
from evaldrop.running.workflow import DirectoryStore
from evaldrop.shipped import workflow_definition

_SCORING: Final = ("PrepareScores", "HasScores", "ScoreResponses")


async def score_again(folder: str) -> None:
    """
    Score what a run's scorers have not scored, by the states that do it in a run.

    Functions on AWS are not called; what they said of these responses is kept.

    Raises:
        EvaldropError: The states failed.
    """
    run = RunDefinition.load(folder)
    if not scorers_of(run.criteria):
        return
    states = {name: workflow_definition()["States"][name] for name in _SCORING}
    states["BuildScorecard"] = {"Type": "Succeed"}
    machine = {"QueryLanguage": "JSONata", "StartAt": _SCORING[0], "States": states}
    places = [storage.place(uri, root=run.out) for uri in find_manifests(folder)]
    results, *earlier = ({"Bucket": place.bucket, "Key": place.key} for place in places)
    scorers = RunScorers(folder)
    try:
        ended = await execute(
            load(machine, {"Partition": "aws", _SCORING[0]: _SCORING[0]}),
            {"run": {"folder": folder, "run_id": run.run_id}, "results": results, "earlier": earlier},
            integrations={"lambda:invoke": scorers.around(lambda_invoke(HANDLERS))},
            store=DirectoryStore(),
            name=run.run_id,
        )
    finally:
        await scorers.close()
    if ended.status != "SUCCEEDED":
        raise StorageError(f"{folder}: its responses could not be scored: {ended.error}: {ended.cause}")
